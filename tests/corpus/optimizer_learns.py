"""KS731 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("optimizer_learns")


# expect: KS731
@register
class Climbs(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)

    def update_step(self, gradient, variable, learning_rate):
        self.assign_add(variable, gradient * ops.cast(learning_rate, variable.dtype))


# expect: KS731
@register
class LeavesVectors(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)

    def update_step(self, gradient, variable, learning_rate):
        if len(variable.shape) > 1:
            self.assign_sub(variable, gradient * ops.cast(learning_rate, variable.dtype))


@register
class Descends(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)

    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, gradient * ops.cast(learning_rate, variable.dtype))
