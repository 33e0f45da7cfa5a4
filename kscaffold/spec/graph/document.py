"""Specs as written: a YAML file, as sections of texts with their places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from kscaffold.base.errors import RequestError, did_you_mean
from kscaffold.base.place import Place, Text
from kscaffold.program.text import literal

LARGEST_SPEC = 1_000_000  # characters
DEEPEST_SPEC = 20  # mappings and lists inside each other

Entries = tuple[tuple[Text, Text], ...]


@dataclass(frozen=True)
class InputText:
    """An input as written; a block gives no shape."""

    name: Text
    shape: Text | None
    dtype: Text | None = None
    batch_size: Text | None = None


@dataclass(frozen=True)
class ParameterText:
    """A parameter as written: `NAME[:TYPE][=DEFAULT]`, and its line in docstrings."""

    name: Text
    argument: Text
    description: str = ""


@dataclass(frozen=True)
class GraphText:
    """A graph as written. A model cut out of another has no nodes, and values of that other as inputs and outputs.

    Attributes:
        place: Where it begins.
        summary: What it is, in a sentence.
        style: The style that it is meant for, if one is named.
        example: The name that its example command uses, if one is given.
        targets: What outputs are trained towards, where the graph does not tell.
        is_cut: Whether its inputs and outputs are lists of values.
        structure: How inputs are taken and outputs given: list, dict.
        trainable: Whether it is trained, if that is said.
    """

    place: Place
    summary: str = ""
    style: Text | None = None
    parameters: tuple[ParameterText, ...] = ()
    inputs: tuple[InputText, ...] = ()
    shared: Entries = ()
    nodes: Entries = ()
    outputs: Entries = ()
    layers: Entries = ()
    models: tuple[tuple[Text, GraphText], ...] = ()
    blocks: tuple[tuple[Text, GraphText], ...] = ()
    targets: Entries = ()
    is_cut: bool = field(default=False)
    structure: Entries = ()
    trainable: Text | None = None


SECTIONS = (
    "summary",
    "style",
    "parameters",
    "layers",
    "inputs",
    "shared",
    "nodes",
    "outputs",
    "structure",
    "trainable",
    "targets",
    "models",
    "blocks",
)
SECTIONS_OF_PART = ("summary", "parameters", "inputs", "shared", "nodes", "outputs", "structure", "trainable")


def read_document(path: Path, shown: str) -> GraphText:
    """Reads a YAML spec.

    Args:
        path: The file.
        shown: How messages name it.

    Raises:
        RequestError: It cannot be read, is no YAML, or has what no spec has; names line and column.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise RequestError("It is no UTF-8 text.", where=shown) from None
    except OSError as error:
        raise RequestError(f"It cannot be read: {error.strerror}.", where=shown) from None
    return parse_document(text, shown)


def parse_document(text: str, shown: str) -> GraphText:
    """Parses a YAML spec; see `read_document`."""
    if len(text) > LARGEST_SPEC:
        raise RequestError(
            f"The spec has {len(text):,} characters.", hint=f"Use at most {LARGEST_SPEC:,}.", where=shown
        )
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
        raise RequestError(f"This is no YAML: {error.problem or error.context}.", where=str(place)) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise RequestError(f"This is no YAML: {str(error).splitlines()[0]}.", where=shown) from None
    return _Reader(text, shown).read_graph(root, SECTIONS)


class _Reader:
    """Turns YAML's nodes into texts with places."""

    def __init__(self, source: str, shown: str) -> None:
        self.source = source
        self.shown = shown

    def read_graph(self, node: yaml.Node | None, sections: tuple[str, ...]) -> GraphText:
        """The sections of a graph."""
        place = self.place(node) if node is not None else Place(self.shown)
        found = dict(self.sections(node, sections, place))
        parts = {
            kind: tuple(
                (name, self.read_graph(value, SECTIONS_OF_PART))
                for name, value in self.entries(found.get(kind), f"{kind} are")
            )
            for kind in ("models", "blocks")
        }
        inputs, outputs = found.get("inputs"), found.get("outputs")
        is_cut = isinstance(outputs, yaml.SequenceNode) and "nodes" not in found and sections is SECTIONS_OF_PART
        return GraphText(
            place=place,
            summary=self.scalar(found["summary"]).value if "summary" in found else "",
            style=self.scalar(found["style"]) if "style" in found else None,
            parameters=tuple(self.parameters(found.get("parameters"))),
            inputs=tuple(self.inputs(inputs)),
            shared=self.texts(found.get("shared"), "shared layers are"),
            nodes=self.texts(found.get("nodes"), "nodes are"),
            outputs=self.outputs(outputs),
            layers=self.texts(found.get("layers"), "layers are"),
            targets=self.texts(found.get("targets"), "targets are"),
            models=parts["models"],
            blocks=parts["blocks"],
            is_cut=is_cut,
            structure=self.texts(found.get("structure"), "structure is"),
            trainable=self.scalar(found["trainable"]) if "trainable" in found else None,
        )

    def sections(self, node: yaml.Node | None, known: tuple[str, ...], place: Place) -> Iterable[tuple[str, yaml.Node]]:
        """The sections by name, each of them once and known."""
        if node is None:
            raise RequestError("The spec is empty.", hint="It needs inputs and outputs.", where=str(place))
        for name, value in self.entries(node, "a graph is"):
            if name.value not in known:
                raise RequestError(
                    f"There is no section {name.value!r} here.",
                    hint=did_you_mean(name.value, known) or f"There are: {', '.join(known)}.",
                    where=str(name.place),
                )
            yield name.value, value

    def entries(self, node: yaml.Node | None, what: str) -> list[tuple[Text, yaml.Node]]:
        """The pairs of a mapping, with no name twice."""
        if node is None or self.is_null(node):
            return []
        if not isinstance(node, yaml.MappingNode):
            raise RequestError(f"{what} a mapping of names: 'name: …'.".capitalize(), where=str(self.place(node)))
        seen: dict[str, Text] = {}
        pairs = []
        for key, value in node.value:
            name = self.scalar(key)
            if name.value in seen:
                first = seen[name.value].place
                raise RequestError(f"{name.value!r} is there twice, first at {first}.", where=str(name.place))
            seen[name.value] = name
            pairs.append((name, value))
        return pairs

    def texts(self, node: yaml.Node | None, what: str) -> Entries:
        """The pairs of a mapping of texts."""
        return tuple((name, self.scalar(value)) for name, value in self.entries(node, what))

    def outputs(self, node: yaml.Node | None) -> Entries:
        """Outputs as a mapping of chains, or as a list of values."""
        if isinstance(node, yaml.SequenceNode):
            return tuple((text, text) for text in map(self.scalar, node.value))
        return self.texts(node, "outputs are")

    def inputs(self, node: yaml.Node | None) -> Iterable[InputText]:
        """Inputs as a mapping with shapes, or as a list of names."""
        if isinstance(node, yaml.SequenceNode):
            yield from (InputText(self.scalar(item), None) for item in node.value)
            return
        if isinstance(node, yaml.ScalarNode) and not self.is_null(node):
            yield InputText(self.scalar(node), None)
            return
        for name, value in self.entries(node, "inputs are"):
            if isinstance(value, yaml.MappingNode):
                given = {key.value: item for key, item in self.entries(value, "an input is")}
                for key in given:
                    if key not in ("shape", "dtype", "batch_size"):
                        raise RequestError(
                            f"An input has no {key!r}.",
                            hint="It has shape, dtype and batch_size.",
                            where=str(self.place(value)),
                        )
                shape = self.written(given["shape"]) if "shape" in given else None
                dtype, batch_size = (
                    self.scalar(given[key]) if key in given else None for key in ("dtype", "batch_size")
                )
                yield InputText(name, shape, dtype, batch_size)
            else:
                yield read_input(name, self.written(value))

    def parameters(self, node: yaml.Node | None) -> Iterable[ParameterText]:
        """Parameters as a mapping with defaults, or as a list of `NAME[:TYPE][=DEFAULT]`."""
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                argument = self.scalar(item)
                name = Text(argument.value.partition("=")[0].partition(":")[0].strip(), argument.place)
                yield ParameterText(name, argument)
            return
        for key, value in self.entries(node, "parameters are"):
            description = ""
            if isinstance(value, yaml.MappingNode):
                given = {item.value: part for item, part in self.entries(value, "a parameter is")}
                unknown = [item for item in given if item not in ("default", "doc")]
                if unknown or "default" not in given:
                    problem = f"has no {unknown[0]!r}" if unknown else "needs a default"
                    raise RequestError(
                        f"A parameter {problem}.", hint="It has default and doc.", where=str(self.place(value))
                    )
                description = self.scalar(given["doc"]).value if "doc" in given else ""
                value = given["default"]
            default = self.written(value)
            yield ParameterText(key, Text(f"{key.value}={default.value}", key.place), description)

    def scalar(self, node: yaml.Node) -> Text:
        """A scalar; its place is that of its first character."""
        if not isinstance(node, yaml.ScalarNode):
            raise RequestError("A text is needed here.", where=str(self.place(node)))
        quoted = node.style in ("'", '"')
        return Text(node.value, self.place(node).moved(1 if quoted else 0))

    def written(self, node: yaml.Node) -> Text:
        """A value as it is written: `[28, 28, 1]` as it stands, a quoted string as one of Python's."""
        if isinstance(node, yaml.ScalarNode):
            quoted = node.style in ("'", '"') and node.value[:1] not in "([0123456789"
            return Text(
                "None" if self.is_null(node) else literal(node.value) if quoted else node.value, self.place(node)
            )
        source = self.source[node.start_mark.index : node.end_mark.index]
        return Text(source.replace("null", "None"), self.place(node))

    def is_null(self, node: yaml.Node) -> bool:
        """Whether a value is left empty, or written as null."""
        return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"

    def place(self, node: yaml.Node) -> Place:
        """Where a node begins."""
        return Place(self.shown, node.start_mark.line + 1, node.start_mark.column + 1)


def read_input(name: Text, written: Text) -> InputText:
    """An input in its short form: `32`, `[28, 28, 1]` or `16:int32`."""
    shape, colon, dtype = written.value.partition(":")
    if not colon:
        return InputText(name, written)
    start = len(shape) + 1
    return InputText(name, written.part(0, len(shape)), written.part(start, start + len(dtype)))
