"""KS404 and near misses."""

from types import SimpleNamespace

import keras
import tensorflow as tf
from keras import layers

register = keras.saving.register_keras_serializable("saves_tables")


class GivesIds(layers.Layer):
    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, dtype="int64")


# expect: KS404
@register
class HiddenLookup(GivesIds):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = SimpleNamespace(lookup=layers.StringLookup(vocabulary=["a", "of"]))

    def call(self, inputs):
        return self.parts.lookup(inputs)


# expect: KS404
@register
class FilledTable(GivesIds):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, 0)

    def call(self, inputs):
        return self.table.lookup(inputs)


@register
class TrackedLookup(GivesIds):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lookups = {"words": layers.StringLookup(vocabulary=["a", "of"])}

    def call(self, inputs):
        return self.lookups["words"](inputs)


@register
class AdaptedLookup(GivesIds):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lookup = layers.StringLookup(max_tokens=20)

    def adapt(self, texts):
        self.lookup.adapt(texts)

    def call(self, inputs):
        return self.lookup(inputs)


@register
class FixedTable(GivesIds):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        pairs = tf.lookup.KeyValueTensorInitializer(["a", "of"], tf.constant([1, 2], tf.int64))
        self.table = tf.lookup.StaticHashTable(pairs, 0)

    def call(self, inputs):
        return self.table.lookup(inputs)
