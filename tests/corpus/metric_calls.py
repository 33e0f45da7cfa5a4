"""KS711 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("metric_calls")


@register
class MeanError(keras.metrics.Metric):
    def __init__(self, name="mean_error", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = ops.mean(ops.abs(ops.cast(y_true, self.dtype) - y_pred), axis=-1)
        weights = ops.ones_like(errors) if sample_weight is None else ops.cast(sample_weight, self.dtype)
        self.total.assign_add(ops.sum(errors * weights))
        self.count.assign_add(ops.sum(weights))

    def result(self):
        return ops.divide_no_nan(self.total, self.count)


# expect: KS711
@register
class OneForEach(MeanError):
    def result(self):
        return ops.stack([self.total + 0.0, self.count + 0.0])


# expect: KS711
@register
class DividesByNothing(MeanError):
    def result(self):
        return self.total / (self.count - self.count)


# expect: KS711
@register
class NoSuchWeight(MeanError):
    def result(self):
        return self.sum / self.count


@register
class Several(MeanError):
    def result(self):
        return {"mean": super().result(), "total": self.total}


@register
class OfValues(keras.metrics.Mean):
    """Has no targets."""

    def __init__(self, scale=2.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def result(self):
        return super().result() * self.scale

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@register
class Wrapped(keras.metrics.MeanMetricWrapper):
    """Is a function of Keras'."""

    def __init__(self, name="wrapped", **kwargs):
        super().__init__(keras.losses.mean_squared_error, name=name, **kwargs)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}
