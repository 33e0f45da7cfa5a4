"""KS102 and near misses."""

import keras
from keras import layers
from tensorflow.keras import layers as L
from tensorflow.keras.optimizers import Adam


# expect: KS102
def build_fixed_batch():
    return keras.Sequential([L.Dense(4, batch_input_shape=(8, 16)), L.Dense(2)])


# expect: KS102
def build_compiled():
    inputs = keras.Input((16,))
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    model.compile(optimizer=Adam(lr=0.001), loss="mse")
    return model


# expect: KS102
def build_second(version=2):
    """A version that is not one of Keras."""
    inputs = keras.Input((16,))
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    if version >= 2:
        model.compile(optimizer="adam", loss="mse")
    if version == 2:
        model.compile(optimizer=Adam(lr=0.001), loss="mse")
    return model


def build_right():
    """Arguments of the same names that belong where they are."""
    inputs = keras.Input(batch_shape=(None, 16))
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    model.compile(optimizer=Adam(learning_rate=0.001), loss="mse")
    return model


def build_for_both():
    """The old name of an argument, for the old version."""
    inputs = keras.Input((16,))
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    optimizer = Adam(lr=0.001) if keras.__version__ < "3" else Adam(learning_rate=0.001)
    model.compile(optimizer=optimizer, loss="mse")
    return model


# expect: KS102
@keras.saving.register_keras_serializable("removed_argument")
class NameFirst(keras.layers.Layer):
    def build(self, input_shape):
        self.kernel = self.add_weight("kernel", shape=(input_shape[-1], 4))

    def call(self, inputs):
        return keras.ops.matmul(inputs, self.kernel)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 4)


@keras.saving.register_keras_serializable("removed_argument")
class ShapeFirst(keras.layers.Layer):
    """The shape may come first, and the initializer after it."""

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], 4), "glorot_uniform", name="kernel")

    def call(self, inputs):
        return keras.ops.matmul(inputs, self.kernel)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 4)
