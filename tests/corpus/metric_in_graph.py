"""KS715 and near misses."""

import keras
import numpy as np
from keras import ops

register = keras.saving.register_keras_serializable("metric_in_graph")


@register
class Total(keras.metrics.Metric):
    def __init__(self, name="total", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")

    def errors(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1)

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = self.errors(y_true, y_pred)
        self.total.assign_add(ops.sum(errors if sample_weight is None else errors * sample_weight))

    def result(self):
        return self.total


# expect: KS715
@register
class InNumpy(Total):
    def errors(self, y_true, y_pred):
        return ops.convert_to_tensor(np.abs(np.array(y_true) - np.array(y_pred)).mean(axis=-1))


# expect: KS715
@register
class CountsInPython(Total):
    """Python runs once for all batches."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = 0.0

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.seen += float(y_pred.shape[0] or 0) if sample_weight is None else float(np.sum(sample_weight))

    def reset_state(self):
        self.seen = 0.0

    def result(self):
        return self.seen


# expect: KS715
@register
class TakesNone(Total):
    def update_state(self, y_true, y_pred):
        self.total.assign_add(ops.sum(ops.abs(y_true - y_pred)))


@register
class InKeras(Total):
    """Squares them."""

    def errors(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)
