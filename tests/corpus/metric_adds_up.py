"""KS714 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("metric_adds_up")


# expect: KS714
@register
class LastBatch(keras.metrics.Metric):
    def __init__(self, name="error", **kwargs):
        super().__init__(name=name, **kwargs)
        self.error = self.add_weight(name="error", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = ops.mean(ops.abs(y_true - y_pred), axis=-1)
        weights = ops.ones_like(errors) if sample_weight is None else sample_weight
        self.error.assign(ops.sum(errors * weights) / ops.sum(weights))

    def result(self):
        return self.error


# expect: KS714
@register
class MeanOfMeans(LastBatch):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.batches = self.add_weight(name="batches", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        before = ops.convert_to_tensor(self.error)
        super().update_state(y_true, y_pred, sample_weight)
        self.error.assign(before + self.error)
        self.batches.assign_add(1.0)

    def result(self):
        return ops.divide_no_nan(self.error, self.batches)


@register
class OfAll(LastBatch):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = ops.mean(ops.abs(y_true - y_pred), axis=-1)
        weights = ops.ones_like(errors) if sample_weight is None else sample_weight
        self.error.assign_add(ops.sum(errors * weights))
        self.count.assign_add(ops.sum(weights))

    def result(self):
        return ops.divide_no_nan(self.error, self.count)


@register
class Largest(LastBatch):
    """Is the same for parts and for the whole."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        values = ops.max(y_pred, axis=-1)
        values = values if sample_weight is None else values * sample_weight
        self.error.assign(ops.maximum(self.error, ops.max(values)))
