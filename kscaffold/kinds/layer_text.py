"""What describes a layer with a body of its own, as typed: a file, an expression, or flags."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place, Text
from kscaffold.spec.graph.document import Entries, GraphText, InputText, read_layer_document
from kscaffold.spec.graph.flags import GraphFlags, read_inputs
from kscaffold.spec.layer.describe import LayerFlags

NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*:(?!\w)")  # not `package:Class`


def read_layer_text(spec: str | None, graph: GraphFlags | None, flags: LayerFlags) -> tuple[str, LayerFlags, GraphText]:
    """What it is called in reports, what the layer is made of, and its body.

    Raises:
        RequestError: There is no such file, it cannot be read, or there is no output.
    """
    graph = graph or GraphFlags()
    if spec is not None and (Path(spec).suffix in (".yaml", ".yml") or (len(spec) < 255 and Path(spec).is_file())):
        if graph.describe_a_graph:
            hint = "Leave out --input, --node and --output."
            raise RequestError("A spec is a whole layer.", hint=hint, where="SPEC")
        if not Path(spec).is_file():
            raise RequestError(f"There is no file {spec}.", where="SPEC")
        written = read_layer_document(Path(spec), spec)
        flags = replace(
            flags,
            arguments=written.arguments + flags.arguments,
            weights=written.weights + flags.weights,
            states=written.states + flags.states,
            sublayers=written.sublayers + flags.sublayers,
            docs=written.docs + flags.docs,
        )
        return spec, flags, written.graph
    outputs = list(_named(graph.outputs, "--output", "outputs"))
    if spec is not None:
        if outputs:
            raise RequestError("SPEC is the output already.", hint="Leave out --output, or SPEC.", where="SPEC")
        outputs = [(Text("outputs", Place("SPEC")), Text(spec, Place("SPEC", None, 1)))]
    if not outputs:
        raise Place("--output").error("The body gives nothing.", 'Say what it gives: --output "inputs * gamma".')
    inputs = read_inputs(graph.inputs) or (InputText(Text("inputs", Place("--input")), None),)
    nodes = _named(graph.nodes, "--node", "")
    return "flags", flags, GraphText(Place("SPEC"), inputs=inputs, nodes=nodes, outputs=tuple(outputs))


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
