"""Specs as written: a YAML file, as sections of texts with their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place, Text
from kscaffold.program.text import literal

LARGEST_SPEC = 1_000_000  # characters

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
    is_cut: bool = False
    structure: Entries = ()
    trainable: Text | None = None


SECTIONS_OF_PART = "summary parameters inputs shared nodes outputs structure trainable".split()
SECTIONS = [*SECTIONS_OF_PART, *"style layers targets models blocks".split()]


def read_document(path: Path, shown: str) -> GraphText:
    """Reads a YAML spec.

    Args:
        path: The file.
        shown: How messages name it.

    Raises:
        RequestError: It cannot be read, is not YAML, or has what no spec has; names line and column.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise RequestError("It is not UTF-8 text.", where=shown) from None
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
        raise place.error(f"This is not YAML: {error.problem or error.context}.") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise RequestError(f"This is not YAML: {str(error).splitlines()[0]}.", where=shown) from None
    return _Reader(text, shown).graph(root, SECTIONS)


class _Reader:
    """Turns YAML's nodes into texts with places."""

    def __init__(self, source: str, shown: str) -> None:
        self.source = source
        self.shown = shown

    def graph(self, node: yaml.Node | None, known: Sequence[str]) -> GraphText:
        """The sections of a graph, each of them once and known."""
        if node is None:
            raise Place(self.shown).error("The spec is empty.", "It needs inputs and outputs.")
        found = self.fields(node, "a graph", known, "There is no section {} here.")
        models, blocks = (
            tuple((name, self.graph(value, SECTIONS_OF_PART)) for name, value in self.entries(found.get(kind), kind))
            for kind in ("models", "blocks")
        )
        shared, nodes, layers, targets, structure = (
            self.texts(found.get(kind), kind) for kind in ("shared", "nodes", "layers", "targets", "structure")
        )
        outputs = found.get("outputs")
        return GraphText(
            place=self.place(node),
            summary=self.scalar(found["summary"]).value if "summary" in found else "",
            style=self.scalar(found["style"]) if "style" in found else None,
            parameters=tuple(self.parameters(found.get("parameters"))),
            inputs=tuple(self.inputs(found.get("inputs"))),
            shared=shared,
            nodes=nodes,
            outputs=self.outputs(outputs),
            layers=layers,
            models=models,
            blocks=blocks,
            targets=targets,
            is_cut=isinstance(outputs, yaml.SequenceNode) and "nodes" not in found and known is SECTIONS_OF_PART,
            structure=structure,
            trainable=self.scalar(found["trainable"]) if "trainable" in found else None,
        )

    def fields(self, node: yaml.Node, what: str, known: Sequence[str], problem: str) -> dict[str, yaml.Node]:
        """The values of a mapping that has nothing but what is known, by name."""
        pairs = self.entries(node, what)
        for name, _ in pairs:
            if name.value not in known:
                raise name.place.unknown(problem.format(repr(name.value)), name.value, known)
        return {name.value: value for name, value in pairs}

    def entries(self, node: yaml.Node | None, what: str) -> list[tuple[Text, yaml.Node]]:
        """The pairs of a mapping, with no name twice."""
        if node is None or _is_null(node):
            return []
        if not isinstance(node, yaml.MappingNode):
            what = what if " " in what else f"the section {what}"
            raise self.place(node).error(f"{what[0].upper()}{what[1:]} is a mapping of names: 'name: …'.")
        seen: dict[str, Text] = {}
        pairs = []
        for key, value in node.value:
            name = self.scalar(key)
            if name.value in seen:
                first = seen[name.value].place
                raise name.place.error(f"{name.value!r} is there twice, first at {first}.")
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
        return self.texts(node, "outputs")

    def inputs(self, node: yaml.Node | None) -> Iterator[InputText]:
        """Inputs as a mapping with shapes, as a list of names, or as one name."""
        if isinstance(node, yaml.SequenceNode):
            yield from (InputText(self.scalar(item), None) for item in node.value)
            return
        if isinstance(node, yaml.ScalarNode) and not _is_null(node):
            yield InputText(self.scalar(node), None)
            return
        for name, value in self.entries(node, "inputs"):
            if not isinstance(value, yaml.MappingNode):
                yield read_input(name, self.written(value))
                continue
            given = self.fields(value, "an input", ("shape", "dtype", "batch_size"), "An input has no {}.")
            dtype, batch_size = (self.scalar(given[key]) if key in given else None for key in ("dtype", "batch_size"))
            yield InputText(name, self.written(given["shape"]) if "shape" in given else None, dtype, batch_size)

    def parameters(self, node: yaml.Node | None) -> Iterator[ParameterText]:
        """Parameters as a mapping with defaults, or as a list of `NAME[:TYPE][=DEFAULT]`."""
        if isinstance(node, yaml.SequenceNode):
            for argument in map(self.scalar, node.value):
                word = argument.value.partition("=")[0].partition(":")[0].strip()
                yield ParameterText(Text(word, argument.place), argument)
            return
        for name, value in self.entries(node, "parameters"):
            description = ""
            if isinstance(value, yaml.MappingNode):
                given = self.fields(value, "a parameter", ("default", "doc"), "A parameter has no {}.")
                if "default" not in given:
                    raise self.place(value).error("A parameter needs a default.")
                description = self.scalar(given["doc"]).value if "doc" in given else ""
                value = given["default"]
            default = self.written(value)
            yield ParameterText(name, Text(f"{name.value}={default.value}", name.place), description)

    def scalar(self, node: yaml.Node) -> Text:
        """A scalar; its place is that of its first character."""
        if not isinstance(node, yaml.ScalarNode):
            raise self.place(node).error("A text is needed here.")
        quoted = node.style in ("'", '"')
        return Text(node.value, self.place(node).moved(1 if quoted else 0))

    def written(self, node: yaml.Node) -> Text:
        """A value as it is written: `[28, 28, 1]` as it stands, a quoted string as one of Python's."""
        if not isinstance(node, yaml.ScalarNode):
            source = self.source[node.start_mark.index : node.end_mark.index]
            return Text(source.replace("null", "None"), self.place(node))
        quoted = node.style in ("'", '"') and node.value[:1] not in "([0123456789"
        return Text("None" if _is_null(node) else literal(node.value) if quoted else node.value, self.place(node))

    def place(self, node: yaml.Node) -> Place:
        """Where a node begins."""
        return Place(self.shown, node.start_mark.line + 1, node.start_mark.column + 1)


def _is_null(node: yaml.Node) -> bool:
    """Whether a value is left empty, or written as null."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def read_input(name: Text, written: Text) -> InputText:
    """An input in its short form: `32`, `[28, 28, 1]` or `16:int32`."""
    shape, colon, dtype = written.value.partition(":")
    if not colon:
        return InputText(name, written)
    start = len(shape) + 1
    return InputText(name, written.part(0, len(shape)), written.part(start, start + len(dtype)))
