"""The manifest of a layer template: what `template.toml` says, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from kscaffold.errors import RequestError, did_you_mean
from kscaffold.spec.argument import Argument, Check, parse_argument
from kscaffold.spec.shape import Shape, ShapePattern, match_shape, parse_pattern, parse_shape
from kscaffold.spec.syntax import parse_expression


class CallStyle(StrEnum):
    """How a layer is given its inputs."""

    SINGLE = "single"  # layer(inputs)
    LIST = "list"  # layer([first, second])
    ARGUMENTS = "arguments"  # layer(query, value)
    CELL = "cell"  # layer(inputs, states), inside keras.layers.RNN

    def own_shape(self, shape: Shape) -> Shape:
        """The shape that the layer itself is given: a cell gets one step of a sequence."""
        return shape[1:] if self is CallStyle.CELL else shape


@dataclass(frozen=True)
class Input:
    """One input of a layer.

    Attributes:
        name: Its name in `call`, where the inputs are arguments of their own.
        pattern: The shapes that the layer takes.
        shape: The shape of one example in the examples, tests and checks.
        repeats: Whether there may be more like it.
    """

    name: str
    pattern: ShapePattern
    shape: Shape
    repeats: bool = False


@dataclass(frozen=True)
class LayerManifest:
    """A layer template's `template.toml`.

    Attributes:
        summary: First line of the class docstring.
        call: How the layer is given its inputs.
        handles: Of `training`, `mask`, `loss` and `seed`, those that the template's body takes care of.
        arguments: The constructor arguments.
        weights: Weights, as after `--weight`.
        states: Non-trainable weights, as after `--state`.
        sublayers: Sublayers, as after `--sublayer`.
        inputs: The inputs, with a shape for each as an example.
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


MANIFEST_KEYS = {
    "summary": str,
    "call": str,
    "handles": list,
    "argument": list,
    "weights": list,
    "states": list,
    "sublayers": list,
    "input": list,
    "output": str,
    "passes_mask": bool,
    "owns_build": bool,
}


def read_manifest(data: Mapping[str, Any]) -> LayerManifest:
    """The manifest of a layer template.

    Args:
        data: The contents of its `template.toml`.

    Raises:
        RequestError: An unknown or missing key, or a value of the wrong type or form.
    """
    for key, value in data.items():
        if key not in MANIFEST_KEYS:
            raise RequestError(f"The key {key!r} is unknown.", hint=did_you_mean(key, MANIFEST_KEYS))
        if not isinstance(value, MANIFEST_KEYS[key]):
            raise RequestError(f"{key!r} is not a {MANIFEST_KEYS[key].__name__}.")
    for key in ("summary", "input"):
        if not data.get(key):
            raise RequestError(f"The key {key!r} is missing.")
    try:
        return LayerManifest(
            summary=data["summary"],
            call=CallStyle(data.get("call", "single")),
            handles=frozenset(data.get("handles", ())),
            arguments=tuple(_read_argument(row) for row in data.get("argument", ())),
            weights=tuple(data.get("weights", ())),
            states=tuple(data.get("states", ())),
            sublayers=tuple(data.get("sublayers", ())),
            inputs=tuple(_read_input(row, CallStyle(data.get("call", "single"))) for row in data["input"]),
            output=parse_pattern(data["output"]) if "output" in data else None,
            passes_mask=data.get("passes_mask", False),
            owns_build=data.get("owns_build", False),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RequestError(f"The manifest is not of the right form: {error}.") from error


def _read_argument(row: Mapping[str, str]) -> Argument:
    argument = parse_argument(row["spec"])
    if "check" in row:
        argument = replace(argument, check=Check(row["check"]))
    example = parse_expression(row["example"]) if "example" in row else None
    return replace(argument, description=row["doc"], example=example)


def _read_input(row: Mapping[str, Any], call: CallStyle) -> Input:
    pattern = parse_pattern(row["shape"])
    shape = parse_shape(row["example"])
    match_shape(pattern, call.own_shape(shape))
    return Input(row.get("name", "inputs"), pattern, shape, row.get("repeats") is True)
