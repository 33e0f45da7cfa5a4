"""What the outputs of a model are trained towards: said by its spec, or told by its last activations."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kscaffold.base.place import Text
from kscaffold.program.tree import Plain, Variable
from kscaffold.spec.graph.value import Graph


class Kind(StrEnum):
    """What an output is trained towards, if not towards an input."""

    LABEL = "label"
    BINARY = "binary"
    NUMBER = "number"


@dataclass(frozen=True)
class Goal:
    """What an output is trained towards."""

    kind: Kind
    copies: str | None = None  # the input that it is to give back; the kind is then a number
    activation: str = ""  # what it ends in, if anything

    @property
    def from_logits(self) -> bool:
        """Whether the loss has to make probabilities of the output."""
        return self.activation != {Kind.LABEL: "softmax", Kind.BINARY: "sigmoid"}.get(self.kind)


def read_targets(entries: Sequence[tuple[Text, Text]], graph: Graph) -> tuple[tuple[str, str], ...]:
    """The section `targets` of a spec; a `RequestError` names what is no output, or no target."""
    outputs = [output.name for output in graph.outputs]
    known = [*Kind, *(item.name for item in graph.inputs)]
    for name, target in entries:
        if name.value not in outputs:
            raise name.place.unknown(f"There is no output {name.value!r}.", name.value, outputs)
        if target.value not in known:
            raise target.place.unknown(f"{target.value!r} is not a target.", target.value, known)
    return tuple((name.value, target.value) for name, target in entries)


def find_goal(graph: Graph, output: str) -> Goal:
    """What an output is trained towards: as the spec says, else labels behind a softmax, yes or no behind a sigmoid."""
    value = next(item.value for item in graph.outputs if item.name == output)
    activation = _last_activation(graph, value)
    said = dict(graph.targets).get(output)
    if said in [item.name for item in graph.inputs]:
        return Goal(Kind.NUMBER, said, activation)
    told = {"softmax": Kind.LABEL, "sigmoid": Kind.BINARY}.get(activation, Kind.NUMBER)
    return Goal(Kind(said) if said else told, None, activation)


def _last_activation(graph: Graph, value: str) -> str:
    """The activation that a value ends in, looked for in sub-models too."""
    node = graph.makers.get(value)
    if node is None:
        return ""
    step = node.steps[-1]
    layer, part = graph.layer_of(step), graph.part_of(step)
    if part:
        ends = {output.name: output.value for output in part.outputs}
        return _last_activation(part, ends.get(value.rpartition(".")[2], part.outputs[0].value))
    name = (layer.class_name.lower() if layer else step.name).removeprefix("ops.")
    if name in ("softmax", "sigmoid"):
        return name
    match dict(layer.keywords if layer else ()).get("activation"):
        case Plain(value=str() as word) | Variable(name=word):
            return word
    return ""
