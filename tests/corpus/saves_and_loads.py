"""KS401 and near misses."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable("saves_and_loads")


# expect: KS401
@register
class ForgetsToLoad(layers.Layer):
    """Has its own way of saving, which leaves the bias out."""

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], 4))
        self.bias = self.add_weight(name="bias", shape=(4,), initializer="zeros")

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel) + self.bias

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 4)

    def save_own_variables(self, store):
        store["kernel"] = keras.ops.convert_to_numpy(self.kernel)

    def load_own_variables(self, store):
        self.kernel.assign(store["kernel"])


# expect: KS401
@register
class LoadsInOtherOrder(layers.Layer):
    def build(self, input_shape):
        self.low = self.add_weight(name="low", shape=(input_shape[-1],), initializer="zeros")
        self.high = self.add_weight(name="high", shape=(input_shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * self.high + self.low

    def compute_output_shape(self, input_shape):
        return input_shape

    def save_own_variables(self, store):
        for index, weight in enumerate((self.low, self.high)):
            store[str(index)] = keras.ops.convert_to_numpy(weight)

    def load_own_variables(self, store):
        for index, weight in enumerate((self.high, self.low)):
            weight.assign(store[str(index)])


@register
class OwnWay(layers.Layer):
    """Has its own way of saving, which is right."""

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], 4))

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 4)

    def save_own_variables(self, store):
        store["kernel"] = keras.ops.convert_to_numpy(self.kernel)

    def load_own_variables(self, store):
        self.kernel.assign(store["kernel"])
