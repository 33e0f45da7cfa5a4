"""What functions and classes of a generated module are made of, as the templates of the styles ask for it."""

from __future__ import annotations

from dataclasses import dataclass

from kscaffold.base.place import Place
from kscaffold.program.argument import Argument


@dataclass(frozen=True)
class Line:
    """A line of generated code, indented by four spaces a level, and the part of the spec that it comes from."""

    text: str
    place: Place | None = None

    def indented(self) -> Line:
        """The same line, further in."""
        return Line(f"    {self.text}", self.place)


@dataclass(frozen=True)
class Function:
    """A function that builds a model, or that applies layers.

    Attributes:
        parameters: Source of its parameters.
        summary: The first line of its docstring.
        arguments: The parameters that its docstring explains, each with its line.
        inputs: Name and shape of each input; the same for outputs.
        returns: What it returns, in words; empty where its summary says it all.
    """

    name: str
    parameters: str
    summary: str
    lines: tuple[Line, ...]
    arguments: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    returns: str = ""


@dataclass(frozen=True)
class ClassPart:
    """A class: a model, or a layer for one of its parts.

    Attributes:
        summary: The first line of its docstring.
        inputs: Name and shape of each input; none for a part that takes what it is given. The same for outputs.
        constructor: The statements of its constructor that make layers.
        takes_training: Whether `call` takes `training`.
        output_shape: The statements of `compute_output_shape`.
        passes_mask: Whether a mask of the inputs is valid for the outputs.
        keeps_masks: Whether the masks of the outputs are those that the layers inside give them.
        autocasts: Whether it casts its inputs to its own type.
        frozen: Whether nothing in it is trained.
    """

    name: str
    base: str
    summary: str
    arguments: tuple[Argument, ...]
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    constructor: tuple[Line, ...]
    build: tuple[Line, ...]
    call: tuple[Line, ...]
    takes_training: bool
    output_shape: tuple[Line, ...]
    passes_mask: bool
    keeps_masks: bool = False
    autocasts: bool = True
    frozen: bool = False
