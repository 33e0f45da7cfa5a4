"""A cell runs inside `keras.layers.RNN`.

It asks a cell for its first state by `get_initial_state(batch_size=…)`, and knows from `state_size` how many parts that
has. Keras 2 gave `inputs` and `dtype` as well.

Bad:

    def get_initial_state(self, inputs, batch_size=None, dtype=None):
        return [ops.zeros((ops.shape(inputs)[0], self.units))]

Good:

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, self.units), dtype=self.compute_dtype)]
"""

import inspect

import keras

from ..protocol import CallStyle
from ..rule import Problem
from ..subject import Defects, Subject

ID = "KS214"
DOING = "is asked for what keras.layers.RNN needs"
REQUIRES = ("KS201",)
CAUSES = ("KS202", "KS203", "KS204")
AT = ("get_initial_state", "call", "__init__")
FIX = (
    "def get_initial_state(self, batch_size=None), and self.state_size: a size, or a list of sizes, one for each state."
)


def applies(subject: Subject) -> bool:
    """Cells are called with inputs and states."""
    return subject.wanted.call is CallStyle.CELL and subject.is_made_by_class


def check(subject: Subject) -> Defects:
    """Asks for the size of the state, and for the first state of a batch."""
    cell = subject.make()
    if not hasattr(cell, "state_size"):
        yield Problem("it has no state_size: keras.layers.RNN refuses it", ("__init__", "call"))
        return
    if not hasattr(cell, "get_initial_state"):
        return  # zeros then
    taken = inspect.signature(cell.get_initial_state)
    try:
        taken.bind(batch_size=2)
    except TypeError as error:
        yield f"keras.layers.RNN calls get_initial_state(batch_size=…), and it takes {taken}: {error}"
        return
    states = keras.tree.flatten(cell.get_initial_state(batch_size=2))
    sizes = keras.tree.flatten(cell.state_size)
    if len(states) != len(sizes):
        yield f"get_initial_state() gives {len(states)} states, and state_size speaks of {len(sizes)}"
