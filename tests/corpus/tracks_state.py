"""KS207 and near misses."""

from collections import namedtuple
from types import SimpleNamespace

import keras
import tensorflow as tf
from keras import layers, ops

register = keras.saving.register_keras_serializable("tracks_state")


# expect: KS207
@register
class BareVariable(tf.keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = tf.Variable(1.0, trainable=True)

    def call(self, inputs):
        return inputs * keras.ops.cast(self.scale, inputs.dtype)


class Parts:
    """No layer."""

    def __init__(self, units, dtype):
        self.dense = layers.Dense(units, dtype=dtype)


# expect: KS207
@register
class PlainObject(layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.parts = Parts(units, self.dtype_policy)

    def build(self, input_shape):
        self.parts.dense.build(input_shape)

    def call(self, inputs):
        return self.parts.dense(inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


# expect: KS207
@register
class Namespace(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.sub = SimpleNamespace(norm=layers.LayerNormalization(dtype=self.dtype_policy))

    def build(self, input_shape):
        self.sub.norm.build(input_shape)

    def call(self, inputs):
        return self.sub.norm(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS207
@register
class InClosure(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        dense = layers.Dense(8, dtype=self.dtype_policy)
        self.apply_dense = lambda inputs: dense(inputs)

    def call(self, inputs):
        return self.apply_dense(inputs)


CACHE = {}


# expect: KS207
@register
class InModule(layers.Layer):
    def build(self, input_shape):
        CACHE[self.name] = layers.Dense(4, dtype=self.dtype_policy)
        CACHE[self.name].build(input_shape)

    def call(self, inputs):
        return CACHE[self.name](inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 4)


# expect: KS207
@register
class UntrackedModel(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = SimpleNamespace(first=layers.Dense(8, activation="relu"), last=layers.Dense(2))

    def build(self, input_shape):
        self.blocks.first.build(input_shape)
        self.blocks.last.build((input_shape[0], 8))

    def call(self, inputs):
        return self.blocks.last(self.blocks.first(inputs))


@register
class InContainers(layers.Layer):
    """Lists, dictionaries and tuples are tracked."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.by_name = {"a": layers.Dense(8, dtype=self.dtype_policy), "b": [layers.Dense(8, dtype=self.dtype_policy)]}
        self.pair = (layers.LayerNormalization(dtype=self.dtype_policy),)

    def build(self, input_shape):
        self.by_name["a"].build(input_shape)
        self.by_name["b"][0].build((*input_shape[:-1], 8))
        self.pair[0].build((*input_shape[:-1], 8))

    def call(self, inputs):
        return self.pair[0](self.by_name["b"][0](self.by_name["a"](inputs)))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 8)


Point = namedtuple("Point", "x y")


@register
class PlainNamedTuple(layers.Layer):
    """A named tuple of numbers holds no state."""

    def call(self, inputs):
        point = Point(1.0, 2.0)
        return inputs * point.x + point.y

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class HasMetrics(layers.Layer):
    """Keras keeps the variables of metrics, of optimizers and of seeds in places of their own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.level = keras.metrics.Mean(name="level")
        self.others = [keras.metrics.Sum(name="sum"), keras.metrics.Mean(name="mean")]
        self.seed_generators = [keras.random.SeedGenerator(1)]

    def call(self, inputs):
        self.level.update_state(ops.mean(inputs))
        for metric in self.others:
            metric.update_state(ops.max(inputs))
        return ops.sigmoid(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class HasAnOptimizer(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)
        self.second_optimizer = keras.optimizers.Adam()
        self.trackers = {"kl": keras.metrics.Mean(name="kl")}

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.second_optimizer.build(self.dense.trainable_variables)

    def call(self, inputs):
        return self.dense(inputs)


@register
class LooksWordsUp(layers.Layer):
    """What a layer of Keras keeps for itself is no matter of whoever uses it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.words = layers.TextVectorization(
            vocabulary=["good", "bad"], idf_weights=[0.5, 0.7], output_mode="tf_idf", pad_to_max_tokens=False
        )

    def call(self, texts):
        return self.words(texts)
