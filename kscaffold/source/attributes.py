"""The attributes of a class in which its layers are kept."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from kscaffold.base.naming import identifier, snake_case, unique
from kscaffold.keras_data import catalogue
from kscaffold.program.lift import is_over_one, owns_layers, parameters_given
from kscaffold.program.tree import Object, Text, Tree
from kscaffold.program.value import Routine, Step, StepKind
from kscaffold.source.classes import Module

# A list of these has an s behind its name, any other is one of layers.
COUNTABLE = ("block", "cell", "head", "layer", "residual", "stage", "tower", "unit")
SHORT = {
    "BatchNormalization": "bn", "Conv1D": "conv", "Conv2D": "conv", "Conv3D": "conv", "DepthwiseConv2D": "depthwise",
    "LayerNormalization": "norm", "MultiHeadAttention": "attention", "AveragePooling2D": "pool",
    "GlobalAveragePooling1D": "pool", "GlobalAveragePooling2D": "pool", "MaxPooling2D": "pool", "ZeroPadding2D": "pad",
}  # fmt: skip


class Attributes:
    """The attribute of each step of a routine that has one, by its number."""

    def __init__(self, module: Module, routine: Routine) -> None:
        self.module = module
        self.arguments = {item.name for item in module.parameters(routine)}
        self.reserved = {*catalogue.reserved_attributes(), *self.arguments, *dict(routine.layers)}
        self.ends = {step.uid for step in routine.steps if step.names}
        self.by_step = self.names(list(owners(routine.steps)))

    def names(self, steps: Sequence[Step]) -> dict[int, str]:
        """A name for each of some steps."""
        wanted = {step.uid: self.wanted(step) for step in steps}
        total = Counter(wanted.values())
        seen: Counter[str] = Counter()
        names: dict[int, str] = {}
        for uid, name in wanted.items():
            seen[name] += 1
            numbered = f"{name}{'_' if name[-1:].isdigit() else ''}{seen[name]}" if total[name] > 1 else name
            taken = numbered in catalogue.reserved_attributes() or numbered in self.arguments
            names[uid] = unique(f"{numbered}_layer" if taken else numbered, (*self.reserved, *names.values()))
        return names

    def wanted(self, step: Step) -> str:
        """What the attribute of a step may be called: as somebody named its value or its layer, else by what it is."""
        if name := self.named(step):
            return name
        if step.kind is StepKind.LOOP:
            if not is_over_one(step, self.module.inputs):
                return "blocks"
            name = self.wanted(step.body[0]).rstrip("0123456789_")
            return f"{name}s" if name.endswith(COUNTABLE) else f"{name}_layers"
        if step.kind is StepKind.INVOKE:
            given = dict(parameters_given(self.module.program, step))
            unneeded = self.module.unneeded[step.class_name]
            texts = (value for key, value in given.items() if key in unneeded and isinstance(value, Text))
            return _hint(next(texts, None)) or step.class_name
        hint = _hint(dict(step.callee.keywords).get("name")) if isinstance(step.callee, Object) else ""
        return hint or SHORT.get(step.class_name) or identifier(snake_case(step.class_name), "layer")

    def named(self, step: Step) -> str:
        """The name of the value of a step, where it is that of a layer, too: one that decides its size, or does all."""
        name = step.names[0] if len(step.names) == 1 else ""
        if len(name) < 2 or name in self.reserved or name in ("inputs", "outputs") or step.kept:
            return ""
        sizes = isinstance(step.callee, Object) and {"units", "filters"} & set(dict(step.callee.keywords))
        alone = all(ref.source < 0 or ref.source in self.ends for ref in step.reads())
        return name if sizes or alone or step.kind is StepKind.INVOKE else ""


def owners(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps that have an attribute: layers, and loops over layers."""
    for step in steps:
        if step.kind in (StepKind.LAYER, StepKind.INVOKE) or (step.kind is StepKind.LOOP and owns_layers(step)):
            yield step
        elif step.kind is StepKind.IF:
            yield from owners(step.body)


def loop_variable(attribute: str) -> str:
    """The variable of a loop over a list of layers."""
    countable = tuple(f"{word}s" for word in COUNTABLE if word != "layer")
    name = attribute.rstrip("0123456789_")
    return name.removesuffix("s") if name.endswith(countable) else "layer"


def _hint(text: Tree | None) -> str:
    """A name for an attribute from that of a layer; numbers go behind it."""
    if not isinstance(text, Text):
        return ""
    joined = "_".join(part.strip("_") for part in text.parts if isinstance(part, str))
    found = re.fullmatch(r"(\d*)_?(.*?)_?", re.sub(r"\W+|_+", "_", joined).strip("_"))
    assert found is not None
    number, word = found.groups()
    return identifier(f"{word}{number}", "layer") if word and word[0].isalpha() else ""
