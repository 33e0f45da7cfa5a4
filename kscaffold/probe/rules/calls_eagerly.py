"""The layer can be called on data, whatever the size of the batch.

The last batch of an epoch is smaller than the others, and at inference a batch is often one example.

Bad:

    def call(self, inputs):
        return ops.reshape(inputs, (32, -1))

Good:

    def call(self, inputs):
        return ops.reshape(inputs, (ops.shape(inputs)[0], -1))
"""

import inspect
import traceback
from typing import Any

from ..arrays import numbers
from ..protocol import CallStyle, Severity
from ..recording import recorded_calls
from ..rule import Problem
from ..subject import Defects, Subject
from ..trying import in_short, wants_masks

ID = "KS204"
OF_SAVED = "classes"
DOING = "is called"
FAILURE = "cannot be called on data"
REQUIRES = ("KS201",)
CAUSES = ("KS202", "KS203", "KS205", "KS210", "KS301", "KS501")
FIX = "If it takes other inputs, say which: --input-shape SHAPE[:DTYPE]. A batch size has no place in call()."
FIX_STATE = "Take batch_size=None alone in get_initial_state(), and return a state of that many examples."
FIX_MASKS = "Where there are several inputs, mask is a list: ask whether mask[0] is None, not whether mask is."
BATCH_SIZES = (2, 3, 1)


def check(subject: Subject) -> Defects:
    """Calls one layer on batches of different sizes, as `predict` and as nobody in particular."""
    layer = subject.make()
    if subject.wanted.call is CallStyle.CELL:
        yield from stops_in_rnn(subject, layer)
    shapes: list[list[tuple[int, ...]]] = []
    for batch_size in BATCH_SIZES:
        training = {"training": False} if batch_size == BATCH_SIZES[-1] and layer._call_has_training_arg else {}
        with recorded_calls(layer, batch_size) as calls:
            try:
                outputs = subject.call(layer, subject.arrays(batch_size), **training)
            except Exception:
                if wants_masks(subject):
                    yield Problem("it cannot be called on inputs that have no masks", fix=FIX_MASKS)
                raise
        if subject.facts.layers is None:
            subject.facts.layers = tuple(calls)
        shapes.append([output.shape for output in numbers(outputs)])
    for batch_size, given in zip(BATCH_SIZES, shapes, strict=True):
        for place, shape in enumerate(given):
            if shape[:1] != (batch_size,):
                # What is the same for all inputs, such as a table of positions, may be meant.
                is_same = all(one[place : place + 1] == [shape] for one in shapes)
                severity = Severity.WARNING if is_same else None
                yield Problem(f"a batch of {batch_size} gives an output of shape {shape}", severity=severity)
                return


def stops_in_rnn(subject: Subject, cell: Any) -> Defects:
    """What goes wrong where `keras.layers.RNN` asks a cell for its first state, and then calls it."""
    begin = getattr(cell, "get_initial_state", None)
    if begin is not None:
        try:
            inspect.signature(begin).bind(batch_size=2)
        except TypeError as error:
            message = f"it does not run in keras.layers.RNN, which calls get_initial_state(batch_size=…): {error}"
            yield Problem(message, at=("get_initial_state",), fix=FIX_STATE)
            return
    try:
        subject.call(cell, subject.arrays(2))
    except Exception as error:
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        in_state = "get_initial_state" in frames
        why = ", which calls get_initial_state(batch_size=…)" if in_state else ""
        at = ("get_initial_state", "call") if in_state else ("call",)
        message = f"it does not run in keras.layers.RNN{why}: {in_short(error)}"
        yield Problem(message, at=at, fix=FIX_STATE if in_state else "")
        raise
