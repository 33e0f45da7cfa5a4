"""Specs as written: a YAML file, as sections of texts with their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

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
    below: Text | None = None


@dataclass(frozen=True)
class ParameterText:
    """A parameter as written: `NAME[:TYPE][=DEFAULT]`, and its line in docstrings."""

    name: str
    argument: Text
    description: str = ""


@dataclass(frozen=True)
class GraphText:
    """A graph as written. A model cut out of another has no nodes, and values of that other as inputs and outputs."""

    place: Place
    summary: str = ""
    style: Text | None = None  # the one that it is meant for
    parameters: tuple[ParameterText, ...] = ()
    inputs: tuple[InputText, ...] = ()
    shared: Entries = ()
    nodes: Entries = ()
    outputs: Entries = ()
    layers: Entries = ()
    parts: tuple[tuple[Text, GraphText], ...] = ()  # the models, then the blocks
    targets: Entries = ()  # what outputs are trained towards, where the graph does not tell
    is_cut: bool = False
    is_block: bool = False
    structure: Entries = ()  # how inputs are taken and outputs given: list, dict
    trainable: Text | None = None


SECTIONS_OF_PART = "summary parameters inputs shared nodes outputs structure trainable".split()
SECTIONS = [*SECTIONS_OF_PART, *"style layers targets models blocks".split()]


LAYER_SECTIONS = "summary aliases arguments weights states sublayers inputs nodes outputs structure".split()


@dataclass(frozen=True)
class LayerText:
    """A layer as written: its arguments, what else it is made of, as after the flags of these names, and its body."""

    arguments: tuple[ParameterText, ...]
    weights: tuple[str, ...]
    states: tuple[str, ...]
    sublayers: tuple[str, ...]
    graph: GraphText


def read_layer_document(path: Path, shown: str) -> LayerText:
    """Reads a YAML spec of a layer; see `read_document`."""
    return _reader(_text_of(path, shown), shown).layer()


def read_document(path: Path, shown: str) -> GraphText:
    """Reads a YAML spec, a file that messages call `shown`; a `RequestError` names line and column of what is wrong."""
    return parse_document(_text_of(path, shown), shown)


def _text_of(path: Path, shown: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Place(shown).error("It is not UTF-8 text.") from None
    except OSError as error:
        raise Place(shown).error(f"It cannot be read: {error.strerror}.") from None


def parse_document(text: str, shown: str) -> GraphText:
    """Parses a YAML spec; see `read_document`."""
    reader = _reader(text, shown)
    return reader.graph(reader.root)


def _reader(text: str, shown: str) -> _Reader:
    """What reads a YAML text."""
    if len(text) > LARGEST_SPEC:
        raise Place(shown).error(f"The spec has {len(text):,} characters.", f"Use at most {LARGEST_SPEC:,}.")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
        raise place.error(f"This is not YAML: {error.problem or error.context}.") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise Place(shown).error(f"This is not YAML: {str(error).splitlines()[0]}.") from None
    return _Reader(text, shown, root)


FILLED = {
    **dict.fromkeys(("nodes", "outputs"), "Write what it is: start -> Dense(64, relu) -> Dense(10)"),
    **dict.fromkeys(("shared", "sublayers"), "Write a layer: Dense(8, relu)"),
    "inputs": "Write its shape: 16, or [null, 8] where a size is not fixed",
    "layers": "Write the name of a template",
    "targets": "Write label, binary, number or the name of an input",
    "structure": "Write list, or dict",
}


class _Reader:
    """Turns YAML's nodes into texts with places."""

    def __init__(self, source: str, shown: str, root: yaml.Node | None) -> None:
        self.source = source
        self.shown = shown
        self.root = root

    def layer(self) -> LayerText:
        """The sections of a layer."""
        if self.root is None or _is_null(self.root):
            raise Place(self.shown).error("The spec is empty.", "It needs outputs.")
        found = self.fields(self.root, "a layer", LAYER_SECTIONS, "There is no section {} here.")
        if "aliases" in found and not isinstance(found["aliases"], yaml.SequenceNode):
            raise self.place(found["aliases"]).error("The section aliases is a list of names: [moe, sparse_moe].")
        summary = self.given(found, "summary")
        graph = GraphText(
            place=self.place(self.root),
            summary=summary.value if summary else "",
            inputs=tuple(self.inputs(found.get("inputs"))),
            nodes=self.texts(found, "nodes"),
            outputs=self.texts(found, "outputs"),
            structure=self.texts(found, "structure"),
        )
        arguments = tuple(self.parameters(found.get("arguments")))
        weights, states = self.joined(found, "weights", ": "), self.joined(found, "states", ": ")
        return LayerText(arguments, weights, states, self.joined(found, "sublayers", " = "), graph)

    def joined(self, found: Mapping[str, yaml.Node], what: str, sign: str) -> tuple[str, ...]:
        """The pairs of a section as after a flag; sizes may be a list."""
        given = self.entries(found.get(what), what)
        if what == "sublayers":
            given = [(name, self.filled(name, value, what)) for name, value in given]
        pairs = ((name.value, self.written(value).value) for name, value in given)
        return tuple(f"{name}{sign}{'' if text == 'None' else text.strip('[]')}" for name, text in pairs)

    def graph(self, node: yaml.Node | None, kind: str = "") -> GraphText:
        """The sections of a graph, or of one of its "models" or "blocks", each of them once and known."""
        if node is None or (not kind and _is_null(node)):
            raise Place(self.shown).error("The spec is empty.", "It needs inputs and outputs.")
        known = SECTIONS_OF_PART if kind else SECTIONS
        found = self.fields(node, "a graph", known, "There is no section {} here.")
        summary, outputs = self.given(found, "summary"), found.get("outputs")
        listed = list(map(self.scalar, outputs.value)) if isinstance(outputs, yaml.SequenceNode) else None
        return GraphText(
            place=self.place(node),
            summary=summary.value if summary else "",
            style=self.given(found, "style"),
            parameters=tuple(self.parameters(found.get("parameters"))),
            inputs=tuple(self.inputs(found.get("inputs"))),
            shared=self.texts(found, "shared"),
            nodes=self.texts(found, "nodes"),
            outputs=self.texts(found, "outputs") if listed is None else tuple(zip(listed, listed)),
            layers=self.texts(found, "layers"),
            parts=tuple(
                (name, self.graph(value, part))
                for part in ("models", "blocks")
                for name, value in self.entries(found.get(part), part)
            ),
            targets=self.texts(found, "targets"),
            is_cut=listed is not None and "nodes" not in found and kind == "models",
            is_block=kind == "blocks",
            structure=self.texts(found, "structure"),
            trainable=self.given(found, "trainable"),
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
        pairs: dict[str, tuple[Text, yaml.Node]] = {}
        for key, value in node.value:
            name = self.scalar(key)
            if _is_null(key):
                raise name.place.error("A name is needed here, not null.", "In quotes it is one: 'null'.")
            if name.value in pairs:
                raise name.place.error(f"{name.value!r} is there twice, first at {pairs[name.value][0].place}.")
            pairs[name.value] = (name, value)
        return list(pairs.values())

    def texts(self, found: Mapping[str, yaml.Node], what: str) -> Entries:
        """A section that is a mapping of texts."""
        pairs = self.entries(found.get(what), what)
        return tuple((name, self.scalar(self.filled(name, value, what))) for name, value in pairs)

    def filled(self, name: Text, node: yaml.Node, what: str) -> yaml.Node:
        """A value of a section; refuses one that is null, whether that is written or not."""
        if _is_null(node):
            raise name.place.error(
                f"{name.value!r} in the section {what} is null.", f"{FILLED[what]}, or leave it out."
            )
        return node

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
                yield read_input(name, self.written(self.filled(name, value, "inputs")))
                continue
            given = self.fields(value, "an input", ("shape", "dtype", "batch_size", "below"), "An input has no {}.")
            if "shape" in given:
                self.filled(name, given["shape"], "inputs")
            shape = self.written(given["shape"]) if "shape" in given else None
            yield InputText(name, shape, *(self.given(given, key) for key in ("dtype", "batch_size", "below")))

    def parameters(self, node: yaml.Node | None) -> Iterator[ParameterText]:
        """Parameters as a mapping with defaults, or as a list of `NAME[:TYPE][=DEFAULT]`."""
        if isinstance(node, yaml.SequenceNode):
            for argument in map(self.scalar, node.value):
                word = argument.value.partition("=")[0].partition(":")[0].strip()
                yield ParameterText(word, argument)
            return
        for name, value in self.entries(node, "parameters"):
            doc = None
            if isinstance(value, yaml.MappingNode):
                given = self.fields(value, "a parameter", ("default", "doc"), "A parameter has no {}.")
                if "default" not in given:
                    raise self.place(value).error("A parameter needs a default.")
                value, doc = given["default"], self.given(given, "doc")
            argument = Text(f"{name.value}={self.written(value).value}", name.place)
            yield ParameterText(name.value, argument, doc.value if doc else "")

    def given(self, found: Mapping[str, yaml.Node], key: str) -> Text | None:
        return self.scalar(found[key]) if key in found and not _is_null(found[key]) else None

    def scalar(self, node: yaml.Node) -> Text:
        """A scalar; its place is that of its first character."""
        if not isinstance(node, yaml.ScalarNode):
            raise self.place(node).error("A text is needed here.")
        return Text(node.value, self.place(node).moved(1 if node.style in ("'", '"') else 0))

    def written(self, node: yaml.Node) -> Text:
        """A value as it is written: `[28, 28, 1]` as it stands, a quoted string as one of Python's."""
        if not isinstance(node, yaml.ScalarNode):
            source = self.source[node.start_mark.index : node.end_mark.index]
            return Text(source.replace("null", "None"), self.place(node))
        quoted = node.style in ("'", '"') and node.value[:1] not in "([0123456789"
        return Text("None" if _is_null(node) else literal(node.value) if quoted else node.value, self.place(node))

    def place(self, node: yaml.Node) -> Place:
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
