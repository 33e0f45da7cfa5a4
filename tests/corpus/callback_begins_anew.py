"""KS722 and near misses."""

import keras


# expect: KS722
class StopsAfterSome(keras.callbacks.Callback):
    def __init__(self, most=4):
        super().__init__()
        self.most = most
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        if self.epochs >= self.most:
            self.model.stop_training = True


class StopsAfterAsMany(StopsAfterSome):
    def on_train_begin(self, logs=None):
        self.epochs = 0
