"""What stands for the operations of TensorFlow in Keras 3: the table, and the entries that it makes."""

from __future__ import annotations

import ast
import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from kscaffold.keras_data import catalogue

TABLE = Path(catalogue.__file__).with_name("migration") / "operations.toml"
REQUIRED = object()
# Where in a graph a value is: the name of a layer, which of its calls, and which of its outputs.
Place: TypeAlias = tuple[str, int, int]


@dataclass(frozen=True)
class Tensor:
    """A value of the graph.

    Attributes:
        dtype: Its type, where that is known.
        shape: Its shape with the batch axis, where that is known.
    """

    place: Place
    dtype: str | None = None
    shape: tuple[int | None, ...] | None = None

    def output(self, index: int) -> Tensor:
        """Another output of the same call."""
        return Tensor((*self.place[:2], index), self.dtype)


@dataclass(frozen=True)
class Size:
    """The size of an axis of a value that no file tells, such as that of the batch."""

    of: Tensor
    axis: int


@dataclass(frozen=True)
class Shape:
    """The shape of a value, as `tf.shape` gives it."""

    of: Tensor

    def size(self, axis: int) -> Any:
        """The size of an axis: a number where it is known."""
        known = self.of.shape
        if known is not None and -len(known) <= axis < len(known):
            axis %= len(known)
            if known[axis] is not None:
                return known[axis]
        return Size(self.of, axis)

    def sizes(self, wanted: slice) -> list[Any]:
        """The sizes of some axes, if they can be counted."""
        if self.of.shape is not None:
            return [self.size(axis) for axis in range(*wanted.indices(len(self.of.shape)))]
        first, last = wanted.start or 0, wanted.stop
        if last is None or (first < 0) is not (last < 0):
            raise NoEquivalent("a shape that the file does not tell")
        return [self.size(axis) for axis in range(first, last, wanted.step or 1)]


@dataclass(frozen=True)
class Sizes:
    """The sizes in a shape, each as a value of its own."""

    of: Shape


class NoEquivalent(Exception):
    """Keras has nothing that computes the same; says why, as far as that is known."""


@dataclass(frozen=True)
class Operation:
    """A row of the table.

    Attributes:
        takes: Its arguments with their defaults, `REQUIRED` for none.
        variadic: The argument that takes all values that are left, if one does.
        gives: What stands for it, as an expression in its arguments.
    """

    name: str
    takes: Mapping[str, Any]
    variadic: str | None
    gives: ast.expr


@functools.cache
def _rows() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


@functools.cache
def _keys(table: str) -> dict[str, tuple[str, str]]:
    return {
        key.partition("(")[0]: (key.partition("(")[2].removesuffix(")"), row) for key, row in _rows()[table].items()
    }


def known_operations(table: str = "functions") -> list[str]:
    """The operations that Keras 3 has something for."""
    aliases = [*_rows()["aliases"]] if table == "functions" else []
    return [*_keys(table), *aliases]


@functools.cache
def find_operation(name: str, table: str = "functions") -> Operation | None:
    """The row of an operation by its name, `None` if there is none."""
    if table == "functions":
        name = _rows()["aliases"].get(name, name)
    if name not in _keys(table):
        return None
    arguments, gives = _keys(table)[name]
    header = ast.parse(f"def f({arguments}): pass").body[0]
    assert isinstance(header, ast.FunctionDef)
    given = [*header.args.args, *header.args.kwonlyargs]
    defaults = [ast.literal_eval(item) for item in header.args.defaults]
    takes = dict.fromkeys((item.arg for item in given), REQUIRED)
    takes |= dict(zip([item.arg for item in header.args.args][-len(defaults) :] if defaults else [], defaults))
    for item, default in zip(header.args.kwonlyargs, header.args.kw_defaults):
        takes[item.arg] = REQUIRED if default is None else ast.literal_eval(default)
    variadic = header.args.vararg.arg if header.args.vararg else None
    return Operation(name, takes, variadic, ast.parse(gives.strip().replace("\n", " "), mode="eval").body)


class Entries:
    """The entries that operations become, with names that no layer of the model has.

    Args:
        taken: The names of the layers.
    """

    def __init__(self, taken: Sequence[str]) -> None:
        self.taken = {*taken}
        self.made: list[dict[str, Any]] = []

    def name(self, class_name: str) -> str:
        """A name as Keras makes it up."""
        stem, number = catalogue.made_up_stem(class_name), 0
        name = stem
        while name in self.taken:
            number += 1
            name = f"{stem}_{number}"
        self.taken.add(name)
        return name

    def layer(self, class_name: str, config: Mapping[str, Any], value: Tensor) -> Tensor:
        """A layer of Keras without weights, called on a value."""
        name = self.name(class_name)
        usual = catalogue.default_config(class_name) or {}
        entry = {
            "module": "keras.layers",
            "class_name": class_name,
            "config": {**usual, "name": name, **config},
            "registered_name": None,
            "name": name,
            "inbound_nodes": [{"args": [serialized(value)], "kwargs": {}}],
        }
        self.made.append(entry)
        return Tensor((name, 0, 0), value.dtype)

    def operation(self, function: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        """A call of a function of `keras.ops`."""
        module, class_name = _class_of(function)
        known = catalogue.operation_of_class(module, class_name)
        assert known is not None, function
        given = _given(known, args, kwargs)
        listed = [item for value in given.values() for item in (value if isinstance(value, (list, tuple)) else [value])]
        tensors = [value for value in listed if isinstance(value, Tensor)]
        if not tensors:
            raise NoEquivalent("its values are constants")
        dtype = next((value.dtype for value in tensors if value.dtype), None)
        config = {key: given.get(key, default[0] if default else None) for key, default in known.init.items()}
        if class_name in SETTLED:
            config["data_format"] = config["data_format"] or "channels_last"
        computed = next((key for key, value in config.items() if not _is_constant(value)), None)
        if computed:
            raise NoEquivalent(f"{computed} is computed")
        named = {key: serialized(given.pop(key, None)) for key in NAMED.get(class_name, ())}
        called: list[Any] = []
        for key in known.call:
            if f"*{key}" in given:
                called += [serialized(item, dtype) for item in given[f"*{key}"]]
            elif key in given and class_name == "GetItem" and key == "key":
                called.append(serialized_key(given[key]))
            elif key in given:
                called.append(serialized(given[key], "int32" if key == "indices" else dtype))
        name = self.name(class_name)
        entry = {"module": module, "class_name": class_name, "config": {"name": name, **config}}
        calls = [{"args": called, "kwargs": named}]
        self.made.append({**entry, "registered_name": class_name, "name": name, "inbound_nodes": calls})
        return Tensor((name, 0, 0), _dtype_of(class_name, config, dtype))


def _given(known: catalogue.Operation, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a function by their names; a `*` before that of any number of values."""
    order = [name for name in known.order if name != "kwargs"] or [*known.call, *known.init]
    given: dict[str, Any] = {}
    for position, (name, value) in enumerate(zip(order, args)):
        given[name] = args[position:] if name.startswith("*") else value
    return {**given, **kwargs}


@functools.cache
def _class_of(function: str) -> tuple[str, str]:
    """The module and class of a function of `keras.ops`."""
    for key in catalogue.operation_classes():
        module, _, name = key.rpartition(".")
        known = catalogue.operation_of_class(module, name)
        if known is not None and known.function == function:
            return module, name
    raise AssertionError(f"there is no {function}")


def _dtype_of(class_name: str, config: Mapping[str, Any], dtype: str | None) -> str | None:
    """The type of what an operation gives, where that is certain."""
    if class_name in ("Cast", "OneHot"):
        return str(config["dtype"])
    if class_name in BOOLEAN:
        return "bool"
    if class_name in ("Argmax", "Argmin", "Argsort", "CountNonzero", "Where", "Take"):
        return None
    return dtype if dtype and dtype.startswith("float") else None


NAMED = {"Pad": ("constant_values",)}  # what functions give to their operations by name
SETTLED = ("AveragePool", "MaxPool", "Conv", "DepthwiseConv")  # whose functions save what data format they found
BOOLEAN = (
    "All", "Any", "Equal", "Greater", "GreaterEqual", "Isfinite", "Isinf", "Isnan", "Less", "LessEqual", "LogicalAnd",
    "LogicalNot", "LogicalOr", "LogicalXor", "NotEqual",
)  # fmt: skip


def serialized(value: Any, dtype: str | None = None) -> Any:
    """An argument of a call as Keras 3 saves it; lists of numbers become tensors of a type, of float32 by default."""
    if isinstance(value, Tensor):
        config = {"shape": [None], "dtype": "float32", "keras_history": list(value.place)}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(value, (Size, Shape, Sizes)):
        raise NoEquivalent("the size of a value is only known when it is computed")
    if isinstance(value, range):
        return serialized([*value], dtype or "int32")
    if isinstance(value, (list, tuple)):
        if any(isinstance(item, Tensor) for item in value):
            return [serialized(item, dtype) for item in value]
        return {"class_name": "__tensor__", "config": {"value": [*value], "dtype": _dtype_of_numbers(value, dtype)}}
    if isinstance(value, dict):
        raise NoEquivalent("an argument is a dictionary")
    return value


def _dtype_of_numbers(numbers: Any, beside: str | None) -> str:
    """The type that TensorFlow gives to numbers beside a tensor of a type, which may not be known."""
    leaves = _leaves(numbers)
    if leaves and all(isinstance(item, bool) for item in leaves):
        return "bool"
    whole = all(isinstance(item, int) for item in leaves)
    return beside if beside and (whole or beside.startswith("float")) else "float32"


def serialized_key(key: Any) -> Any:
    """An index as Keras 3 saves it."""
    if isinstance(key, tuple):
        return [serialized_key(part) for part in key]
    if isinstance(key, slice):
        parts = {"start": key.start, "stop": key.stop, "step": key.step}
        if not all(part is None or type(part) is int for part in parts.values()):
            raise NoEquivalent("an index is computed")
        return {"class_name": "__slice__", "config": parts}
    if key is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if key is None or type(key) is int:
        return key
    raise NoEquivalent("an index is computed")


def _leaves(value: Any) -> list[Any]:
    """The items of lists of lists."""
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, (list, tuple)) else [value]


def _is_constant(value: Any) -> bool:
    return not any(isinstance(item, (Tensor, Size, Shape, Sizes, slice)) for item in _leaves(value))
