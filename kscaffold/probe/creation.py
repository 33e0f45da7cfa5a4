"""Which variables come into being meanwhile."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import keras


@contextlib.contextmanager
def created_variables() -> Iterator[list[Any]]:
    """Collects the variables that are created inside the context: those of Keras, and bare ones of TensorFlow."""
    with contextlib.ExitStack() as stack:
        bare: list[Any] = []
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is not None:

            def creator(create: Any, **keywords: Any) -> Any:
                variable = create(**keywords)
                bare.append(variable)
                return variable

            stack.enter_context(tensorflow.variable_creator_scope(creator))
        variables = stack.enter_context(created(keras.Variable))
        yield variables
    inside = {id(getattr(variable, "_value", None)) for variable in variables}
    variables += [variable for variable in bare if id(variable) not in inside]


@contextlib.contextmanager
def created(cls: type) -> Iterator[list[Any]]:
    """Collects the objects of a class that are made inside the context."""
    made: list[Any] = []
    original: Any = cls.__init__  # type: ignore[misc]

    def recording(item: Any, *arguments: Any, **keywords: Any) -> None:
        original(item, *arguments, **keywords)
        made.append(item)

    with patch.object(cls, "__init__", recording):
        yield made


def path_to(owner: Any, wanted: Any, closed: Callable[[Any], bool] = lambda value: False) -> str | None:
    """How to get from an object to another one through attributes and containers: `self.helper.dense.kernel`.

    What is inside of `closed` values is not looked at.
    """
    return next(paths_to(owner, lambda value: value is wanted, closed), None)


def paths_to(
    owner: Any, is_wanted: Callable[[Any], bool], closed: Callable[[Any], bool] = lambda value: False
) -> Iterator[str]:
    """How to get to each of the objects that are wanted."""
    seen: set[int] = set()
    queue: list[tuple[str, Any, int]] = [("self", owner, 0)]
    while queue:
        path, value, depth = queue.pop(0)
        if id(value) in seen:
            continue
        if is_wanted(value):
            yield path
        if depth > 5 or closed(value):
            continue
        seen.add(id(value))
        for name, item in parts_of(value):
            queue.append((f"{path}{name}", item, depth + 1))


def parts_of(value: Any) -> Iterator[tuple[str, Any]]:
    """The attributes or items of a value, each with how it is reached."""
    if isinstance(value, dict):
        yield from ((f"[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"[{index}]", item) for index, item in enumerate(value))
    elif isinstance(value, (set, frozenset)):
        yield from (("{…}", item) for item in value)
    elif hasattr(value, "__closure__") and value.__closure__:
        yield from ((f" (in {value.__name__})", cell.cell_contents) for cell in value.__closure__)
    elif hasattr(value, "__dict__") and not isinstance(value, type) and not hasattr(value, "__path__"):
        hidden = ("_tracker", "_trainable_variables", "_non_trainable_variables", "_layers", "_parent_path")
        yield from ((f".{name}", item) for name, item in vars(value).items() if name not in hidden)
