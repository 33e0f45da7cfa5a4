"""`build` and `compute_output_shape` of classes that are more than layers in turn: `call` runs without numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kscaffold.spec.expr import literal
from kscaffold.style.body import Line


@dataclass(frozen=True)
class SymbolicInput:
    """An input of a class, as its `call` takes it.

    Attributes:
        name: Its name; the key where inputs are a dictionary.
        dtype: The type of its numbers.
    """

    name: str
    dtype: str = "float32"


def build_lines(inputs: Sequence[SymbolicInput], form: str = "single") -> list[Line]:
    """The statements of `build`: a call makes the layers build themselves.

    Args:
        inputs: The inputs in order.
        form: How `call` takes them: "single", "list" or "dict".
    """
    lines, given = _given(inputs, form)
    return [*lines, Line(f"self.call({given})")]


def output_shape_lines(inputs: Sequence[SymbolicInput], form: str = "single", single_output: bool = True) -> list[Line]:
    """The statements of `compute_output_shape`.

    Args:
        inputs: The inputs in order.
        form: How `call` takes them: "single", "list" or "dict".
        single_output: Whether `call` gives one value, and no list or dictionary of them.
    """
    lines, given = _given(inputs, form)
    if single_output:
        return [*lines, Line(f"return self.call({given}).shape")]
    lines.append(Line(f"outputs = self.call({given})"))
    return [*lines, Line("return keras.tree.map_structure(lambda output: output.shape, outputs)")]


def _given(inputs: Sequence[SymbolicInput], form: str) -> tuple[list[Line], str]:
    """Statements that take shapes apart, and source of what `call` is given."""
    if form == "single":
        return [], _tensor("input_shape", inputs[0].dtype)
    if form == "dict":
        keys = [literal(item.name) for item in inputs]
        tensors = [f"{key}: {_tensor(f'input_shape[{key}]', item.dtype)}" for key, item in zip(keys, inputs)]
        return [Line(f"inputs = {{{', '.join(tensors)}}}")], "inputs"
    names = [f"{item.name}_shape" for item in inputs]
    targets = f"{names[0]}," if len(names) == 1 else ", ".join(names)
    tensors = [_tensor(name, item.dtype) for name, item in zip(names, inputs)]
    return [Line(f"{targets} = input_shape"), Line(f"inputs = [{', '.join(tensors)}]")], "inputs"


def _tensor(shape: str, dtype: str) -> str:
    return f"keras.KerasTensor({shape}{'' if dtype == 'float32' else f', dtype={literal(dtype)}'})"
