"""The steps of a routine as statements: variables that are handed on, loops, and calls of each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kscaffold.base.naming import unique
from kscaffold.program.text import literal
from kscaffold.program.tree import Code, Listing, Object, Ref, Tree, refs
from kscaffold.program.value import Step, StepKind
from kscaffold.source.expression import object_source, operator_source, source
from kscaffold.source.naming import Naming
from kscaffold.source.parts import Line
from kscaffold.source.variables import (
    END,
    MAIN,
    Uses,
    is_merge,
    is_operator,
    kept_name,
    values_of,
)

LONGEST_INLINE = 60  # characters of an operation that is written inside another


class RoutineWriter(Naming):
    """Writes the steps of one routine.

    Attributes:
        result: Source of what the last block gives.
    """

    result: str = ""

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
