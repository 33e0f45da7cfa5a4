"""KS732 and near misses."""

import keras
from keras import ops

register = keras.saving.register_keras_serializable("optimizer_resumes")


class Slots:
    """Variables that the optimizer knows nothing of."""

    def __init__(self, variables):
        self.made = [keras.Variable(ops.zeros(variable.shape)) for variable in variables]

    def __getitem__(self, index):
        return self.made[index]


@register
class Momentum(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momenta = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        momentum = self.momenta[self._get_variable_index(variable)]
        self.assign(momentum, ops.add(ops.multiply(momentum, 0.9), gradient))
        self.assign_sub(variable, momentum * ops.cast(learning_rate, variable.dtype))


# expect: KS732
@register
class ForgetsMomentum(Momentum):
    def build(self, variables):
        if self.built:
            return
        keras.optimizers.Optimizer.build(self, variables)
        self.momenta = Slots(variables)
