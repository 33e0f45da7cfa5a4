"""KS712 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("metric_resets")


# expect: KS712
@register
class NeverReset(keras.metrics.Metric):
    def __init__(self, name="total", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = ops.mean(ops.abs(y_true - y_pred), axis=-1)
        self.total.assign_add(ops.sum(errors if sample_weight is None else errors * sample_weight))

    def result(self):
        return self.total

    def reset_state(self):
        pass


# expect: KS712
@register
class Smallest(keras.metrics.Metric):
    """Begins with a large number, and is reset to zero."""

    def __init__(self, name="smallest", **kwargs):
        super().__init__(name=name, **kwargs)
        self.smallest = self.add_weight(name="smallest", initializer=keras.initializers.Constant(1e6))

    def update_state(self, y_true, y_pred, sample_weight=None):
        values = ops.min(y_pred, axis=-1)
        values = values if sample_weight is None else ops.where(sample_weight > 0, values, 1e6)
        self.smallest.assign(ops.minimum(self.smallest, ops.min(values)))

    def result(self):
        return self.smallest


@register
class SmallestAgain(Smallest):
    def reset_state(self):
        self.smallest.assign(1e6)


@register
class Total(NeverReset):
    def reset_state(self):
        self.total.assign(0.0)
