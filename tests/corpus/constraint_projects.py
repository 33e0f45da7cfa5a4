"""KS762 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("constraint_projects")


# expect: KS762
@register
class Shrinks(keras.constraints.Constraint):
    def __call__(self, w):
        return 0.9 * w


@register
class Clips(keras.constraints.Constraint):
    def __init__(self, limit=0.5):
        self.limit = limit

    def __call__(self, w):
        return ops.clip(w, -self.limit, self.limit)

    def get_config(self):
        return {"limit": self.limit}
