"""Every sublayer is used: a call, or `build`, builds it.

A layer that nothing calls and nothing builds has no weights: the summary shows it as unbuilt, and a file of weights in
which it has some cannot be loaded.

Bad:

    def call(self, inputs):
        for block in self.blocks[1:]:
            inputs = block(inputs)
        return inputs

Good:

    def call(self, inputs):
        for block in self.blocks:
            inputs = block(inputs)
        return inputs
"""

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import keras

from ..attributes import code_of, own_classes
from ..creation import path_to
from ..subject import Defects, Subject

ID = "KS214"
SEVERITY = "warning"
DOING = "is called, and its sublayers are looked at"
REQUIRES = ("KS201", "KS204")
AT = ("call", "__init__")
FIX = "Call it in call(), or do not make it where it is not needed."
# Where all of a layer is mentioned, whether it is used or not.
FOR_ALL = ("__init__", "build", "call", "compute_output_shape", "compute_output_spec", "get_config", "from_config")


def applies(subject: Subject) -> bool:
    """Where the user wrote the class."""
    return subject.is_made_by_class


def check(subject: Subject) -> Defects:
    """Looks for sublayers that would have weights, and that calls at inference and in training leave unbuilt."""
    layer = subject.make()
    subject.build(layer)
    with called_layers() as called:
        for training in (False, True) if layer._call_has_training_arg else (None,):
            arguments = {} if training is None else {"training": training}
            subject.call(layer, subject.arrays(2), **arguments)
    mentioned = names_in_other_methods(subject.cls)
    unused: list[Any] = []
    for part in layer._flatten_layers(include_self=False):
        inside = any(part in other._flatten_layers(include_self=False) for other in unused)
        if id(part) not in called and not part.built and may_have_weights(part) and not inside:
            unused.append(part)
    paths = [path_to(layer, part) or part.name for part in unused]
    paths = [path for path in paths if first_name(path) not in mentioned]
    if paths:
        some = ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
        yield f"neither a call nor build() uses {some}: {'it has' if len(paths) == 1 else 'they have'} no weights"


def first_name(path: str) -> str:
    """`blocks` of `self.blocks[0].dense`."""
    return path.removeprefix("self.").partition(".")[0].partition("[")[0]


def may_have_weights(layer: Any) -> bool:
    """Whether a layer has a `build` of its own, or parts."""
    return type(layer).build is not keras.layers.Layer.build or any(layer._flatten_layers(include_self=False))


def names_in_other_methods(cls: type) -> set[str]:
    """The names that methods mention which a call may not reach: a step of training, decoding."""
    methods = ((name, code_of(item)) for one in own_classes(cls) for name, item in vars(one).items())
    return {name for method, code in methods if code is not None and method not in FOR_ALL for name in code.co_names}


@contextlib.contextmanager
def called_layers() -> Iterator[set[int]]:
    """Collects the identities of the layers that are called inside the context."""
    called: set[int] = set()
    original = keras.layers.Layer.__call__

    def recording(layer: Any, *arguments: Any, **keywords: Any) -> Any:
        called.add(id(layer))
        return original(layer, *arguments, **keywords)

    with patch.object(keras.layers.Layer, "__call__", recording):
        yield called
