"""Finds what is repeated in a program, and makes functions and loops of it, the most worthwhile first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from itertools import combinations, count, groupby, takewhile
from typing import TypeAlias

from kscaffold.factor.cost import lines_of, total
from kscaffold.factor.derive import derive
from kscaffold.factor.hoist import hoist
from kscaffold.factor.merge import Layout, flat, instantiated, lay_out, unify_calls
from kscaffold.factor.program import Parameter, Program, Routine, Step, StepKind, every_step
from kscaffold.factor.texts import CannotUnify, Token, joined, tokens
from kscaffold.factor.unify import Unified, free_variables, local, map_all, unify
from kscaffold.factor.windows import Steps
from kscaffold.factor.words import ACTIVATIONS, function_words, iterable, loop_names, parameter_names, unique
from kscaffold.saved.tree import Code, Object, Plain, Ref, Scaled, Text, Tree, Variable, transform

# Whether single steps in a row become loops at the start, and whether functions that are alike become one.
STRATEGIES = ((False, True), (False, False), (True, True), (True, False))
LARGE = 300  # steps of a program for which two of them have to do, or one if there are twice as many
MOST_TRIED = 3000  # candidates in each round
MOST_PARAMETERS = 7
MOST_COLUMNS = 4
LONG_TABLE = 5  # rounds of a loop that may have more columns
MOST_INPUTS = 3
WIDE = 8  # lines of a single step that may become a function of many parameters
LEAST_GAIN = 2.0
BETTER_AS_ONE = 4  # lines that two functions of one kind may be shorter by
WORTH_A_PAIR = 8.0  # what a function has to save that is called twice
MOST_ROUNDS = 200
EVALUATED = 400  # candidates that are looked at closely in each round
FUNCTION_LINES = 5  # its head, its docstring, two empty lines, and a look for it
SMALLEST_ABSORBING = 5  # steps of a function that others become calls of
Pairs: TypeAlias = "tuple[tuple[str, Tree], ...]"
MODULE_NAMES = {"keras", "layers", "ops", "np"}


@dataclass(frozen=True)
class Candidate:
    """Something that could be done.

    Attributes:
        gain: The lines that it saves, less what makes it hard to read.
        starts: Where the repetitions begin.
        length: How many steps each has.
        unified: The steps that stand for all.
        outside: For each repetition, the values from outside.
        given: For each repetition, the value that it gives.
        loops: Whether it is a loop.
    """

    gain: float
    starts: tuple[int, ...]
    length: int
    unified: Unified
    outside: tuple[tuple[Ref, ...], ...]
    given: tuple[Ref, ...]
    loops: bool


def factor(program: Program) -> Program:
    """A program in which what is repeated is said once."""
    program = hoist(program)
    routines = list(program.routines)
    largest = max((step.uid for routine in routines for step in every_step(routine.steps)), default=0)
    found = []
    size = sum(len(routine.steps) for routine in routines)
    for runs_first, merges in STRATEGIES[: 4 if size <= LARGE else 2 if size <= 2 * LARGE else 1]:
        search = _Search(list(routines), largest)
        if runs_first:
            search.collapse_runs()
        if merges:
            for whole_names in (True, False):
                search.whole_names = whole_names
                while (best := search.best(functions_alone=True)) is not None:
                    search.apply(best)
                    search.merge_functions()
                search.absorb(named=whole_names)
            search.whole_names = False
            search.inline_single()
            search.collapse_calls()
        for _ in range(MOST_ROUNDS):
            best = search.best()
            if best is None:
                break
            search.apply(best)
            search.collapse_calls()
        found.append(search.finished())
    return Program(tuple(min(found, key=_length)))


def _length(routines: Sequence[Routine]) -> float:
    """The lines of a program; a function counts for more than its lines, because a reader has to look it up."""
    return sum(total(routine.steps) + (0 if routine.model else FUNCTION_LINES + 2) for routine in routines)


class _Search:
    def __init__(self, routines: list[Routine], largest: int) -> None:
        self.routines = routines
        self.uids = count(largest + 1)
        self.refused: set[object] = set()
        self.whole_names = False

    def best(self, functions_alone: bool = False) -> Candidate | None:
        """What is most worthwhile.

        Args:
            functions_alone: Whether only functions are looked for, and none that does little but call another.
        """
        sizes = {routine.name: len(list(every_step(routine.steps))) for routine in self.routines}
        self.steps = Steps([(routine.steps, routine.result) for routine in self.routines])
        called = [0]
        for step in self.steps.steps:
            called.append(called[-1] + (sizes.get(step.class_name, 1) if step.kind is StepKind.INVOKE else 0))
        found: list[tuple[float, int, tuple[int, ...], bool]] = []
        for item in self.steps.repeated():
            apart = _apart(item.starts, item.length)
            gain = item.estimate * (len(apart) - 1) - FUNCTION_LINES - len(apart)
            # Most of what the steps do may be done by functions that they call.
            first, last = item.starts[0], item.starts[0] + item.length
            wraps = functions_alone and 2 * (called[last] - called[first]) >= item.length
            if gain >= LEAST_GAIN and not wraps and self.steps.gives_one(first, item.length):
                found.append((gain, item.length, item.starts, False))
            for run in () if functions_alone else _runs(item.starts, item.length):
                gain = item.estimate * (len(run) - 1) - 1
                if gain >= 0:
                    found.append((gain, item.length, run, True))
        found = nsmallest(MOST_TRIED, found, key=lambda item: (-item[0], item[1]))
        best: Candidate | None = None
        looked = 0
        for gain, length, starts, loops in found:
            if best is not None and (gain + 3 <= best.gain or looked >= EVALUATED):
                break
            key = (length, loops, self.whole_names, tuple(self.steps.steps[start].uid for start in starts))
            if key in self.refused:
                continue
            candidate = self.loop(starts, length) if loops else self.function(starts, length)
            if candidate is None:
                self.refused.add(key)
                continue
            looked += 1
            if best is None or candidate.gain > best.gain:
                best = candidate
        return best if best is not None and best.gain >= LEAST_GAIN - best.loops else None

    def collapse_runs(self) -> None:
        """Makes loops of single steps that follow each other, however few: what is around them is more alike then."""
        for _ in range(MOST_ROUNDS):
            self.steps = Steps([(routine.steps, routine.result) for routine in self.routines])
            found = next(
                (item for item in self.single_runs() if self.steps.steps[item.starts[0]].kind is StepKind.LAYER), None
            )
            if found is None:
                return
            self.apply(found)

    def collapse_calls(self) -> None:
        """The same for calls of functions."""
        for _ in range(MOST_ROUNDS):
            self.steps = Steps([(routine.steps, routine.result) for routine in self.routines])
            found = next(
                (item for item in self.single_runs() if self.steps.steps[item.starts[0]].kind is StepKind.INVOKE), None
            )
            if found is None:
                return
            self.apply(found)

    def single_runs(self) -> Iterator[Candidate]:
        """Loops over a single step, with no more than two variables."""
        for item in self.steps.repeated():
            if item.length > 1:
                return
            for run in _runs(item.starts, 1):
                for part in self.alike(run):
                    candidate = self.loop(part, 1)
                    if candidate is not None and len(_asked(candidate.unified)) <= 2:
                        yield candidate

    def alike(self, run: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """The parts of a run in which steps differ in names alone; the whole run where there are none."""

        def settings(start: int) -> object:
            step = self.steps.steps[start]
            pairs = step.callee.keywords if isinstance(step.callee, Object) else step.kwargs
            return tuple(pair for pair in pairs if not isinstance(pair[1], Text))

        parts = [tuple(group) for _, group in groupby(run, settings)]
        long = [part for part in parts if len(part) > 1]
        yield from long or [run]

    def windows(
        self, starts: Sequence[int], length: int
    ) -> tuple[list[tuple[Step, ...]], list[tuple[Ref, ...]], list[Ref]]:
        """The steps of each repetition with numbers of their own, the values from outside, and what each gives."""
        windows, outside, given = [], [], []
        for start in starts:
            numbers: dict[Ref, int] = {}
            windows.append(local(self.steps.steps[start : start + length], numbers))
            outside.append(tuple(numbers))
            given.append(self.steps.given(start, length)[0])
        return windows, outside, given

    def place_in(self, ref: Ref, start: int, length: int) -> tuple[int, tuple[int | str, ...]]:
        """Which step of a repetition gives a value."""
        uids = [step.uid for step in self.steps.steps[start : start + length]]
        return uids.index(ref.source), ref.path

    def function(self, starts: tuple[int, ...], length: int) -> Candidate | None:
        """A function for repetitions wherever they are; `None` if they cannot be one."""
        first = starts[0]
        inner = self.steps.steps[first : first + length]
        if self.is_periodic(first, length):
            return None
        if length == 1 and (inner[0].kind is not StepKind.LAYER or self.steps.lines[first] < 3):
            return None
        if any(step.kind is StepKind.NAMED for step in every_step(inner)):
            return None
        groups: dict[object, list[int]] = {}
        for start in starts:
            routine = self.routines[self.steps.owner[start]]
            given = self.steps.given(start, length)
            if len(given) == 1 and not (routine.model and routine.model.sequential):
                if length < len(routine.steps):
                    groups.setdefault(self.place_in(given[0], start, length), []).append(start)
        if not groups:
            return None
        chosen = _apart(tuple(max(groups.values(), key=len)), length)
        if len(chosen) < 2:
            return None
        windows, outside, given = self.windows(chosen, length)
        if len(outside[0]) > MOST_INPUTS:
            return None
        try:
            unified = unify(windows, {}, split=False, closed=True)
        except CannotUnify:
            return None
        derive(unified)
        if not all(name.startswith("?") for name in free_variables(unified.steps)):
            return None
        asked = _asked(unified)
        texts = [index for index in asked if not unified.owners[index] and isinstance(unified.columns[index][0], Text)]
        wide = len(chosen) > 3 and self.steps.lines[chosen[0]] >= WIDE
        if len(asked) > min(MOST_PARAMETERS, 3 + length + 3 * wide) or len(texts) > 1:
            return None
        before = sum(self.steps.lines[start + place] for start in chosen for place in range(length))
        usual = {index: _usual(unified, index) for index in asked}
        calls = sum(lines_of(self.call(unified, number, outside, usual)) for number in range(len(chosen)))
        gain = before - calls - total(unified.steps) - FUNCTION_LINES - self.strangeness(unified, chosen, length)
        if self.cuts_names(chosen, length):
            if self.whole_names:
                return None
            gain *= 0.3
        gain *= 1 - 0.25 * (len(outside[0]) - 1)
        if gain < (LEAST_GAIN if len(chosen) > 2 else WORTH_A_PAIR):
            return None
        return Candidate(gain, chosen, length, unified, tuple(outside), tuple(given), False)

    def is_periodic(self, start: int, length: int) -> bool:
        """Whether steps are themselves a repetition of fewer: those are the better function."""
        shapes = self.steps.shapes[start : start + length]
        return any(length % period == 0 and shapes[period:] == shapes[:-period] for period in range(1, length // 2 + 1))

    def strangeness(self, unified: Unified, starts: Sequence[int], length: int) -> float:
        """What makes a function odd to a reader, in lines that it would have to save."""
        asked = _asked(unified)
        odd = 0.4 * max(0, len(asked) - 3)
        odd += 6 * ("first" in [unified.keys[index] for index in asked])
        if unified.steps[0].kind is StepKind.LOOP and len(unified.steps) > 1:
            odd += 3
        for start in starts[:1]:
            steps, first = self.steps.steps, self.steps.steps[start]
            same = start > 0 and self.steps.owner[start - 1] == self.steps.owner[start]
            if first.class_name in (*ACTIVATIONS, "BatchNormalization") and same:
                before = steps[start - 1].class_name
                if "Conv" in before or before in ("BatchNormalization", "Add", "+"):
                    odd += 3
            after = start + length
            if after < len(steps) and self.steps.owner[after] == self.steps.owner[start]:
                last = steps[after - 1].class_name
                if steps[after].class_name in ACTIVATIONS and (
                    last in ("BatchNormalization", "Add", "+") or "Conv" in last
                ):
                    odd += 3
                if steps[after].class_name == "BatchNormalization" and "Conv" in last:
                    odd += 3
        return odd

    def cuts_names(self, starts: Sequence[int], length: int) -> bool:
        """Whether the layers of a repetition have names that begin in different ways, or like those beside them."""
        for start in starts:
            names = _layer_names(self.steps.steps[start : start + length])
            if len(names) < 2:
                continue
            beginning = _common(names)
            if not beginning or self.is_beside(joined(beginning), start, length):
                return True
        return False

    def is_beside(self, beginning: Tree, start: int, length: int) -> bool:
        """Whether a layer beside some steps has a name that begins like theirs."""
        text = "".join(map(str, beginning.parts)) if isinstance(beginning, Text) else ""
        for place in (start - 1, start + length):
            if 0 <= place < len(self.steps.steps) and self.steps.owner[place] == self.steps.owner[start]:
                name = _name_of(self.steps.steps[place])
                following = name[len(text) : len(text) + 1]
                goes_on = following.isalpha() or (following.isdigit() and text[-1:].isdigit())
                if name.startswith(text) and not goes_on:
                    return True
        return False

    def call(
        self, unified: Unified, number: int, outside: Sequence[tuple[Ref, ...]], usual: Mapping[int, Tree | None]
    ) -> Step:
        """A call of a function in the place of a repetition, to see how long it is."""
        kwargs = tuple(
            (unified.keys[index] or "index", value)
            for index, default in usual.items()
            if (value := unified.columns[index][number]) is not None and value != default
        )
        return Step(0, StepKind.INVOKE, Code("a_function_name"), tuple(outside[number]), kwargs)

    def loop(self, starts: tuple[int, ...], length: int) -> Candidate | None:
        """A loop for repetitions one behind the other; `None` if they cannot be one."""
        for start in starts:
            if not self.steps.gives_one(start, length):
                return None
        places = {self.place_in(self.steps.given(start, length)[0], start, length) for start in starts}
        if len(places) != 1:
            return None
        windows, outside, given = self.windows(starts, length)
        handed = [number for number, ref in enumerate(outside[1]) if ref == given[0]]
        if len(handed) != 1 or len({len(one) for one in outside}) != 1:
            return None
        for number, ref in enumerate(outside[0]):
            for before, one in zip(given, outside[1:]):
                if one[number] != (before if number == handed[0] else ref):
                    return None
        if any(self.steps.last[value] >= start + 2 * length for value, start in zip(given[:-1], starts)):
            return None
        if length == 1 and windows[0][0].kind is StepKind.LOOP and not windows[0][0].variables:
            return None
        try:
            unified = unify(windows, {}, split=True, closed=False)
        except CannotUnify:
            return None
        derive(unified)
        asked = _asked(unified)
        if len(asked) > (MOST_COLUMNS if len(starts) < LONG_TABLE else MOST_COLUMNS + 3):
            return None
        words = [index for index in asked if any(_is_word(value) for value in unified.columns[index])]
        if len(starts) == 2 and (words or len(asked) > 2):
            return None
        step = self.loop_step(unified, outside[0], handed[0], 0)
        before = sum(self.steps.lines[start + place] for start in starts for place in range(length))
        odd = 0.3 * max(0, len(asked) - 2)
        return Candidate(before - lines_of(step) - odd, starts, length, unified, tuple(outside), tuple(given), True)

    def loop_step(
        self, unified: Unified, outside: Sequence[Ref], handed: int, uid: int, taken: Iterable[str] = ()
    ) -> Step:
        """The loop that stands for all repetitions."""
        asked = _asked(unified)
        used = {*taken, *(name for step in every_step(unified.steps) for name in step.variables), "x", *MODULE_NAMES}
        found = loop_names(unified, asked, used)
        names = {f"?{index}": found[index] for index in asked}
        columns = [unified.columns[index] for index in asked]
        steps = [map_all(step, lambda tree: _renamed(tree, names)) for step in unified.steps]

        def moved(tree: Tree) -> Tree | None:
            if isinstance(tree, Ref) and tree.source < 0:
                number = -1 - tree.source
                return Ref(uid) if number == handed else outside[number]
            return None

        body = tuple(map_all(step, moved) for step in steps)
        over = iterable(columns, len(unified.columns[0]) if unified.columns else self.rounds)
        variables = tuple(names[f"?{index}"] for index in asked) or ("_",)
        return Step(uid, StepKind.LOOP, over, (outside[handed],), variables=variables, body=body)

    rounds = 2

    def apply(self, candidate: Candidate) -> None:
        """Does it."""
        if candidate.loops:
            self.make_loop(candidate)
        else:
            self.make_function(candidate)

    def make_function(self, candidate: Candidate) -> None:
        """A new function, and calls of it."""
        unified = candidate.unified
        asked = _asked(unified)
        names = parameter_names(unified, asked, MODULE_NAMES | {"x", "skip", "other", "further", "shortcut", "outputs"})
        renamed = {f"?{index}": names[index] for index in asked}
        steps = tuple(map_all(step, lambda tree: _renamed(tree, renamed)) for step in unified.steps)
        steps, numbers = self.fresh(steps)
        first = candidate.starts[0]
        place, path = self.place_in(candidate.given[0], first, candidate.length)
        local_uid = unified.steps[place].uid
        result = Ref(numbers[local_uid], path)
        known = {routine.name for routine in self.routines}
        words = function_words(steps)
        name = next((word for word in words if word not in known), unique(words[0], known))
        inputs = len(candidate.outside[0])
        routine = Routine(name, inputs, tuple(Parameter(renamed[f"?{index}"]) for index in asked), steps, result)
        replacements: dict[Ref, Ref] = {}
        calls = {}
        for number, start in enumerate(candidate.starts):
            uid = next(self.uids)
            kwargs = tuple((renamed[f"?{index}"], unified.columns[index][number]) for index in asked)
            calls[start] = Step(uid, StepKind.INVOKE, Code(name), candidate.outside[number], kwargs)
            replacements[candidate.given[number]] = Ref(uid)
        self.rewrite(calls, candidate.length, replacements)
        users = [index for index, one in enumerate(self.routines) if _invokes(one, name)]
        self.routines.insert(min(users), routine)

    def make_loop(self, candidate: Candidate) -> None:
        """A loop in the place of the repetitions."""
        uid = next(self.uids)
        handed = next(n for n, ref in enumerate(candidate.outside[1]) if ref == candidate.given[0])
        owner = self.routines[self.steps.owner[candidate.starts[0]]]
        taken = {item.name for item in owner.parameters} | {name for name, _ in owner.layers}
        self.rounds = len(candidate.starts)
        step = self.loop_step(candidate.unified, candidate.outside[0], handed, uid, taken)
        place, path = self.place_in(candidate.given[0], candidate.starts[0], candidate.length)
        local_uid = step.body[place].uid
        body, numbers = self.fresh(step.body, keep={uid})
        step = replace(step, body=body, result=Ref(numbers[local_uid], path))
        first = candidate.starts[0]
        self.rewrite({first: step}, candidate.length * len(candidate.starts), {candidate.given[-1]: Ref(uid)})

    def merge_functions(self) -> None:
        """Makes one function of two that are the same but for a few steps, as often as that makes the program shorter."""
        while any(self.merge_pair(one, two) for one, two in combinations(range(len(self.routines)), 2)):
            pass

    def merge_pair(self, first: int, second: int) -> bool:
        """Makes one function of two, if that is worthwhile."""
        pair = self.routines[first], self.routines[second]
        if any(routine.model is not None or not routine.steps for routine in pair) or pair[0].inputs != pair[1].inputs:
            return False
        names = [routine.name for routine in pair]
        calls = self.calls_of(names)
        layout = lay_out(*pair) if calls else None
        if layout is None:
            return False
        found = self.merged(layout, pair, [(names.index(step.class_name), dict(step.kwargs)) for step in calls])
        if found is None:
            return False
        made, arguments, usual = found
        gain = sum(total(routine.steps) for routine in pair) + FUNCTION_LINES + BETTER_AS_ONE - total(made.steps)
        gain += total(calls) - sum(lines_of(_shown(step, given, usual)) for step, given in zip(calls, arguments))
        if gain < LEAST_GAIN:
            return False
        self.put(made, names, {step.uid: given for step, given in zip(calls, arguments)})
        return True

    def absorb(self, named: bool = False) -> None:
        """Makes calls of functions of steps that are the same as theirs but for a few, wherever that is shorter.

        Args:
            named: Whether only steps count whose names begin alike, and like none beside them.
        """
        while any(
            self.absorb_into(routine, named) for routine in self.routines if routine.model is None and routine.steps
        ):
            pass

    def absorb_into(self, routine: Routine, named: bool) -> bool:
        """Makes a call of a function of the steps for which that saves most."""
        size = len(flat(routine).steps)
        calls = self.calls_of([routine.name])
        if size < SMALLEST_ABSORBING or not calls:
            return False
        self.steps = Steps([(one.steps, one.result) for one in self.routines])
        classes = {step.class_name for step in flat(routine).steps}
        best: tuple[float, int, int, tuple[Routine, list[Pairs], Pairs], tuple[Ref, ...]] | None = None
        for start in range(len(self.steps.steps)):
            owner = self.routines[self.steps.owner[start]]
            if owner.model is None or owner.model.sequential or self.steps.steps[start].class_name not in classes:
                continue
            for length in range(-(-size // 2), size + 2):
                window = self.window(start, length, classes)
                if window is None or window[0].inputs != routine.inputs:
                    continue
                other, argument, outside = window
                if named and (not argument or self.is_beside(argument["name"], start, length)):
                    continue
                layout = lay_out(routine, other)
                found = layout and self.merged(
                    layout, (routine, other), [*((0, dict(step.kwargs)) for step in calls), (1, argument)]
                )
                if not found:
                    continue
                made, arguments, usual = found
                call = Step(0, StepKind.INVOKE, Code(made.name), outside, arguments[-1])
                gain = total(routine.steps) + total(self.steps.steps[start : start + length]) + total(calls)
                gain -= total(made.steps) + lines_of(_shown(call, arguments[-1], usual))
                gain -= sum(lines_of(_shown(step, given, usual)) for step, given in zip(calls, arguments))
                if gain >= LEAST_GAIN and (best is None or gain > best[0]):
                    best = (gain, start, length, found, outside)
        if best is None:
            return False
        _, start, length, (made, arguments, _), outside = best
        given = self.steps.given(start, length)[0]
        uid = next(self.uids)
        call = Step(uid, StepKind.INVOKE, Code(routine.name), outside, arguments[-1])
        new = {step.uid: kwargs for step, kwargs in zip(calls, arguments)}
        self.rewrite({start: call}, length, {given: Ref(uid)})
        self.put(made, [routine.name], new)
        return True

    def window(
        self, start: int, length: int, classes: set[str]
    ) -> tuple[Routine, dict[str, Tree], tuple[Ref, ...]] | None:
        """Steps as a function of their own, its arguments, and the values that it takes; `None` if they cannot be one."""
        steps = self.steps.steps[start : start + length]
        if len(steps) < length or self.steps.owner[start] != self.steps.owner[start + length - 1]:
            return None
        if steps[-1].class_name not in classes or any(step.kind in (StepKind.NAMED, StepKind.LOOP) for step in steps):
            return None
        given = self.steps.given(start, length)
        if len(given) != 1:
            return None
        outside: dict[Ref, int] = {}
        own = local(steps, outside)
        if any(list(_variables(tree)) for step in every_step(own) for tree in (step.callee, *step.trees)):
            return None
        beginning, own = _beginning(own)
        place, path = self.place_in(given[0], start, length)
        routine = Routine("", len(outside), (), own, Ref(own[place].uid, path))
        return routine, ({"name": beginning} if beginning else {}), tuple(outside)

    def inline_single(self) -> None:
        """Puts the steps of functions that are called once where they are called."""
        for routine in list(self.routines):
            calls = self.calls_of([routine.name])
            if routine.model is not None or not routine.steps or len(calls) != 1:
                continue
            call = calls[0]
            steps, numbers = self.fresh(routine.steps)
            arguments = dict(call.kwargs)
            given = dict(enumerate(call.args))
            result = routine.result
            assert isinstance(result, Ref)
            try:
                steps = tuple(instantiated(step, arguments, given) for step in steps)
            except CannotUnify:
                continue
            self.routines = [
                replace(
                    one,
                    steps=tuple(
                        _with_results(
                            map_all(inner, _swap(Ref(call.uid), Ref(numbers[result.source], result.path))), {}
                        )
                        for step in one.steps
                        for inner in (steps if step.uid == call.uid else (step,))
                    ),
                    result=transform(one.result, _swap(Ref(call.uid), Ref(numbers[result.source], result.path))),
                )
                for one in self.routines
                if one.name != routine.name
            ]

    def calls_of(self, names: Sequence[str]) -> list[Step]:
        """The calls of functions; nothing where one is called in a loop, so that its arguments are not known."""
        top = [
            step
            for routine in self.routines
            for step in routine.steps
            if step.kind is StepKind.INVOKE and step.class_name in names
        ]
        everywhere = [
            step
            for routine in self.routines
            for step in every_step(routine.steps)
            if step.kind is StepKind.INVOKE and step.class_name in names
        ]
        return top if len(top) == len(everywhere) else []

    def merged(
        self, layout: Layout, pair: tuple[Routine, Routine], calls: Sequence[tuple[int, Mapping[str, Tree]]]
    ) -> tuple[Routine, list[Pairs], Pairs] | None:
        """One function for two, the arguments of each call, and those that become defaults; `None` if there cannot be one."""
        try:
            unified = unify_calls(layout, calls)
        except CannotUnify:
            return None
        asked = _asked(unified)
        texts = [index for index in asked if not unified.owners[index] and isinstance(unified.columns[index][0], Text)]
        if len(asked) > MOST_PARAMETERS + 1 or len(texts) > 1:
            return None
        found = parameter_names(unified, asked, MODULE_NAMES | {"x", "skip", "other", "further", "shortcut", "outputs"})
        renamed = {f"?{index}": found[index] for index in asked}
        steps = tuple(map_all(step, lambda tree: _renamed(tree, renamed)) for step in unified.steps)
        steps, numbers = self.fresh(steps)
        result = layout.result
        result = Ref(numbers[result.source], result.path) if result.source in numbers else result
        known = {routine.name for routine in self.routines} - {routine.name for routine in pair}
        words = function_words(steps)
        name = next((word for word in words if word not in known), unique(words[0], known))
        made = Routine(name, pair[0].inputs, tuple(Parameter(found[index]) for index in asked), steps, result)
        arguments = [
            tuple((found[index], unified.columns[index][number]) for index in asked) for number in range(len(calls))
        ]
        usual = tuple((found[index], value) for index in asked if (value := _usual(unified, index)) is not None)
        return made, arguments, usual  # type: ignore[return-value]

    def put(self, made: Routine, names: Sequence[str], new: Mapping[int, Pairs]) -> None:
        """Puts a function in the place of others, with new arguments for their calls."""

        def called(step: Step) -> Step:
            step = replace(step, kwargs=new[step.uid]) if step.uid in new else step
            named = step.kind is StepKind.INVOKE and step.class_name in names
            body = tuple(called(inner) for inner in step.body)
            return replace(step, callee=Code(made.name) if named else step.callee, body=body)

        routines = [
            replace(routine, steps=tuple(called(step) for step in routine.steps))
            for routine in self.routines
            if routine.name not in names
        ]
        routines.insert(min(place for place, routine in enumerate(routines) if _invokes(routine, made.name)), made)
        self.routines = routines

    def fresh(self, steps: Sequence[Step], keep: Iterable[int] = ()) -> tuple[tuple[Step, ...], dict[int, int]]:
        """Steps with numbers that no other step has."""
        numbers: dict[int, int] = {}
        listed = [step.uid for step in every_step(steps)]
        for uid in listed:
            numbers[uid] = next(self.uids)
        outer = set(keep)

        def moved(tree: Tree) -> Tree | None:
            if isinstance(tree, Ref) and tree.source in numbers and tree.source not in outer:
                return Ref(numbers[tree.source], tree.path)
            return None

        def renumbered(step: Step) -> Step:
            changed = map_all(replace(step, body=()), moved)
            result = moved(step.result) if step.result else None
            return replace(
                changed,
                uid=numbers[step.uid],
                body=tuple(renumbered(inner) for inner in step.body),
                result=result if isinstance(result, Ref) else step.result,
            )

        return tuple(renumbered(step) for step in steps), numbers

    def rewrite(self, new: Mapping[int, Step], length: int, replacements: Mapping[Ref, Ref]) -> None:
        """Puts new steps in the place of others, and their values in the place of what those gave."""
        gone = {place for start in new for place in range(start, start + length)}
        lists: dict[int, list[Step]] = {number: [] for number in range(len(self.routines))}
        for place, step in enumerate(self.steps.steps):
            if place in new:
                lists[self.steps.owner[place]].append(new[place])
            elif place not in gone:
                lists[self.steps.owner[place]].append(step)

        def moved(tree: Tree) -> Tree | None:
            return replacements.get(tree) if isinstance(tree, Ref) else None

        def changed(step: Step) -> Step:
            done = map_all(step, moved)
            return _with_results(done, replacements)

        self.routines = [
            replace(
                routine,
                steps=tuple(changed(step) for step in lists[number]),
                result=transform(routine.result, moved),
            )
            for number, routine in enumerate(self.routines)
        ]

    def finished(self) -> list[Routine]:
        """The routines, with defaults for parameters that are mostly the same."""
        calls: dict[str, list[dict[str, Tree]]] = {}
        for routine in self.routines:
            for step in every_step(routine.steps):
                if step.kind is StepKind.INVOKE:
                    calls.setdefault(step.class_name, []).append(dict(step.kwargs))
        defaults: dict[str, dict[str, Tree]] = {}
        for routine in self.routines:
            for item in routine.parameters:
                values = [call[item.name] for call in calls.get(routine.name, ()) if item.name in call]
                plain = [value for value in values if isinstance(value, Plain)]
                usual = Plain(0.0) if Plain(0.0) in plain else max(plain, key=plain.count, default=None)
                if usual is not None and item.name not in ("filters", "units", "name") and len(set(values)) > 1:
                    if usual == Plain(0.0) or 2 * plain.count(usual) >= len(values):
                        defaults.setdefault(routine.name, {})[item.name] = usual

        order = {
            routine.name: {item.name: place for place, item in enumerate(sorted(routine.parameters, key=_by_meaning))}
            for routine in self.routines
        }

        def shortened(step: Step) -> Step:
            places = order.get(step.class_name, {})
            step = replace(step, kwargs=tuple(sorted(step.kwargs, key=lambda pair: places.get(pair[0], 0))))
            usual = defaults.get(step.class_name, {}) if step.kind is StepKind.INVOKE else {}
            kwargs = tuple((key, value) for key, value in step.kwargs if usual.get(key) != value)
            return replace(step, kwargs=kwargs, body=tuple(shortened(inner) for inner in step.body))

        return [
            replace(
                routine,
                steps=tuple(shortened(step) for step in routine.steps),
                parameters=tuple(
                    Parameter(item.name, defaults.get(routine.name, {}).get(item.name))
                    for item in sorted(routine.parameters, key=_by_meaning)
                ),
            )
            for routine in self.routines
        ]


def _by_meaning(item: Parameter) -> int:
    """Sizes first, names last."""
    if item.name.startswith(("filters", "units")):
        return 0
    return 3 if item.name.endswith("name") else 2 if item.name in ("strides", "repeats") else 1


def _with_results(step: Step, replacements: Mapping[Ref, Ref]) -> Step:
    body = tuple(_with_results(inner, replacements) for inner in step.body)
    return replace(step, body=body, result=replacements.get(step.result, step.result) if step.result else None)


def _invokes(routine: Routine, name: str) -> bool:
    return any(step.kind is StepKind.INVOKE and step.class_name == name for step in every_step(routine.steps))


def _renamed(tree: Tree, names: Mapping[str, str]) -> Tree | None:
    if isinstance(tree, Variable) and tree.name in names:
        return Variable(names[tree.name])
    if isinstance(tree, Scaled):
        return replace(tree, variable=Variable(names.get(tree.variable.name, tree.variable.name)))
    if isinstance(tree, Text):
        return Text(
            tuple(
                Variable(names.get(part.name, part.name)) if isinstance(part, Variable) else part for part in tree.parts
            )
        )
    return None


def _asked(unified: Unified) -> list[int]:
    """The variables that steps still name: others were derived from them."""
    used = {
        part.name
        for step in every_step(unified.steps)
        for tree in (step.callee, *step.trees)
        for part in _variables(tree)
    }
    return [index for index in range(len(unified.columns)) if f"?{index}" in used]


def _is_word(value: Tree | None) -> bool:
    return isinstance(value, Text) and len("".join(str(part) for part in value.parts)) > 1


def _swap(old: Ref, new: Ref) -> Callable[[Tree], Tree | None]:
    return lambda tree: new if tree == old else None


def _shown(call: Step, arguments: Pairs, usual: Pairs) -> Step:
    """A call without the arguments that are defaults."""
    return replace(call, kwargs=tuple(pair for pair in arguments if pair not in usual))


def _layer_names(steps: Sequence[Step]) -> list[tuple[Token, ...]]:
    """The names that layers are given in steps, and that functions are given for theirs."""
    names = []
    for step in every_step(steps):
        pairs = (
            step.callee.keywords
            if isinstance(step.callee, Object)
            else step.kwargs if step.kind is StepKind.INVOKE else ()
        )
        names += [tokens(value) for _, value in pairs if isinstance(value, Text)]
    return names


def _common(names: Sequence[tuple[Token, ...]]) -> list[Token]:
    """What names begin with, without what separates it from the rest."""
    common = list(names[0])
    for name in names[1:]:
        common = [one for one, two in takewhile(lambda pair: pair[0] == pair[1], zip(common, name))]
    while common and isinstance(common[-1], str) and not common[-1].isalnum():
        common.pop()
    return common


def _beginning(steps: tuple[Step, ...]) -> tuple[Text | None, tuple[Step, ...]]:
    """What the names of all layers in steps begin with, and the steps with a variable for it."""
    names = _layer_names(steps)
    common = _common(names) if names else []
    if not common:
        return None, steps

    def change(tree: Tree) -> Tree | None:
        return joined([Variable("name"), *tokens(tree)[len(common) :]]) if isinstance(tree, Text) else None

    return joined(common), tuple(map_all(step, change) for step in steps)


def _usual(unified: Unified, index: int) -> Tree | None:
    """The value of a parameter that becomes its default."""
    column = unified.columns[index]
    if unified.keys[index] in ("filters", "units") or any(not isinstance(value, Plain) for value in column):
        return None
    if Plain(0.0) in column:
        return Plain(0.0)  # what switches steps off
    usual, times = Counter(column).most_common(1)[0]
    return usual if 2 * times >= len(column) else None


def _variables(tree: Tree) -> Iterable[Variable]:
    from kscaffold.saved.tree import walk

    return (part for part in walk(tree) if isinstance(part, Variable))


def _apart(starts: Sequence[int], length: int) -> tuple[int, ...]:
    """Repetitions that do not overlap."""
    chosen: list[int] = []
    for start in starts:
        if not chosen or start >= chosen[-1] + length:
            chosen.append(start)
    return tuple(chosen)


def _runs(starts: Sequence[int], length: int) -> Iterable[tuple[int, ...]]:
    """Repetitions that follow each other without a gap."""
    listed = set(starts)
    for start in starts:
        if start - length in listed:
            continue
        run = [start]
        while run[-1] + length in listed:
            run.append(run[-1] + length)
        if len(run) > 1:
            yield tuple(run)
        if len(run) > LONG_TABLE:  # the first or the last is often different
            yield tuple(run[1:])
            yield tuple(run[:-1])


def _name_of(step: Step) -> str:
    if isinstance(step.callee, Object) or step.kind is StepKind.INVOKE:
        name = dict(step.callee.keywords if isinstance(step.callee, Object) else step.kwargs).get("name")
        if isinstance(name, Text) and all(isinstance(part, str) for part in name.parts):
            return "".join(map(str, name.parts))
    return ""
