"""Specs as flags: a chain, or `--input`, `--node` and `--output`, as the sections that a YAML file would have."""

from collections.abc import Mapping
from dataclasses import dataclass

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place, Text
from kscaffold.spec.graph.document import Entries, GraphText, InputText, ParameterText, read_input
from kscaffold.spec.language.chain import ARROW


@dataclass(frozen=True)
class GraphFlags:
    """A graph as flags of a command: a whole model as one chain, which begins with the shape of its input, or parts."""

    chain: str | None = None
    inputs: tuple[str, ...] = ()  # NAME=SHAPE[:DTYPE]
    nodes: tuple[str, ...] = ()  # NAME: chain
    outputs: tuple[str, ...] = ()  # NAME: chain

    @property
    def describe_a_graph(self) -> bool:
        """Whether they say what the graph is."""
        return bool(self.chain or self.inputs or self.nodes or self.outputs)


def document_from_flags(flags: GraphFlags, settings: Mapping[str, str]) -> GraphText:
    """The spec that flags make, in which all settings are parameters; a `RequestError` names what is not understood."""
    written = {name: f"{name}={value}" for name, value in settings.items()}
    parameters = tuple(ParameterText(name, Text(text, Place(f"--set {text}"))) for name, text in written.items())
    if flags.chain is not None:
        return _document_from_chain(flags.chain, flags, parameters)
    if not flags.inputs or not flags.outputs:
        flag, example = ("--output", '"y: numeric -> Dense(1)"') if flags.inputs else ("--input", "numeric=32")
        raise Place(flag).error(f"The graph has no {flag[2:]}.", f"Give at least one: {flag} {example}.")
    nodes, outputs = _named_chains(flags.nodes, "--node"), _named_chains(flags.outputs, "--output")
    inputs = read_inputs(flags.inputs)
    return GraphText(Place("SPEC"), parameters=parameters, inputs=inputs, nodes=nodes, outputs=outputs)


def read_inputs(texts: tuple[str, ...]) -> tuple[InputText, ...]:
    """The inputs after `--input`; a `RequestError` names one without a shape."""
    inputs = []
    for text in texts:
        where = Place(f"--input {text!r}")
        name, equals, shape = text.partition("=")
        if not equals:
            raise where.error(f"{text!r} has no shape.", "Write NAME=SHAPE: numeric=32.")
        inputs.append(read_input(Text(name.strip(), where), Text(shape.strip(), where)))
    return tuple(inputs)


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


def _document_from_chain(chain: str, flags: GraphFlags, parameters: tuple[ParameterText, ...]) -> GraphText:
    for flag in ("input", "node", "output"):
        if getattr(flags, f"{flag}s"):
            hint = "Give either a chain, or --input, --node and --output."
            raise RequestError(f"A chain is a whole model, so --{flag} has no place beside it.", hint=hint)
    head, arrow, _ = chain.partition(ARROW)
    if not arrow or not head.strip():
        example = f'"16 {ARROW} Dense(64, relu) {ARROW} Dense(10)"'
        problem = f"{chain!r} is neither a file nor a chain."
        raise Place("SPEC").error(problem, f"Give a YAML file, or a chain: {example}.")
    text = Text(chain, Place("SPEC", None, 1))
    shape = text.part(0, len(head))
    body = Text(f"inputs {chain[len(head) :]}", text.place.moved(len(head) - len("inputs ")))
    inputs, outputs = (read_input(Text("inputs", shape.place), shape),), ((Text("outputs", text.place), body),)
    return GraphText(text.place, parameters=parameters, inputs=inputs, outputs=outputs)
