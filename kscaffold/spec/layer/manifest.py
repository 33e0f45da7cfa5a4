"""The manifest of a layer template: what `template.toml` says, read and checked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from kscaffold.base.errors import RequestError, did_you_mean, unknown
from kscaffold.program.argument import Argument, Check
from kscaffold.program.tree import Variable
from kscaffold.spec.layer.argument import parse_argument, with_example
from kscaffold.spec.layer.parts import INPUT_DIM
from kscaffold.spec.shapes.shape import Shape, ShapePattern, match_shape, parse_pattern, parse_shape


class CallStyle(StrEnum):
    """How a layer is given its inputs."""

    SINGLE = "single"  # layer(inputs)
    LIST = "list"  # layer([first, second])
    DICT = "dict"  # layer({"ids": first, "weights": second}); no template's
    ARGUMENTS = "arguments"  # layer(query, value)
    CELL = "cell"  # layer(inputs, states), inside keras.layers.RNN

    def own_shape(self, shape: Shape) -> Shape:
        """The shape that the layer itself is given: a cell gets one step of a sequence."""
        return shape[1:] if self is CallStyle.CELL else shape


@dataclass(frozen=True)
class Input:
    """One input of a layer."""

    name: str  # in `call`, where the inputs are arguments of their own
    pattern: ShapePattern
    shape: Shape  # of one example in the examples, tests and checks
    repeats: bool = False  # whether there may be more like it
    dtype: str = "float32"


@dataclass(frozen=True)
class LayerManifest:
    """A layer template's `template.toml`.

    Attributes:
        summary: First line of the class docstring.
        handles: Of `training`, `mask`, `loss` and `seed`, those that the template's body takes care of.
        weights: Weights, as after `--weight`; `states` and `sublayers` likewise.
        output: The shape of the outputs where the template has a body of its own, else `None`.
        passes_mask: Whether outputs have the steps of the inputs, so that a mask stays valid.
        owns_build: Whether the template's body creates weights or sublayers that the manifest does not name.
    """

    summary: str
    call: CallStyle
    handles: frozenset[str]
    arguments: tuple[Argument, ...]
    weights: tuple[str, ...]
    states: tuple[str, ...]
    sublayers: tuple[str, ...]
    inputs: tuple[Input, ...]
    output: ShapePattern | None
    passes_mask: bool
    owns_build: bool

    @property
    def own_body(self) -> bool:
        """Whether the template has a body of its own."""
        return self.output is not None


class Form(StrEnum):
    """What the value of a key has to be, in words."""

    TEXT = "a text in quotes"
    SWITCH = "true or false"
    TEXTS = "a list of texts in quotes"
    TABLES = "a list of tables"

    def fits(self, value: Any) -> bool:
        """Whether a value is that."""
        if self in (Form.TEXT, Form.SWITCH):
            return isinstance(value, str if self is Form.TEXT else bool)
        return isinstance(value, list) and all(isinstance(item, str if self is Form.TEXTS else dict) for item in value)


MANIFEST_KEYS = {
    **dict.fromkeys(("summary", "call", "output"), Form.TEXT),
    **dict.fromkeys(("handles", "weights", "states", "sublayers", "aliases"), Form.TEXTS),
    **dict.fromkeys(("argument", "input"), Form.TABLES),
    **dict.fromkeys(("passes_mask", "owns_build"), Form.SWITCH),
}
ARGUMENT_KEYS = {"spec": Form.TEXT, "doc": Form.TEXT, "example": Form.TEXT, "check": Form.TEXT}
INPUT_KEYS = {**dict.fromkeys(("shape", "example", "name", "dtype"), Form.TEXT), "repeats": Form.SWITCH}
HANDLED = ("training", "mask", "loss", "seed")


def read_manifest(data: Mapping[str, Any]) -> LayerManifest:
    """The manifest in a layer template's `template.toml`; a `RequestError` names an unknown, missing or wrong key."""
    demand_keys(data, MANIFEST_KEYS, required=("summary", "input"))
    for row in data["input"]:
        demand_keys(row, INPUT_KEYS, required=("shape", "example"), table="input")
    styles = [style for style in CallStyle if style is not CallStyle.DICT]
    call = CallStyle(_choice("call", data.get("call", "single"), styles))
    inputs = tuple(_read_input(row, call) for row in data["input"])
    sizes = [axis.name for item in inputs for axis in item.pattern.axes if isinstance(axis, Variable)]
    return LayerManifest(
        summary=data["summary"],
        call=call,
        handles=frozenset(_choice("handles", word, HANDLED, "cannot have") for word in data.get("handles", ())),
        arguments=read_arguments(data.get("argument", ()), [INPUT_DIM.name, *sizes]),
        weights=tuple(data.get("weights", ())),
        states=tuple(data.get("states", ())),
        sublayers=tuple(data.get("sublayers", ())),
        inputs=inputs,
        output=parse_pattern(data["output"]) if "output" in data else None,
        passes_mask=data.get("passes_mask", False),
        owns_build=data.get("owns_build", False),
    )


def demand_keys(data: Mapping[str, Any], known: Mapping[str, Form], required: Iterable[str], table: str = "") -> None:
    """Raises a `RequestError` about a key of a manifest, or of a table in it, that is unknown, missing or wrong."""
    place = f" in [[{table}]]" if table else ""
    for key, value in data.items():
        if key not in known:
            raise RequestError(f"The key {key!r}{place} is unknown.", hint=did_you_mean(key, known))
        form = known[key]
        if not form.fits(value):
            found = f", each below a line [[{key}]]" if form is Form.TABLES else f", not {value!r}"
            raise RequestError(f"{key}{place} has to be {form}{found}.")
    for key in required:
        if not data.get(key) and not (key == "example" and key in data):  # that of a number is empty
            raise RequestError(f"The key {key!r} is missing{place}.")


def _choice(key: str, value: str, choices: Sequence[str], refusal: str = "cannot be") -> str:
    if value not in choices:
        raise unknown(f"{key} {refusal} {value!r}.", value, choices)
    return value


def read_arguments(rows: Iterable[Mapping[str, str]], sizes: Iterable[str] = ()) -> tuple[Argument, ...]:
    """The constructor arguments in the tables `[[argument]]` of a manifest, whose examples may name some sizes."""
    return tuple(_read_argument(row, sizes) for row in rows)


def _read_argument(row: Mapping[str, str], sizes: Iterable[str]) -> Argument:
    demand_keys(row, ARGUMENT_KEYS, required=("spec", "doc"), table="argument")
    argument = replace(parse_argument(row["spec"]), description=row["doc"])
    if "check" in row:
        check = _choice("check in [[argument]]", row["check"], list(filter(None, Check)))
        argument = replace(argument, check=Check(check))
    return with_example(argument, row["example"], frozenset(sizes)) if "example" in row else argument


def _read_input(row: Mapping[str, Any], call: CallStyle) -> Input:
    pattern, shape = parse_pattern(row["shape"]), parse_shape(row["example"])
    match_shape(pattern, call.own_shape(shape))
    return Input(row.get("name", "inputs"), pattern, shape, row.get("repeats", False), row.get("dtype", "float32"))
