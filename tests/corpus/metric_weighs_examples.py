"""KS713 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("metric_weighs_examples")


@register
class Total(keras.metrics.Metric):
    def __init__(self, name="total", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = ops.mean(ops.abs(y_true - y_pred), axis=-1)
        self.total.assign_add(ops.sum(errors if sample_weight is None else errors * sample_weight))

    def result(self):
        return self.total


# expect: KS713
@register
class Ignores(Total):
    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(ops.sum(ops.abs(y_true - y_pred)))


@register
class HandsThemOn(keras.metrics.Metric):
    """Another metric does the work."""

    def __init__(self, name="inner", **kwargs):
        super().__init__(name=name, **kwargs)
        self.inner = keras.metrics.MeanAbsoluteError()

    def update_state(self, *arguments, **keywords):
        self.inner.update_state(*arguments, **keywords)

    def result(self):
        return self.inner.result()
