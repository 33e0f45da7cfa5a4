"""The callbacks of a run of training: checkpoints, and an end where losses are no longer numbers."""

import math

import keras

from .checkpoints import State, random_states


class Diverged(RuntimeError):
    """Training whose losses are no longer numbers."""


class WriteCheckpoints(keras.callbacks.Callback):
    """Writes a checkpoint at the end of each epoch, and lets early stopping resume where it was.

    It must come after the early stopping in the list of callbacks.

    Args:
        checkpoints: Where to write.
        state: The state that the run starts with.
        early_stopping: The callback that knows the best epoch.
        writes: Whether this process writes; only one of several workers does.
    """

    def __init__(self, checkpoints, state, early_stopping, writes=True):
        super().__init__()
        self.checkpoints = checkpoints
        self.state = state
        self.early_stopping = early_stopping
        self.writes = writes

    def on_train_begin(self, logs=None):
        self.early_stopping.wait = self.state.wait
        if self.state.best is not None:
            self.early_stopping.best = self.state.best
            self.early_stopping.best_epoch = self.state.best_epoch - 1

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if not all(math.isfinite(logs.get(name, math.nan)) for name in ("loss", "val_loss")):
            raise Diverged(f"the loss of epoch {epoch + 1} is no number; try a smaller --learning-rate")
        self.state = State(
            epoch=epoch + 1,
            settings=self.state.settings,
            best=float(self.early_stopping.best),
            best_epoch=self.early_stopping.best_epoch + 1,
            wait=self.early_stopping.wait,
            random=random_states(self.model),
        )
        if self.writes:
            self.checkpoints.write(self.model, self.state)
