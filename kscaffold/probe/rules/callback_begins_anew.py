"""A callback begins anew with each `fit`.

One object is often given to several calls of `fit`. What it counts in the first one, and does not put back in
`on_train_begin`, ends or changes the second one.

Bad:

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        if self.epochs >= self.most:
            self.model.stop_training = True

Good:

    def on_train_begin(self, logs=None):
        self.epochs = 0
"""

from .. import toy
from ..classes import Class
from ..subject import Defects

ID = "KS722"
SEVERITY = "warning"
KINDS = ("callback",)
DOING = "takes part in training twice"
FAILURE = "cannot take part in a second training"
REQUIRES = ("KS721",)
AT = ("on_train_begin", "__init__")
FIX = "Put everything that it counts or remembers back to where it begins in on_train_begin()."
EPOCHS = 6


def check(subject: Class) -> Defects:
    """Trains two models that are the same with one callback."""
    inputs, targets = toy.problem()
    callback = subject.make()
    epochs = []
    for _ in range(2):
        model = toy.model()
        model.compile("sgd", "mse", run_eagerly=True)
        history = model.fit(
            *(inputs, targets, toy.EXAMPLES), epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[callback]
        )
        epochs.append(len(history.epoch))
    if epochs[1] != epochs[0]:
        yield f"a second fit() of the same model ends after {epochs[1]} epochs; the first took {epochs[0]}"
