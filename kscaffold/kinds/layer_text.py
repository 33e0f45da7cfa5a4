"""What describes a layer with a body of its own, as typed: a file, an expression, or flags."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place, Text, located
from kscaffold.kinds.model_spec import spec_file
from kscaffold.spec.graph.document import Entries, GraphText, InputText, read_layer_document
from kscaffold.spec.graph.flags import GraphFlags, read_inputs
from kscaffold.spec.layer.argument import parse_argument
from kscaffold.spec.layer.describe import LayerFlags
from kscaffold.spec.layer.manifest import LayerManifest

NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*:(?!\w)")  # not `package:Class`


@dataclass(frozen=True)
class WrittenLayer:
    """A layer as it is written: what messages call that, what it brings by itself, what the user adds, and the body."""

    shown: str
    manifest: LayerManifest
    flags: LayerFlags
    document: GraphText


def read_layer_file(path: Path, shown: str, blank: LayerManifest, flags: LayerFlags) -> WrittenLayer:
    """A YAML spec of a layer, and what flags change of it; `blank` is the manifest of a template that adds nothing."""
    text = read_layer_document(path, shown)
    with located(Place(shown)):
        arguments = tuple(
            replace(parse_argument(item.argument.value), description=item.description) for item in text.arguments
        )
    manifest = replace(
        blank,
        summary=text.graph.summary or blank.summary,
        arguments=arguments,
        weights=text.weights,
        states=text.states,
        sublayers=text.sublayers,
    )
    return WrittenLayer(shown, manifest, flags, text.graph)


def read_layer_text(
    spec: str | None, graph: GraphFlags | None, flags: LayerFlags, blank: LayerManifest
) -> WrittenLayer:
    """The layer that is described by a file, an expression or flags.

    Raises:
        RequestError: There is no such file, it cannot be read, or there is no output.
    """
    graph = graph or GraphFlags()
    if spec is not None and (path := spec_file(spec, graph, "layer")):
        return read_layer_file(path, spec, blank, flags)
    outputs = list(_named(graph.outputs, "--output", "outputs"))
    if spec is not None:
        if outputs:
            raise RequestError("SPEC is the output already.", hint="Leave out --output, or SPEC.", where="SPEC")
        outputs = [(Text("outputs", Place("SPEC")), Text(spec, Place("SPEC", None, 1)))]
    if not outputs:
        raise Place("--output").error("The body gives nothing.", 'Say what it gives: --output "inputs * gamma".')
    inputs = read_inputs(graph.inputs) or (InputText(Text("inputs", Place("--input")), None),)
    nodes = _named(graph.nodes, "--node", "")
    document = GraphText(Place("SPEC"), inputs=inputs, nodes=nodes, outputs=tuple(outputs))
    return WrittenLayer("flags", blank, flags, document)


def _named(texts: tuple[str, ...], flag: str, usual: str) -> Entries:
    """Expressions with their names; one alone may have the `usual` name."""
    entries: list[tuple[Text, Text]] = []
    for text in texts:
        where = Place(f"{flag} {text!r}", None, 1)
        match = NAME.match(text)
        if match is None and not (usual and len(texts) == 1):
            raise where.error(f"{text!r} has no name.", "Write NAME: expression.")
        whole = Text(text, where)
        name = whole.part(0, match.end(1)) if match else Text(usual, where)
        if any(name.value == other.value for other, _ in entries):
            raise where.error(f"{name.value!r} is there twice.")
        entries.append((name, whole.part(match.end() if match else 0, len(text))))
    return tuple(entries)
