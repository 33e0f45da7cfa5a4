"""The steps of a routine as statements: variables that are handed on, loops, and calls of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from kscaffold.base.naming import unique
from kscaffold.program.text import literal
from kscaffold.program.tree import Code, Listing, Object, Ref, Tree, refs
from kscaffold.program.value import Routine, Step, StepKind
from kscaffold.source.expression import object_source, operator_source, source
from kscaffold.source.naming import END, MAIN, Naming, Uses, is_merge, is_operator, kept_name
from kscaffold.source.parts import Line

LONGEST_INLINE = 60  # characters of an operation that is written inside another


def made_lines(routine: Routine, name: str, made: str, owner: str = "") -> Iterator[Line]:
    """The statements that make a layer or a model that has a variable, or an attribute of `owner`."""
    yield Line(f"{owner}{name} = {made}", dict(routine.places).get(name))
    if words := dict(routine.words).get(name):
        yield Line(f"{owner}{name}.set_vocabulary([{', '.join(map(literal, words))}])")


class RoutineWriter(Naming):
    """Writes the steps of one routine, or of a loop or an `if` in it."""

    result: str = ""  # source of what the block gives

    def source(self, tree: Tree) -> str:
        """Source of a tree, in which values are those of the routine."""
        return source(tree, self.value)

    def layer_lines(self) -> list[Line]:
        """The layers and models that have a variable."""
        layers = self.routine.layers
        return [line for name, made in layers for line in made_lines(self.routine, name, self.source(made))]

    def added(self, steps: Iterable[Step]) -> Iterator[Line]:
        """Layers that are added to `model`."""
        for step in steps:
            if step.kind is StepKind.LOOP:
                yield Line(self.loop_head(step), step.place)
                yield from (line.indented() for line in self.added(step.body))
            elif step.kind is StepKind.INVOKE:
                yield Line(self.call(step), step.place)
            else:
                yield Line(f"model.add({self.source(step.callee)})", step.place)

    def item(self, step: Step) -> str | None:
        """Source of a layer in a list, or of one that is repeated; `None` where a loop makes more than one."""
        if step.kind in (StepKind.LAYER, StepKind.NAMED):
            return self.source(step.callee)
        if step.kind is StepKind.LOOP and step.variables == ("_",) and len(step.body) == 1:
            made = self.item(step.body[0])
            return made and f"*[{made} for _ in {self.source(step.callee)}]"
        return None

    def loop_head(self, step: Step) -> str:
        """The line that begins a loop."""
        return f"for {', '.join(step.variables)} in {self.source(step.callee)}:"

    def call(self, step: Step) -> str:
        """Source of what a step computes."""
        if is_operator(step):
            return self.operator(step)[0]
        listed = [*map(self.source, step.args), *(f"{key}={self.source(value)}" for key, value in step.kwargs)]
        # A layer that is chosen by a condition or a number is none that could be called.
        made = object_source(step.callee, self.source) if isinstance(step.callee, Object) else self.source(step.callee)
        return f"{made}({', '.join(listed)})"

    def operator(self, step: Step) -> tuple[str, int]:
        """Source of an operator, and how tightly it binds."""
        assert isinstance(step.callee, Code)
        return operator_source(step.callee.text, step.args, self.value, self.inline)

    def block(
        self, steps: Sequence[Step], result: Tree, returns: bool = False, into: str = "", kept: Iterable[Ref] = ()
    ) -> list[Line]:
        """The lines of steps, behind which `result` and the values in `kept` are used.

        The result is returned, or is to be in the variable `into`.
        """
        self.uses, self.into = Uses(steps, result, kept), into
        lines: list[Line] = []
        for self.uses.index, step in enumerate(steps):
            ends = step is steps[-1] and self.uses.values_of(step) == [result]
            before = dict(self.bound) if step.kind is StepKind.IF else {}
            text = "" if step.body else self.call(step)
            if not (ends and returns) and self.goes_inline(step, text):
                continue
            alias = self.aliases(step)
            lines += alias
            wanted = into if ends else ""
            if step.kind is StepKind.IF:
                lines += self.condition(step, MAIN if alias else wanted, before)
            elif step.kind is StepKind.LOOP:
                lines += self.loop(step, into if step is steps[-1] else "", MAIN if alias else "")
            elif ends and returns:
                return [*lines, Line(f"return {text}", step.place)]
            else:
                lines.append(Line(f"{self.targets(step, wanted or (MAIN if alias else ''))} = {text}", step.place))
        self.result = self.source(result)
        if returns:
            several = isinstance(result, Listing) and result.brackets == "()" and len(result.items) > 1
            lines.append(Line(f"return {self.result[1:-1] if several else self.result}"))
        elif into and self.result != into:
            lines.append(Line(f"{into} = {self.result}"))
        return lines

    def goes_inline(self, step: Step, text: str) -> bool:
        """Whether an operation is written inside the next one, which alone takes it."""
        value, place = self.uses.goes_to(step)
        if step.kind is not StepKind.OPERATION or len(text) > LONGEST_INLINE or place is None or place == END:
            return False
        between = self.uses.steps[self.uses.index + 1 : place + 1]
        if step.outputs != ((),) or step.names or any(one.kind is not StepKind.OPERATION for one in between):
            return False
        if list(between[-1].reads()).count(value) > 1:
            return False
        self.bound[value], self.inline[value] = text, self.operator(step)[1] if is_operator(step) else 9
        # What it is made of is needed until it is written.
        for ref in step.reads():
            self.uses.at[ref] = sorted({*self.uses.at[ref], place})
        return True

    def aliases(self, step: Step) -> list[Line]:
        """`shortcut = x`: a name for a value that a merging layer takes later, so that the chain can go on in `x`."""
        reads = list(dict.fromkeys(step.reads()))
        if self.named or len(reads) != 1 or self.bound.get(reads[0]) != MAIN or reads[0] in self.inline:
            return []
        later = self.uses.later(reads[0])
        if not later or END in later or not all(is_merge(self.uses.steps[place]) for place in later):
            return []
        wanted = kept_name(self.uses.steps[later[0]], reads[0])
        if wanted is None:
            return []
        self.bound[reads[0]] = unique(wanted, self.taken())
        return [Line(f"{self.bound[reads[0]]} = {MAIN}")]

    def inside(self, bound: dict[Ref, str], reserved: set[str]) -> RoutineWriter:
        """What writes the body of a loop or an `if`."""
        inner = RoutineWriter(self.routine, bound, self.names, in_loop=True)
        inner.fixed, inner.reserved = self.fixed, self.reserved | reserved
        return inner

    def loop(self, step: Step, into: str, wanted: str) -> list[Line]:
        """A loop that hands one value on in a variable."""
        (first,) = step.args
        before = wanted or self.source(first)
        name = into or wanted or self.variable(step, Ref(step.uid))
        lines = [] if before == name else [Line(f"{name} = {before}", step.place)]
        inner = self.inside({**self.bound, Ref(step.uid): name}, set(step.variables) | (self.taken() - {name}))
        assert step.result is not None
        kept = set(step.reads()) - set(refs(first))  # what each round needs
        kept |= {ref for _, ref in step.kept}
        body = inner.block(self.with_names(step, name), step.result, into=name, kept=kept)
        self.bound[Ref(step.uid)] = name
        for key, ref in step.kept:
            listed = unique(f"{key}s", self.taken())
            self.bound[Ref(step.uid, (key,))] = listed
            lines.append(Line(f"{listed} = []"))
            body.append(Line(f"{listed}.append({inner.value(ref)})"))
        return [*lines, Line(self.loop_head(step), step.place), *(line.indented() for line in body)]

    def with_names(self, step: Step, name: str) -> tuple[Step, ...]:
        """The steps of a loop, the last of which makes the value that is handed on and those that are collected."""
        *before, last = step.body
        return (*before, replace(last, names=(name, *(key for key, _ in step.kept)))) if step.kept else step.body

    def condition(self, step: Step, into: str, bound: dict[Ref, str]) -> list[Line]:
        """Steps that are left out unless something holds; `bound` is from before a value got another name for them."""
        (first,) = step.args
        before = source(first, lambda ref: bound.get(ref) or self.value(ref))
        taken = self.taken()
        read = {self.bound[ref] for inner in step.body for ref in inner.reads() if ref in self.bound}
        if before.isidentifier() and before not in taken:
            name = before  # also where it has just got another name
        else:
            name = into or self.variable(step, Ref(step.uid))
            name = unique(name, taken | read) if name in read else name
        lines = [] if before == name else [Line(f"{name} = {before}")]
        inner = self.inside(bound if name == before else dict(self.bound), self.taken() - {name})
        assert step.result is not None
        # What has another name outside is not lost where the variable gets a new value inside.
        later = {ref for ref in self.bound if self.uses.later(ref) and bound.get(ref) != name}
        body = inner.block(step.body, step.result, into=name, kept=later)
        self.bound[Ref(step.uid)] = name
        lines += [Line(f"if {self.source(step.callee)}:"), *(line.indented() for line in body)]
        return [*lines, Line(f"{into} = {name}")] if into and name != into else lines
