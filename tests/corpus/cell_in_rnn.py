"""KS214 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("cell_in_rnn")


@register
class Decay(layers.Layer):
    """What the cells here do."""

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units
        self.output_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))

    def call(self, inputs, states):
        state = states[0] * 0.5 + ops.matmul(inputs, self.kernel)
        return state, [state]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


# expect: KS214
@register
class StateFromInputs(Decay):
    """Has the arguments of Keras 2."""

    def get_initial_state(self, inputs, batch_size=None, dtype=None):
        return [ops.zeros((ops.shape(inputs)[0], self.units), dtype=dtype)]


# expect: KS214
@register
class TooManyStates(Decay):
    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, self.units), dtype=self.compute_dtype)] * 2


@register
class OwnState(Decay):
    """Begins with ones."""

    def get_initial_state(self, batch_size=None, dtype=None):
        return [ops.ones((batch_size, self.units), dtype=self.compute_dtype)]


@register
class Zeros(Decay):
    """Leaves the first state to Keras."""
