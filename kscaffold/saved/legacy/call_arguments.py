"""Arguments of the calls in an old graph: what is in them, and what they are in words, and in a call of Keras 3."""

from typing import Any

from kscaffold.saved.legacy.operations import Shape, Size, Sizes, Tensor, serialized


def is_nothing(value: Any) -> bool:
    """Whether an argument is `None`, or a list of it: the masks of values that have none."""
    if isinstance(value, list) and value:
        return all(map(is_nothing, value))
    return value is None


def is_plain(value: Any) -> bool:
    """Whether there is no value of the graph in an argument."""
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(map(is_plain, value.values()))
    return value is None or isinstance(value, (bool, int, float, str))


def holds_tensors(value: Any) -> bool:
    """Whether there is a tensor in an argument."""
    if isinstance(value, (list, tuple, dict)):
        return any(map(holds_tensors, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Tensor)


def in_words(value: Any) -> Any:
    """An argument for somebody to read, in words where it is the size of a value."""
    if isinstance(value, (list, tuple)):
        return [in_words(item) for item in value]
    if isinstance(value, (Shape, Sizes)):
        return "the shape of a value"
    return f"the size of axis {value.axis}" if isinstance(value, Size) else value


def in_call(value: Any) -> Any:
    """An argument of a call of a layer, as Keras 3 saves it."""
    if isinstance(value, dict):
        return {name: in_call(item) for name, item in value.items()}
    if isinstance(value, list) and not is_plain(value):
        return [in_call(item) for item in value]
    if isinstance(value, list) and value and all(isinstance(item, (int, float, list)) for item in value):
        return serialized(value)
    return serialized(value) if not isinstance(value, list) else value
