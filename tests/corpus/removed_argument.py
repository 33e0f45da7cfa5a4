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


def build_right():
    """Arguments of the same names that belong where they are."""
    inputs = keras.Input(batch_shape=(None, 16))
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    model.compile(optimizer=Adam(learning_rate=0.001), loss="mse")
    return model
