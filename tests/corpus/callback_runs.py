"""KS721 and near misses."""

import keras


# expect: KS721
class NeverSet(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.best = min(self.best, logs["loss"])


# expect: KS721
class BreaksWeights(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        for weight in self.model.weights:
            weight.assign(weight / 0.0)


class WantsWhatOtherModelsHave(keras.callbacks.Callback):
    """Is for one task only: nothing is said of it."""

    def on_epoch_end(self, epoch, logs=None):
        print(logs["val_accuracy"])


class Prints(keras.callbacks.Callback):
    def __init__(self, every=2):
        super().__init__()
        self.every = every

    def on_train_batch_end(self, batch, logs=None):
        if batch % self.every == 0:
            print(batch, (logs or {}).get("loss"))
