"""Specs as flags: a chain, or `--input`, `--node` and `--output`, as the sections that a YAML file would have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place, Text
from kscaffold.spec.graph.document import Entries, GraphText, ParameterText, read_input
from kscaffold.spec.language.chain import ARROW


@dataclass(frozen=True)
class GraphFlags:
    """A graph as flags of a command.

    Attributes:
        chain: A whole model as one chain, which begins with the shape of its input.
        inputs: `NAME=SHAPE[:DTYPE]`.
        nodes: `NAME: chain`.
        outputs: `NAME: chain`.
    """

    chain: str | None = None
    inputs: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def describe_a_graph(self) -> bool:
        """Whether they say what the graph is."""
        return bool(self.chain or self.inputs or self.nodes or self.outputs)


def document_from_flags(flags: GraphFlags, settings: Mapping[str, str]) -> GraphText:
    """The spec that flags make.

    Args:
        flags: What describes the graph.
        settings: The names and values after `--set`; here they are the parameters.

    Raises:
        RequestError: A flag that is not understood; names it.
    """
    parameters = tuple(
        ParameterText(Text(name, Place("--set")), Text(f"{name}={value}", Place(f"--set {name}={value}")))
        for name, value in settings.items()
    )
    if flags.chain is not None:
        return _document_from_chain(flags, parameters)
    for missing, flag, example in (
        (not flags.inputs, "--input", "--input numeric=32"),
        (not flags.outputs, "--output", '--output "y: numeric -> Dense(1)"'),
    ):
        if missing:
            raise RequestError(f"The graph has no {flag[2:]}.", hint=f"Give at least one: {example}.", where=flag)
    inputs = []
    for text in flags.inputs:
        where = Place(f"--input {text!r}")
        name, equals, shape = text.partition("=")
        if not equals:
            raise where.error(f"{text!r} has no shape.", "Write NAME=SHAPE: numeric=32.")
        inputs.append(read_input(Text(name.strip(), where), Text(shape.strip(), where)))
    return GraphText(
        place=Place("SPEC"),
        parameters=parameters,
        inputs=tuple(inputs),
        nodes=_named_chains(flags.nodes, "--node"),
        outputs=_named_chains(flags.outputs, "--output"),
    )


def _named_chains(texts: tuple[str, ...], flag: str) -> Entries:
    entries: list[tuple[Text, Text]] = []
    for text in texts:
        where = Place(f"{flag} {text!r}")
        written = Text(text, Place(where.source, None, 1))
        name, colon, _ = text.partition(":")
        if not colon or ARROW in name:
            raise where.error(f"{text!r} has no name.", "Write NAME: start -> Dense(64, relu).")
        if any(name.strip() == other.value for other, _ in entries):
            raise where.error(f"{name.strip()!r} is there twice.")
        entries.append((written.part(0, len(name)), written.part(len(name) + 1, len(text))))
    return tuple(entries)


def _document_from_chain(flags: GraphFlags, parameters: tuple[ParameterText, ...]) -> GraphText:
    assert flags.chain is not None
    extra = next((flag for flag in ("inputs", "nodes", "outputs") if getattr(flags, flag)), None)
    if extra:
        raise RequestError(
            f"A chain is a whole model, so --{extra[:-1]} has no place beside it.",
            hint="Give either a chain, or --input, --node and --output.",
        )
    head, arrow, _ = flags.chain.partition(ARROW)
    if not arrow or not head.strip():
        raise RequestError(
            f"{flags.chain!r} is neither a file nor a chain.",
            hint=f'Give a YAML file, or a chain: "16 {ARROW} Dense(64, relu) {ARROW} Dense(10)".',
            where="SPEC",
        )
    text = Text(flags.chain, Place("SPEC", None, 1))
    shape = text.part(0, len(head))
    body = Text(f"inputs {flags.chain[len(head) :]}", text.place.moved(len(head) - len("inputs ")))
    return GraphText(
        place=text.place,
        parameters=parameters,
        inputs=(read_input(Text("inputs", shape.place), shape),),
        outputs=((Text("outputs", text.place), body),),
    )
