"""Which variable each value of a routine is bound to: what a user named it, what it means, or one that is handed on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kscaffold.base.naming import identifier, snake_case, unique
from kscaffold.keras_data import catalogue
from kscaffold.program.text import literal
from kscaffold.program.tree import Code, Object, Ref, Table, Tree, refs
from kscaffold.program.value import Routine, Step, StepKind, every_step

MAIN = "x"
END = 10**9  # the place behind the last step
# What a value is called that waits for a layer that merges it with others.
KEPT = {"Add": "shortcut", "+": "shortcut", "Subtract": "shortcut", "Concatenate": "skip", "concatenate": "skip"}
STATE_NAMES = {3: ("state_h", "state_c"), 2: ("state",), 5: ("forward_h", "forward_c", "backward_h", "backward_c")}
SEVERAL = {"top_k": ("values", "indices"), "moments": ("mean", "variance")}


@dataclass
class Uses:
    """Where the values of some steps are used: by the steps, as their result, or kept for something else.

    Attributes:
        index: How far the steps have come.
        at: The places of the steps that use each value, in order.
    """

    steps: Sequence[Step]
    result: Tree
    kept: Iterable[Ref] = ()
    index: int = 0

    def __post_init__(self) -> None:
        self.at: dict[Ref, list[int]] = {}
        for index, step in enumerate(self.steps):
            for ref in dict.fromkeys(step.reads()):
                self.at.setdefault(ref, []).append(index)
        for ref in (*refs(self.result), *self.kept):
            self.at.setdefault(ref, []).append(END)

    def later(self, ref: Ref, index: int | None = None) -> list[int]:
        """Where a value is used behind a step, the next one if none is named."""
        return [place for place in self.at.get(ref, []) if place > (self.index if index is None else index)]

    def values_of(self, step: Step) -> list[Ref]:
        """The values that a step gives and something uses; those in one container are found by it."""
        return [ref for ref in self.at if ref.source == step.uid]

    def goes_to(self, step: Step) -> tuple[Ref, int | None]:
        """The first value of a step, and the one place where it is used; `None` where that is not one."""
        value = Ref(step.uid, step.outputs[0] if step.outputs else ())
        places = self.at.get(value, [])
        return value, places[0] if len(places) == 1 else None

    def chain_end(self, step: Step) -> tuple[Step | None, Ref, int | None]:
        """Where the chain ends that begins with a step: the step that merges it, its value there, and the place.

        There is no such step where the chain forks, or ends with the result.
        """
        value, place = self.goes_to(step)
        while place is not None and place != END:
            if is_merge(self.steps[place]):
                return self.steps[place], value, place
            value, place = self.goes_to(self.steps[place])
        return None, value, place

    def chain_length(self, value: Ref) -> int:
        """How many steps in a row make a value, each of what the one before gives."""
        makers = {step.uid: step for step in self.steps}
        length = 0
        while value.source in makers and len(reads := set(makers[value.source].reads())) == 1:
            length, value = length + 1, reads.pop()
        return length


def is_merge(step: Step) -> bool:
    """Whether a step takes several values that were computed."""
    return len(set(step.reads())) > 1


def kept_name(merge: Step, value: Ref) -> str | None:
    """What a value is called that a merging step, or one inside of it, takes as it is."""
    for step in merge.body:
        if value in step.reads():
            return kept_name(step, value)
    return KEPT.get(merge.class_name)


def branch_name(merge: Step, value: Ref, source: Ref, uses: Uses) -> str:
    """What a chain is called that begins at `source` and ends as `value` in a merging step."""
    taken = list(dict.fromkeys(merge.reads()))
    name = merge.class_name
    if name in ("Add", "+") and len(taken) == 2:
        lengths = {ref: uses.chain_length(ref) for ref in taken}
        if all(lengths[value] > lengths[other] + 1 for other in taken if other != value):
            return "residual"
    if name in ("Multiply", "*") and source in taken:
        return "gate"
    if name in ("Add", "+", "Subtract", "-", "Average", "Maximum", "Minimum") and len(taken) == 2:
        return "shortcut" if taken[0] == value or source in taken else "branch"
    if name in ("Concatenate", "concatenate", "Add", "Average", "Maximum"):
        return f"branch{taken.index(value) + 1}"
    return "branch"


def is_operator(step: Step) -> bool:
    """Whether a step is an operator, and no function."""
    return step.kind is StepKind.OPERATION and not step.is_function


@dataclass
class Naming:
    """Chooses the variables of the values of a routine, or of a loop or an `if` in it.

    Attributes:
        bound: The source of each value that there is.
        names: The functions and classes of the module, which no variable may hide.
        inline: Values that are written in place, each with how tightly its operator binds.
        in_loop: Whether the steps are those of a loop or an `if`.
        into: The variable that the last value is to be in.
        uses: The steps, and which of them is next.
    """

    routine: Routine
    bound: dict[Ref, str]
    names: frozenset[str] = frozenset()
    inline: dict[Ref, int] = field(default_factory=dict)
    in_loop: bool = False
    into: str = ""
    uses: Uses = field(default_factory=lambda: Uses((), Ref(-1)))

    def __post_init__(self) -> None:
        routine = self.routine
        self.fixed = set(self.bound.values()) if routine.model and not self.in_loop else set()
        self.reserved = {name for name, _ in (*routine.layers, *routine.widths)}
        self.reserved |= {item.name for item in routine.parameters} | {"keras", "layers", "ops", "np", *self.names}
        self.named = {name for step in every_step(routine.steps) for name in step.names} - {"_"}

    def value(self, ref: Ref) -> str:
        """Source of a value."""
        return self.bound[ref] if ref in self.bound else _part(self.bound[Ref(ref.source)], ref)

    def taken(self, index: int | None = None) -> set[str]:
        """The names that cannot be given to what a step makes, the next one if none is named."""
        return self.alive(index) | self.reserved | self.fixed | self.named

    def alive(self, index: int | None = None) -> set[str]:
        """The variables that are needed behind a step, the next one if none is named."""
        needed = (text for ref, text in self.bound.items() if ref not in self.inline and self.uses.later(ref, index))
        return {text.partition("[")[0] for text in needed}

    def given_name(self, name: str) -> str:
        """The variable for a value that somebody has named."""
        return unique(name, self.alive() | self.reserved | self.fixed)

    def name_ahead(self, step: Step) -> str | None:
        """The name that somebody gave to what a chain becomes that goes through a step: it is handed on under it.

        What becomes a result is handed on as `x` before, where that is free.
        """
        index = self.uses.index
        while not step.names:
            _, place = self.uses.goes_to(step)
            if place is None or place == END:
                return None
            index, step = place, self.uses.steps[place]
        ends = any(END in self.uses.at[value] for value in self.uses.values_of(step))
        return MAIN if ends and MAIN not in self.taken(index) else step.names[0]

    def targets(self, step: Step, into: str) -> str:
        """The variable or variables that a step is assigned to."""
        values, outputs = self.uses.values_of(step), step.outputs
        if len(outputs) > 1 and all(len(path) == 1 and isinstance(path[0], int) for path in outputs):
            return ", ".join(self.unpacked(step))
        if outputs == ((),) or not values:
            name = self.bound[Ref(step.uid)] = into or self.variable(step, Ref(step.uid))
            return name
        name = self.given_name(step.names[0]) if step.names else unique(self.named_after(step), self.taken())
        self.bound |= {value: _part(name, value) for value in values}
        return name

    def unpacked(self, step: Step) -> list[str]:
        """The variables of several values."""
        values = [Ref(step.uid, path) for path in step.outputs]
        has_states = step.class_name == "Bidirectional" or catalogue.states_of(step.class_name)
        states = STATE_NAMES.get(len(values), ()) if has_states else ()
        named = step.names if len(step.names) == len(values) else ()
        names: list[str] = []
        for place, value in enumerate(values):
            if value not in self.uses.at:
                names.append("_")
            elif named:
                names.append(self.given_name(named[place]))
            else:
                if states:
                    wanted = states[place - 1] if place else self.variable(step, value)
                else:
                    several = SEVERAL.get(step.class_name)
                    wanted = several[place] if several else f"{self.named_after(step)}{place + 1}"
                names.append(unique(wanted, (self.taken() - ({wanted} if not place else set())) | set(names)))
        self.bound |= zip(values, names)
        return names

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

    def variable(self, step: Step, value: Ref) -> str:
        """The variable for the one value of a step."""
        returned = step.kind is StepKind.LOOP and self.routine.model is None and self.uses.at.get(value) == [END]
        if step.names and returned and not self.in_loop and MAIN not in self.taken():
            return MAIN
        if step.names:
            return self.given_name(step.names[0])
        if self.named and (ahead := self.name_ahead(step)):
            is_free = ahead not in self.alive() | self.reserved | self.fixed
            return ahead if is_free else unique(self.named_after(step), self.taken())
        taken, model = self.taken(), self.routine.model
        builds = model is not None and not self.in_loop and step.kind not in (StepKind.LOOP, StepKind.IF)
        if self.uses.at.get(value) == [END] and builds and value in refs(self.routine.result):
            return unique(self.output_name(value, step), taken)
        reads = list(dict.fromkeys(step.reads()))
        names = [self.bound[ref] for ref in reads if ref in self.bound and ref not in self.inline]
        dying = [name for name in names if name.isidentifier() and name not in taken]
        main_is_free = MAIN not in taken
        if main_is_free and (len(reads) > 1 or MAIN in dying):
            return MAIN
        if dying:
            return dying[0]
        merge, end, place = self.uses.chain_end(step)
        if place == END and self.into and self.into not in taken:
            return self.into
        if merge is not None:
            inputs = [ref for ref in reads if ref.source < 0]
            if model and len(model.inputs) > 1 and inputs:
                word = self.bound[inputs[0]]
                return unique(f"{word}_branch" if "features" in word else f"{word}_features", taken)
            if main_is_free and not reads:
                return MAIN
            only_input = self.routine.inputs == 1 and all(ref.source < 0 for ref in reads)
            if not main_is_free or step.kind is StepKind.IF or not only_input:
                return unique(branch_name(merge, end, reads[0] if reads else end, self.uses), taken)
        if place == END and builds and not main_is_free:
            last = next((one for one in self.uses.steps if Ref(one.uid, end.path) == end), step)
            return unique(self.output_name(end, last), taken)
        return MAIN if main_is_free else unique(self.named_after(step), taken)

    def output_name(self, value: Ref, step: Step) -> str:
        """The name of an output of a model: its key, or that of its layer if there are several."""
        result = self.routine.result
        if isinstance(result, Table):
            key = next((key for key, item in result.items if item == value), "output")
            return identifier(key, "output") if identifier(key, "output") not in self.reserved else f"{key}_output"
        return self.named_after(step) if len(list(refs(result))) > 1 else "outputs"


def _part(name: str, value: Ref) -> str:
    """Source of a value that is in a container."""
    return name + "".join(f"[{literal(part)}]" for part in value.path)
