"""Which variable each value of a routine is bound to: what a user named it, what it means, or one that is handed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kscaffold.base.naming import identifier, snake_case, unique
from kscaffold.keras_data import catalogue
from kscaffold.program.text import literal
from kscaffold.program.tree import Code, Object, Ref, Table, refs
from kscaffold.program.value import Routine, Step, StepKind, every_step
from kscaffold.source.variables import (
    END,
    MAIN,
    Uses,
    branch_name,
    chain_end,
    is_operator,
    live,
    values_of,
)

STATE_NAMES = {3: ("state_h", "state_c"), 2: ("state",), 5: ("forward_h", "forward_c", "backward_h", "backward_c")}
SEVERAL = {"top_k": ("values", "indices"), "moments": ("mean", "variance")}


@dataclass
class Naming:
    """Chooses the variables of the values of a routine.

    Attributes:
        routine: The routine.
        bound: The source of each value that there is.
        names: The functions and classes of the module, which no variable may hide.
        inline: Values that are written in place, each with how tightly its operator binds.
        in_loop: Whether the steps are those of a loop or an `if`.
        into: The variable that the last value is to be in.
    """

    routine: Routine
    bound: dict[Ref, str]
    names: frozenset[str] = frozenset()
    inline: dict[Ref, int] = field(default_factory=dict)
    in_loop: bool = False
    into: str = ""

    def __post_init__(self) -> None:
        self.fixed = set(self.bound.values()) if self.routine.model and not self.in_loop else set()
        self.reserved = {name for name, _ in self.routine.layers} | {item.name for item in self.routine.parameters}
        self.reserved |= {name for name, _ in self.routine.widths}
        self.reserved |= {"keras", "layers", "ops", "np", *self.names}
        self.named = {name for step in every_step(self.routine.steps) for name in step.names} - {"_"}

    def value(self, ref: Ref) -> str:
        """Source of a value."""
        if ref in self.bound:
            return self.bound[ref]
        base = self.bound[Ref(ref.source)]
        return base + "".join(f"[{literal(part)}]" for part in ref.path)

    def taken(self, uses: Uses, index: int) -> set[str]:
        """The names that cannot be given to what a step makes."""
        names = {
            text.partition("[")[0] for ref, text in live(self.bound, uses, index).items() if ref not in self.inline
        }
        return names | self.reserved | self.fixed | self.named

    def given_name(self, name: str, uses: Uses, index: int) -> str:
        """The variable for a value that somebody has named."""
        return unique(name, self.taken(uses, index) - (self.named - self.reserved - self.fixed))

    def name_ahead(self, index: int, step: Step, steps: Sequence[Step], uses: Uses) -> str | None:
        """The name that somebody gave to what a chain becomes that goes through a step: it is handed on under it.

        What becomes a result is handed on as `x` before, where that is free.
        """
        while not step.names:
            places = uses.at.get(Ref(step.uid, step.outputs[0] if step.outputs else ()), [])
            if len(places) != 1 or places[0] == END:
                return None
            index, step = places[0], steps[places[0]]
        ends = any(END in uses.at.get(value, []) for value in values_of(step, uses))
        return MAIN if ends and MAIN not in self.taken(uses, index) else step.names[0]

    def targets(self, index: int, step: Step, steps: Sequence[Step], uses: Uses, into: str) -> str:
        """The variable or variables that a step is assigned to."""
        values = values_of(step, uses)
        outputs = step.outputs
        if len(outputs) > 1 and all(len(path) == 1 and isinstance(path[0], int) for path in outputs):
            if len(step.names) == len(outputs):
                return self.unpacked_as_named(index, step, uses)
            return self.unpacked(index, step, steps, uses)
        if outputs == ((),) or not values:
            name = into or self.variable(index, step, steps, uses, Ref(step.uid))
            self.bound[Ref(step.uid)] = name
            return name
        name = step.names[0] if step.names else ""
        name = self.given_name(name, uses, index) if name else unique(self.named_after(step), self.taken(uses, index))
        for value in values:
            self.bound[value] = name + "".join(f"[{literal(part)}]" for part in value.path)
        return name

    def unpacked_as_named(self, index: int, step: Step, uses: Uses) -> str:
        """The variables of several values that somebody has named."""
        names: list[str] = []
        for name, path in zip(step.names, step.outputs):
            value = Ref(step.uid, path)
            names.append(self.given_name(name, uses, index) if value in uses.at else "_")
            self.bound[value] = names[-1]
        return ", ".join(names)

    def unpacked(self, index: int, step: Step, steps: Sequence[Step], uses: Uses) -> str:
        """The variables of several values."""
        values = [Ref(step.uid, path) for path in step.outputs]
        has_states = step.class_name == "Bidirectional" or catalogue.states_of(step.class_name)
        states = STATE_NAMES.get(len(values), ()) if has_states else ()
        names: list[str] = []
        for place, value in enumerate(values):
            if value not in uses.at:
                names.append("_")
                continue
            if place and states:
                wanted = states[place - 1]
            elif states:
                wanted = self.variable(index, step, steps, uses, value)
            else:
                several = SEVERAL.get(step.class_name)
                wanted = several[place] if several else f"{self.named_after(step)}{place + 1}"
            name = unique(wanted, (self.taken(uses, index) - ({wanted} if not place else set())) | set(names))
            names.append(name)
        for value, name in zip(values, names):
            self.bound[value] = name
        return ", ".join(names)

    def named_after(self, step: Step) -> str:
        """A name for what a step gives: that of its layer."""
        if isinstance(step.callee, Object):
            name = dict(step.callee.keywords).get("name")
            if name is not None and all(isinstance(part, str) for part in getattr(name, "parts", (None,))):
                found = identifier("".join(getattr(name, "parts", ())), "value")
                return found if found not in self.reserved else f"{found}_output"
            return identifier(snake_case(step.class_name), "value")
        if step.kind is StepKind.NAMED:
            assert isinstance(step.callee, Code)
            owner, _, attribute = step.callee.text.rpartition(".")
            return attribute if owner else f"{attribute}_output"
        if step.kind in (StepKind.INVOKE, StepKind.LOOP, StepKind.IF):
            return "branch"
        return "value" if is_operator(step) else identifier(step.class_name, "value")

    def variable(self, index: int, step: Step, steps: Sequence[Step], uses: Uses, value: Ref) -> str:
        """The variable for the one value of a step."""
        if step.names:
            return self.given_name(step.names[0], uses, index)
        if self.named and (ahead := self.name_ahead(index, step, steps, uses)):
            return ahead if ahead == MAIN else self.given_name(ahead, uses, index)
        taken = self.taken(uses, index)
        places = uses.at.get(value, [])
        builds = self.routine.model is not None and not self.in_loop and step.kind not in (StepKind.LOOP, StepKind.IF)
        if places == [END] and builds and value in refs(self.routine.result):
            return unique(self.output_name(value, step), taken)
        reads = list(dict.fromkeys(step.reads()))
        names = {ref: self.bound[ref] for ref in reads if ref in self.bound and ref not in self.inline}
        dying = [name for ref, name in names.items() if name.isidentifier() and name not in taken]
        if MAIN not in taken and (len(reads) > 1 or MAIN in dying):
            return MAIN
        if dying:
            return (
                MAIN if dying[0].startswith(("branch", "gate")) and len(reads) > 1 and MAIN not in taken else dying[0]
            )
        merge, end, place = chain_end(step, index, uses, steps)
        if place == END and self.into and self.into not in taken:
            return self.into
        if merge is not None:
            inputs = [ref for ref in reads if ref.source < 0]
            if self.routine.model and len(self.routine.model.inputs) > 1 and inputs:
                word = self.bound[inputs[0]]
                return unique(f"{word}_branch" if "features" in word else f"{word}_features", taken)
            if MAIN not in taken and len(dict.fromkeys(merge.reads())) > 1 and not reads:
                return MAIN
            if MAIN in taken or step.kind is StepKind.IF or not self.single(reads):
                return unique(branch_name(merge, end, reads[0] if reads else end, steps), taken)
        if place == END and builds and MAIN in taken:
            last = next((one for one in steps if Ref(one.uid, end.path) == end), step)
            return unique(self.output_name(end, last), taken)
        return unique(MAIN if MAIN not in taken else self.named_after(step), taken)

    def output_name(self, value: Ref, step: Step) -> str:
        """The name of an output of a model: its key, or that of its layer if there are several."""
        result = self.routine.result
        if isinstance(result, Table):
            key = next((key for key, item in result.items if item == value), "output")
            return identifier(key, "output") if identifier(key, "output") not in self.reserved else f"{key}_output"
        return self.named_after(step) if len(list(refs(result))) > 1 else "outputs"

    def single(self, reads: Sequence[Ref]) -> bool:
        """Whether a step takes nothing but the one input that there is."""
        return self.routine.inputs == 1 and all(ref.source < 0 for ref in reads)
