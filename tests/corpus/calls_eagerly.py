"""KS204 and near misses."""

import keras
from keras import ops


# expect: KS204
@keras.saving.register_keras_serializable("calls_eagerly")
class TwoByTwo(keras.layers.Layer):
    def call(self, inputs):
        return ops.reshape(inputs, (2, -1))

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS204
@keras.saving.register_keras_serializable("calls_eagerly")
class Batches(keras.layers.Layer):
    def __init__(self, batch_size=32, **kwargs):
        super().__init__(**kwargs)
        self.batch_size = batch_size

    def call(self, inputs):
        return ops.reshape(inputs, (self.batch_size, -1))

    def get_config(self):
        return {**super().get_config(), "batch_size": self.batch_size}


@keras.saving.register_keras_serializable("calls_eagerly")
class AnyBatch(keras.layers.Layer):
    def call(self, inputs):
        return ops.reshape(inputs, (ops.shape(inputs)[0], -1))

    def compute_output_shape(self, input_shape):
        size = 1
        for axis in input_shape[1:]:
            size *= axis
        return (input_shape[0], size)


# expect: KS204
@keras.saving.register_keras_serializable("calls_eagerly")
class NeedsInputsForItsState(keras.layers.Layer):
    """A cell as Keras 2 had them."""

    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, inputs, states):
        state = states[0] + keras.ops.matmul(inputs, self.kernel)
        return state, [state]

    def get_initial_state(self, inputs, batch_size=None, dtype=None):
        return [keras.ops.zeros((keras.ops.shape(inputs)[0], self.units), dtype=dtype)]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


# expect: KS102
@keras.saving.register_keras_serializable("calls_eagerly")
class NamesItsWeightFirst(keras.layers.Layer):
    """A weight as in Keras 2: no inputs are to blame."""

    def build(self, input_shape):
        self.matrix = self.add_weight("matrix", shape=(input_shape[-1], 4))

    def call(self, inputs):
        return keras.ops.matmul(inputs, self.matrix)


@keras.saving.register_keras_serializable("calls_eagerly")
class BeginsWithZeros(NeedsInputsForItsState):
    def get_initial_state(self, batch_size=None):
        return [keras.ops.zeros((batch_size, self.units), dtype=self.compute_dtype)]


@keras.saving.register_keras_serializable("calls_eagerly")
class TakesAMask(keras.layers.Layer):
    """Takes sequences, and a mask that may be left out."""

    def call(self, inputs, padding_mask=None):
        if padding_mask is None:
            return keras.ops.mean(inputs, axis=1)
        weights = keras.ops.cast(keras.ops.expand_dims(padding_mask, -1), inputs.dtype)
        return keras.ops.sum(inputs * weights, axis=1) / keras.ops.maximum(keras.ops.sum(weights, axis=1), 1.0)

    def compute_output_shape(self, inputs_shape, padding_mask_shape=None):
        return (inputs_shape[0], inputs_shape[-1])


# expect: KS204
@keras.saving.register_keras_serializable("calls_eagerly")
class GivesATable(keras.layers.Layer):
    """A warning: its output is the same for all inputs."""

    def call(self, inputs):
        return ops.reshape(ops.arange(12.0), (3, 4))


class Graph(keras.layers.Layer):
    """Sends the features of nodes to their neighbours.

    **Input**

    - Node features of shape `([batch], n_nodes, n_features)`;
    - Adjacency matrix of shape `([batch], n_nodes, n_nodes)`.

    **Output**

    - Node features of the same shape.
    """

    def compute_output_shape(self, input_shape):
        return input_shape[0]


# expect: KS204
@keras.saving.register_keras_serializable("calls_eagerly")
class TakesMaskForOne(Graph):
    """Where there are several inputs, Keras gives a list of masks, and None for those that have none."""

    def call(self, inputs, mask=None):
        features, neighbours = inputs
        outputs = keras.ops.matmul(neighbours, features)
        return outputs if mask is None else outputs * mask[0]


@keras.saving.register_keras_serializable("calls_eagerly")
class AsksForEachMask(Graph):
    def call(self, inputs, mask=None):
        features, neighbours = inputs
        outputs = keras.ops.matmul(neighbours, features)
        return (
            outputs if mask is None or mask[0] is None else outputs * keras.ops.cast(mask[0], outputs.dtype)[..., None]
        )


# expect: KS204
@keras.saving.register_keras_serializable("calls_eagerly")
class RefusesToSayHowMany(keras.layers.Layer):
    """TensorFlow asks for the value of an attribute before it is set."""

    _steps = None

    @property
    def steps(self):
        if self._steps is None:
            raise ValueError("There are no steps yet.")
        return self._steps

    @steps.setter
    def steps(self, value):
        self._steps = value

    def call(self, inputs):
        self.steps = keras.ops.shape(inputs)[1]
        return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("calls_eagerly")
class Pooling(keras.layers.Layer):
    """What it pools with is for others to say."""

    function = None

    def call(self, inputs):
        return self.function(inputs, axis=-1)

    def compute_output_shape(self, input_shape):
        return input_shape[:-1]


@keras.saving.register_keras_serializable("calls_eagerly")
class PoolsByMean(Pooling):
    function = staticmethod(keras.ops.mean)


@keras.saving.register_keras_serializable("calls_eagerly")
class BaseBlock(keras.layers.Layer):
    """For other files to derive from."""
