"""The steps of a routine as statements: variables that are handed on, loops, and calls of each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kscaffold.base.naming import identifier, unique
from kscaffold.program.text import literal
from kscaffold.program.tree import Code, Listing, Object, Ref, Table, Tree, refs
from kscaffold.program.value import Routine, Step, StepKind, every_step
from kscaffold.source.expression import object_source, operator_source, source
from kscaffold.source.names import snake_case
from kscaffold.source.parts import Line
from kscaffold.source.variables import (
    END,
    MAIN,
    Uses,
    branch_name,
    chain_end,
    is_merge,
    is_operator,
    kept_name,
    live,
    values_of,
)

LONGEST_INLINE = 60  # characters of an operation that is written inside another
STATE_NAMES = {3: ("state_h", "state_c"), 2: ("state",), 5: ("forward_h", "forward_c", "backward_h", "backward_c")}
SEVERAL = {"top_k": ("values", "indices"), "moments": ("mean", "variance")}
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


@dataclass
class RoutineWriter:
    """Writes the steps of one routine.

    Attributes:
        routine: The routine.
        bound: The source of each value that there is.
        names: The functions and classes of the module, which no variable may hide.
        inline: Values that are written in place, each with how tightly its operator binds.
        result: Source of what the last block gives.
    """

    routine: Routine
    bound: dict[Ref, str]
    names: frozenset[str] = frozenset()
    inline: dict[Ref, int] = field(default_factory=dict)
    result: str = ""
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

    def layer_lines(self) -> list[Line]:
        """The layers and models that have a variable."""
        words, places = dict(self.routine.words), dict(self.routine.places)
        lines = []
        for name, made in self.routine.layers:
            lines.append(Line(f"{name} = {source(made, self.value)}", places.get(name)))
            if name in words:
                listed = ", ".join(literal(word) for word in words[name])
                lines.append(Line(f"{name}.set_vocabulary([{listed}])"))
        return lines

    def made(self, step: Step) -> str:
        """Source of the layer of a step."""
        return source(step.callee, self.value)

    def added(self, steps: Iterable[Step]) -> list[Line]:
        """Layers that are added to `model`."""
        lines: list[Line] = []
        for step in steps:
            if step.kind is StepKind.LOOP:
                lines.append(Line(self.loop_head(step), step.place))
                lines += [line.indented() for line in self.added(step.body)]
            elif step.kind is StepKind.INVOKE:
                lines.append(Line(self.call(step), step.place))
            else:
                lines.append(Line(f"model.add({self.made(step)})", step.place))
        return lines

    def listed(self, steps: Iterable[Step]) -> list[Line] | None:
        """Layers as the items of a list; `None` where a loop makes more than one layer again and again."""
        items = []
        for step in steps:
            made = self.item(step)
            if made is None:
                return None
            items.append(Line(f"{made},", step.place))
        return items

    def item(self, step: Step) -> str | None:
        """Source of a layer in a list, or of a layer that is repeated."""
        if step.kind in (StepKind.LAYER, StepKind.NAMED):
            return self.made(step)
        if step.kind is StepKind.LOOP and step.variables == ("_",) and len(step.body) == 1:
            made = self.item(step.body[0])
            return made and f"*[{made} for _ in {source(step.callee, self.value)}]"
        return None

    def loop_head(self, step: Step) -> str:
        """The line that begins a loop."""
        return f"for {', '.join(step.variables)} in {source(step.callee, self.value)}:"

    def call(self, step: Step) -> str:
        """Source of what a step computes."""
        args = [source(arg, self.value) for arg in step.args]
        if step.kind is StepKind.OPERATION and is_operator(step):
            assert isinstance(step.callee, Code)
            text, _ = operator_source(step.callee.text, step.args, self.value, self.inline)
            return text
        kwargs = [(key, source(value, self.value)) for key, value in step.kwargs]
        listed = [*args, *(f"{key}={value}" for key, value in kwargs)]
        made = (
            object_source(step.callee, lambda part: source(part, self.value))
            if isinstance(step.callee, Object)
            else self.made(step)
        )
        return f"{made}({', '.join(listed)})"

    def block(
        self, steps: Sequence[Step], result: Tree, returns: bool = False, into: str = "", kept: Iterable[Ref] = ()
    ) -> list[Line]:
        """The lines of steps.

        Args:
            steps: The steps.
            result: What is used behind them.
            returns: Whether that is returned.
            into: The variable that it is to be in.
            kept: Values that are used behind them, too.
        """
        uses = Uses(steps, result, kept)
        self.into = into
        lines: list[Line] = []
        for index, step in enumerate(steps):
            last = index == len(steps) - 1
            values = values_of(step, uses)
            if step.kind is StepKind.IF:
                before = dict(self.bound)
                alias = self.aliases(index, step, steps, uses)
                wanted = MAIN if alias else into if last and values == [result] else ""
                lines += [*alias, *self.condition(index, step, steps, uses, wanted, before)]
                continue
            text = "" if step.kind is StepKind.LOOP else self.call(step)
            alias = self.aliases(index, step, steps, uses)
            lines += alias
            if step.kind is StepKind.LOOP:
                lines += self.loop(index, step, steps, uses, into if last else "", MAIN if alias else "")
                continue
            if last and values == [result] and returns:
                return [*lines, Line(f"return {text}", step.place)]
            if self.goes_inline(index, step, steps, uses, text):
                continue
            wanted = into if last and values == [result] else ""
            targets = self.targets(index, step, steps, uses, wanted or (MAIN if alias else ""))
            lines.append(Line(f"{targets} = {text}", step.place))
        self.result = source(result, self.value)
        if returns:
            several = isinstance(result, Listing) and result.brackets == "()" and len(result.items) > 1
            lines.append(Line(f"return {self.result[1:-1] if several else self.result}"))
        elif into and self.result != into:
            lines.append(Line(f"{into} = {self.result}"))
        return lines

    def goes_inline(self, index: int, step: Step, steps: Sequence[Step], uses: Uses, text: str) -> bool:
        """Whether an operation is written inside the next one, which alone takes it."""
        value = Ref(step.uid)
        places = uses.at.get(value, [])
        if step.kind is not StepKind.OPERATION or len(text) > LONGEST_INLINE or len(places) != 1 or places[0] == END:
            return False
        if step.outputs != ((),) or step.names:
            return False
        user = steps[places[0]]
        between = steps[index + 1 : places[0] + 1]
        if list(user.reads()).count(value) > 1 or not all(one.kind is StepKind.OPERATION for one in between):
            return False
        binds = 9
        if is_operator(step):
            assert isinstance(step.callee, Code)
            _, binds = operator_source(step.callee.text, step.args, self.value, self.inline)
        self.bound[value], self.inline[value] = text, binds
        # What it is made of is needed until it is written.
        for ref in step.reads():
            uses.at[ref] = sorted({*uses.at[ref], places[0]})
        return True

    def aliases(self, index: int, step: Step, steps: Sequence[Step], uses: Uses) -> list[Line]:
        """`shortcut = x`: a name for a value that a merging layer takes later, so that the chain can go on in `x`."""
        reads = list(dict.fromkeys(step.reads()))
        if self.named or len(reads) != 1 or self.bound.get(reads[0]) != MAIN or reads[0] in self.inline:
            return []
        later = uses.later(reads[0], index)
        if not later or END in later or not all(is_merge(steps[place]) for place in later):
            return []
        merge = steps[later[0]]
        wanted = kept_name(merge, reads[0])
        if wanted is None:
            return []
        name = unique(wanted, self.taken(uses, index))
        self.bound[reads[0]] = name
        return [Line(f"{name} = {MAIN}")]

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
        states = STATE_NAMES.get(len(values), ()) if step.class_name in RECURRENT else ()
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

    def loop(self, index: int, step: Step, steps: Sequence[Step], uses: Uses, into: str, wanted: str) -> list[Line]:
        """A loop that hands one value on in a variable."""
        (first,) = step.args
        before = wanted or source(first, self.value)
        name = into or wanted or self.variable(index, step, steps, uses, Ref(step.uid))
        lines = [] if before == name else [Line(f"{name} = {before}", step.place)]
        inner = RoutineWriter(self.routine, {**self.bound, Ref(step.uid): name}, self.names, in_loop=True)
        inner.fixed = self.fixed
        inner.reserved = self.reserved | set(step.variables) | (self.taken(uses, index) - {name})
        assert step.result is not None
        body = inner.block(step.body, step.result, into=name, kept=self.kept_in_loop(step))
        self.bound[Ref(step.uid)] = name
        return [*lines, Line(self.loop_head(step), step.place), *(line.indented() for line in body)]

    def condition(
        self, index: int, step: Step, steps: Sequence[Step], uses: Uses, into: str, bound: dict[Ref, str]
    ) -> list[Line]:
        """Steps that are left out unless something holds."""
        (first,) = step.args
        before = source(first, lambda ref: bound.get(ref) or self.value(ref))
        taken = self.taken(uses, index)
        read = {self.bound[ref] for inner in step.body for ref in inner.reads() if ref in self.bound}
        if before.isidentifier() and before not in taken:
            name = before  # also where it has just got another name
        else:
            name = into or self.variable(index, step, steps, uses, Ref(step.uid))
            name = unique(name, taken | read) if name in read else name
        lines = [] if before == name else [Line(f"{name} = {before}")]
        inner = RoutineWriter(self.routine, bound if name == before else dict(self.bound), self.names, in_loop=True)
        inner.fixed = self.fixed
        inner.reserved = self.reserved | (self.taken(uses, index) - {name})
        assert step.result is not None
        # What has another name outside is not lost where the variable gets a new value inside.
        later = {ref for ref in self.bound if uses.later(ref, index) and bound.get(ref) != name}
        body = inner.block(step.body, step.result, into=name, kept=later)
        self.bound[Ref(step.uid)] = name
        lines += [Line(f"if {source(step.callee, self.value)}:"), *(line.indented() for line in body)]
        return [*lines, Line(f"{into} = {name}")] if into and name != into else lines

    def kept_in_loop(self, step: Step) -> set[Ref]:
        """The values from outside that each round of a loop needs."""
        return {ref for ref in step.reads() if ref not in refs(step.args[0])}
