"""KS302 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("base_arguments")


# expect: KS302
@register
class FixedLoss(keras.losses.Loss):
    """A compiled model with it cannot be loaded."""

    def __init__(self):
        super().__init__(name="fixed")

    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)


# expect: KS302
@register
class FixedMetric(keras.metrics.Mean):
    def __init__(self, name="fixed"):
        super().__init__(name=name)


@register
class OwnNameLoss(keras.losses.Loss):
    def __init__(self, name="own", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)


# expect: KS302
@register
class NoKwargs(layers.Layer):
    def __init__(self, units=8):
        super().__init__()
        self.units = units

    def call(self, inputs):
        return inputs * self.units

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {"units": self.units}


# expect: KS302
@register
class NotPassedOn(layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__()
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


# expect: KS302
@register
class NoSuperConfig(layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {"factor": self.factor}


# expect: KS302
@register
class NoSuperConfigModel(keras.Model):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        return {"units": self.units}


# expect: KS302
@register
class OwnName(layers.Layer):
    def __init__(self, name="fixed", **kwargs):
        super().__init__(name="always_this", **kwargs)

    def call(self, inputs):
        return ops.relu(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class ExplicitArguments(layers.Layer):
    """Has no **kwargs, and takes them one by one."""

    def __init__(self, factor=2.0, name=None, dtype=None, trainable=True):
        super().__init__(name=name, dtype=dtype, trainable=trainable)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
