"""Steps that are the same but for values, as one list of steps with variables for what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kscaffold.program.passes.rewriting import map_all
from kscaffold.program.passes.texts import CannotUnify, Varying, solve
from kscaffold.program.tree import Code, Listing, Object, Ref, Slice, Table, Text, Tree, Variable, walk
from kscaffold.program.usual import in_order, usual_arguments
from kscaffold.program.value import Step, StepKind

Defaults = Mapping[str, Mapping[str, Tree]]
PLACEHOLDER = "?"


@dataclass
class Hole:
    """A value that differs.

    Attributes:
        values: What it is in each repetition.
        key: The argument that it is of.
        owner: The class or function that takes it.
        text: Whether it is the name of a layer.
        place: The number of the step that it is in.
    """

    values: tuple[Tree | None, ...]
    key: str
    owner: str
    text: bool
    place: int


@dataclass
class Unified:
    """Steps with variables.

    Attributes:
        steps: The steps; variables are called `?0`, `?1`, …
        columns: What each variable stands for in each repetition; `None` where nothing needs it.
        keys: For each variable, the argument that it is of; for parts of names, the word before it.
        owners: For each variable, the class that takes it; for parts of names, nothing.
        places: For each variable, the number of the step that it is first used in.
    """

    steps: tuple[Step, ...]
    columns: list[tuple[Tree | None, ...]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def column(self, index: int) -> tuple[Tree, ...]:
        """What a variable stands for in each repetition, once that is known for all."""
        return tuple(value for value in self.columns[index] if value is not None)


def unify(windows: Sequence[Sequence[Step | None]], defaults: Defaults, split: bool, closed: bool) -> Unified:
    """One list of steps for several that have numbers of their own.

    Args:
        windows: The steps of each repetition; `None` where a repetition does without one.
        defaults: For functions of the program, the defaults of their parameters.
        split: Whether names are for a loop; see `kscaffold.program.passes.texts.solve`.
        closed: Whether variables from outside must not stay, because the steps become a function.

    Raises:
        CannotUnify: They are not the same but for values.
    """
    unifier = _Unifier(defaults, closed)
    made = []
    for several in zip(*windows, strict=True):
        unifier.there = [step is not None for step in several]
        made.append(unifier.step([step for step in several if step is not None]))
    return unifier.resolve(tuple(made), split)


class _Unifier:
    def __init__(self, defaults: Defaults, closed: bool) -> None:
        self.defaults = defaults
        self.closed = closed
        self.holes: list[Hole] = []
        self.own: set[str] = set()
        self.inner: set[str] = set()
        self.place = 0
        self.there: list[bool] = []

    def step(self, steps: Sequence[Step]) -> Step:
        """One step for several."""
        first = steps[0]
        self.place = first.uid if not self.own else self.place
        if any(one.kind is not first.kind or len(one.args) != len(first.args) for one in steps):
            raise CannotUnify("steps of another kind")
        if first.kind in (StepKind.LOOP, StepKind.IF):
            return self.loop(steps)
        callee = self.tree([one.callee for one in steps], "", "")
        if not isinstance(callee, type(first.callee)):
            raise CannotUnify("other layers")
        args = tuple(self.tree(list(items), "", first.class_name) for items in zip(*(one.args for one in steps)))
        kwargs = self.pairs([one.kwargs for one in steps], first.class_name, self.defaults.get(first.class_name))
        return replace(first, callee=callee, args=args, kwargs=kwargs)

    def loop(self, steps: Sequence[Step]) -> Step:
        """One loop for several, whose variables have the same names then."""
        first = steps[0]
        if any(len(one.variables) != len(first.variables) or len(one.body) != len(first.body) for one in steps):
            raise CannotUnify("loops of another kind")
        renamed = []
        for one in steps:
            names = dict(zip(one.variables, first.variables))

            def change(tree: Tree, names: Mapping[str, str] = names) -> Tree | None:
                if isinstance(tree, Variable) and tree.name in names:
                    return Variable(names[tree.name])
                if isinstance(tree, Text):
                    return Text(
                        tuple(
                            Variable(names.get(part.name, part.name)) if isinstance(part, Variable) else part
                            for part in tree.parts
                        )
                    )
                return None

            renamed.append(replace(one, body=tuple(map_all(inner, change) for inner in one.body)))
        args = tuple(self.tree(list(items), "", "") for items in zip(*(one.args for one in steps)))
        callee = self.tree([one.callee for one in renamed], "rows", "")
        outer, self.own = self.own, self.own | set(first.variables)
        self.inner |= set(first.variables)
        body = tuple(self.step(inner) for inner in zip(*(one.body for one in renamed), strict=True))
        self.own = outer
        return replace(first, callee=callee, args=args, body=body)

    def tree(self, trees: list[Tree], key: str, owner: str) -> Tree:
        """One tree for several."""
        first = trees[0]
        # One name that is left is no constant.
        partial = not all(self.there) and any(isinstance(part, Text) for part in walk(first))
        if all(tree == first for tree in trees) and not self.has_free(first) and not partial:
            return first
        if all(isinstance(tree, Text) for tree in trees):
            return self.hole(trees, key, owner, True)
        if all(isinstance(tree, Object) and tree.target == first.target for tree in trees):  # type: ignore[union-attr]
            return self.object(trees, owner)  # type: ignore[arg-type]
        if isinstance(first, Listing) and all(_same_list(tree, first) for tree in trees):
            if any(isinstance(part, (Ref, Object)) for part in walk(first)):
                items = zip(*(tree.items for tree in trees))  # type: ignore[union-attr]
                return Listing(first.brackets, tuple(self.tree(list(item), key, owner) for item in items))
        if isinstance(first, Table) and all(isinstance(tree, Table) for tree in trees):
            return Table(self.pairs([tree.items for tree in trees if isinstance(tree, Table)], owner, None))
        if isinstance(first, Slice) and all(isinstance(tree, Slice) for tree in trees):
            parts = ((tree.start, tree.stop, tree.step) for tree in trees)  # type: ignore[union-attr]
            return Slice(*(self.tree(list(item), key, owner) for item in zip(*parts)))
        if any(isinstance(part, Ref) for tree in trees for part in walk(tree)) or isinstance(first, Code):
            raise CannotUnify("other values")
        return self.hole(trees, key, owner, False)

    def has_free(self, tree: Tree) -> bool:
        """Whether a variable from outside is in a tree that must not stay there."""
        return self.closed and any(isinstance(part, Variable) and part.name not in self.own for part in walk(tree))

    def hole(self, trees: list[Tree], key: str, owner: str, text: bool) -> Variable:
        """A variable for what differs."""
        for part in (part for tree in trees for part in walk(tree)):
            if isinstance(part, Variable) and part.name in self.own and not text:
                raise CannotUnify("what differs depends on an inner loop")
        known = iter(trees)
        values = tuple(next(known) if there else None for there in self.there)
        self.holes.append(Hole(values, key, owner, text, self.place))
        return Variable(f"hole{len(self.holes) - 1}")

    def object(self, trees: list[Object], owner: str) -> Object:
        """One object for several: arguments that some leave out have their usual values there."""
        first = trees[0]
        target = first.target
        usual = None if target == "range" else usual_arguments(target)
        pairs = self.pairs([tree.keywords for tree in trees], first.class_name, usual)
        if target.startswith("layers."):
            pairs = in_order(pairs, target)
        placed = min(tree.positional for tree in trees)
        for index, key in enumerate(dict(trees[0].keywords)):
            if index < placed and (index >= len(pairs) or pairs[index][0] != key):
                placed = index
        return Object(target, pairs, placed)

    def pairs(
        self, listed: Sequence[tuple[tuple[str, Tree], ...]], owner: str, usual: Mapping[str, Tree] | None
    ) -> tuple[tuple[str, Tree], ...]:
        """One list of arguments for several."""
        tables = [dict(pairs) for pairs in listed]
        keys = list(dict.fromkeys(key for table in tables for key in table))
        found = []
        for key in keys:
            values = []
            for table in tables:
                value = table.get(key, (usual or {}).get(key))
                if value is None:
                    raise CannotUnify(f"{key} is not always there")
                values.append(value)
            found.append((key, self.tree(values, key, owner)))
        return tuple(found)

    def resolve(self, steps: tuple[Step, ...], split: bool) -> Unified:
        """The steps with one variable for all that differs in the same way."""
        slots = [hole for hole in self.holes if hole.text]
        stays = (lambda name: name in self.inner) if self.closed else (lambda name: True)
        names = [[value if isinstance(value, Text) else None for value in hole.values] for hole in slots]
        texts, varying = solve(names, split, stays)
        unified = Unified(steps)
        for item in varying:
            self.add(unified, item)
        for number, text in enumerate(texts):
            for part in text.parts:
                if isinstance(part, Variable) and part.name.startswith(PLACEHOLDER):
                    index = int(part.name[1:])
                    unified.places[index] = min(unified.places[index], slots[number].place)
        found: dict[str, Tree] = dict(
            zip((f"hole{index}" for index, hole in enumerate(self.holes) if hole.text), texts)
        )
        for index, hole in enumerate(self.holes):
            if hole.text:
                continue
            known = next((n for n, column in enumerate(unified.columns) if _agree(column, hole.values)), None)
            if known is not None:
                merged = tuple(one if one is not None else two for one, two in zip(unified.columns[known], hole.values))
                unified.columns[known] = merged
            else:
                known = len(unified.columns)
                unified.columns.append(hole.values)
                unified.keys.append(hole.key)
                unified.owners.append(hole.owner)
                unified.places.append(hole.place)
            found[f"hole{index}"] = Variable(f"?{known}")

        def change(tree: Tree) -> Tree | None:
            return found.get(tree.name) if isinstance(tree, Variable) else None

        unified.steps = tuple(map_all(step, change) for step in steps)
        return unified

    def add(self, unified: Unified, item: Varying) -> None:
        """A variable for a part of names."""
        unified.columns.append(item.values)
        unified.keys.append(item.word)
        unified.owners.append("")
        unified.places.append(10**9)


def _agree(one: Sequence[Tree | None], two: Sequence[Tree | None]) -> bool:
    """Whether two columns are the same wherever both have a value, and there is such a place."""
    both = [(a, b) for a, b in zip(one, two) if a is not None and b is not None]
    return bool(both) and all(a == b for a, b in both)


def _same_list(tree: Tree, first: Listing) -> bool:
    return isinstance(tree, Listing) and tree.brackets == first.brackets and len(tree.items) == len(first.items)
