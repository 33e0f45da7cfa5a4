"""`build` and `compute_output_shape` of a class whose `call` says by itself what there is to be built."""

from __future__ import annotations

from collections.abc import Callable

from kscaffold.program.text import literal
from kscaffold.program.tree import Listing, Ref, Table, Tree
from kscaffold.source.body import Line


def symbolic_lines(
    inputs: Tree, dtype: Callable[[Ref], str], outputs: Tree
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The statements of `build` and of `compute_output_shape`, which run `call` without numbers.

    Args:
        inputs: How `call` is given its inputs: one, a list, a dictionary.
        dtype: The type of the numbers of an input.
        outputs: How `call` gives its outputs.
    """
    given = _tensors(inputs, "input_shape", dtype)
    single = isinstance(inputs, Ref)
    before = () if single else (Line(f"inputs = {given}"),)
    called = f"self.call({given if single else 'inputs'})"
    if isinstance(outputs, Ref):
        return (*before, Line(called)), (*before, Line(f"return {called}.shape"))
    shapes = Line("return keras.tree.map_structure(lambda output: output.shape, outputs)")
    return (*before, Line(called)), (*before, Line(f"outputs = {called}"), shapes)


def _tensors(inputs: Tree, shape: str, dtype: Callable[[Ref], str]) -> str:
    """Source of tensors without numbers."""
    match inputs:
        case Ref():
            kind = dtype(inputs)
            return f"keras.KerasTensor({shape}{'' if kind == 'float32' else f', dtype={literal(kind)}'})"
        case Listing(brackets=brackets, items=items):
            alike = {dtype(item) for item in items if isinstance(item, Ref)} == {"float32"}
            if brackets == "[]" and alike and len(items) > 1 and all(isinstance(item, Ref) for item in items):
                return f"[keras.KerasTensor(shape) for shape in {shape}]"
            parts = [_tensors(item, f"{shape}[{place}]", dtype) for place, item in enumerate(items)]
            comma = "," if brackets == "()" and len(parts) == 1 else ""
            return f"{brackets[0]}{', '.join(parts)}{comma}{brackets[1]}"
        case Table(items=pairs):
            parts = [f"{literal(key)}: {_tensors(item, f'{shape}[{literal(key)}]', dtype)}" for key, item in pairs]
            return "{" + ", ".join(parts) + "}"
    raise AssertionError(f"{inputs} is no input")
