"""KS501 and near misses."""

import keras
import tensorflow as tf
from keras import layers, ops

register = keras.saving.register_keras_serializable("trains")


# expect: KS501
@register
class LogOfNegative(layers.Layer):
    def call(self, inputs):
        return ops.log(ops.minimum(inputs, -1.0))

    def compute_output_shape(self, input_shape):
        return input_shape


# expect: KS501
@register
class OwnStep(keras.Model):
    """Its train_step uses an attribute that is not there."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        self.tracker.update_state(0.0)
        return {"loss": self.tracker.result()}


@register
class SafeLog(layers.Layer):
    def call(self, inputs):
        return ops.log1p(ops.relu(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class OwnGoodStep(keras.Model):
    """A train_step of its own that works."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        return super().train_step(data)


@register
class WithDense(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(16)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def learn(self, loss, tape):
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return {"loss": loss}


@register
class TakesTargets(WithDense):
    """The train_step of the guide."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        return self.learn(loss, tape)


@register
class TakesWeights(WithDense):
    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True), sample_weight=sample_weight)
        return self.learn(loss, tape)


@register
class TakesInputsAlone(WithDense):
    """An autoencoder is fitted to its inputs."""

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = ops.mean(ops.square(data - self(data, training=True)))
        return self.learn(loss, tape)


@register
class HasItsOwnCompile(WithDense):
    def compile(self, d_optimizer, loss_fn, strength=0.5):
        super().compile(optimizer=d_optimizer)
        self.loss_fn = loss_fn
        self.strength = strength

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.strength * self.loss_fn(y, self(x, training=True))
        return self.learn(loss, tape)


# expect: KS501
@register
class MissesAnAttribute(WithDense):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = ops.mean(ops.square(y - self(x, training=True)))
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        return {"loss": loss}
