"""Steps that are the same but for values, as one list of steps with variables for what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from kscaffold.program.repeats.instances import renamed
from kscaffold.program.repeats.texts import CannotUnify, Column, solve
from kscaffold.program.steps import Pairs, free_variables, variables_in, with_trees
from kscaffold.program.tree import (
    NONE,
    Arithmetic,
    Code,
    Listing,
    Object,
    Ref,
    Text,
    Tree,
    Variable,
    children,
    rebuilt,
    walk,
)
from kscaffold.program.usual import in_order, usual_arguments
from kscaffold.program.value import Step

Values: TypeAlias = Sequence[Tree | None]
PLACEHOLDER = "?"
NOTHING: Mapping[str, Tree] = {}


@dataclass
class Unified:
    """Steps with variables that are called `?0`, `?1`, …, and what those stand for."""

    steps: tuple[Step, ...]
    columns: list[Column] = field(default_factory=list)

    @property
    def asked(self) -> list[int]:
        """The variables that steps still name: others were derived from them."""
        used = set(free_variables(self.steps))
        return [index for index in range(len(self.columns)) if f"{PLACEHOLDER}{index}" in used]

    def named(self, names: Mapping[int, str]) -> tuple[Step, ...]:
        """The steps with names for the variables."""
        return renamed(self.steps, {f"{PLACEHOLDER}{index}": name for index, name in names.items()})


def unify(windows: Sequence[Sequence[Step | None]], split: bool, closed: bool) -> Unified:
    """One list of steps for several that have numbers of their own.

    Args:
        windows: The steps of each repetition; `None` where a repetition does without one.
        split: Whether names are for a loop; see `solve`.
        closed: Whether variables from outside must not stay, because the steps become a function.

    Raises:
        CannotUnify: They are not the same but for values.
    """
    unifier = _Unifier(closed)
    made = []
    for several in zip(*windows, strict=True):
        unifier.there = [step is not None for step in several]
        made.append(unifier.step([step for step in several if step is not None]))
    return unifier.resolve(made, split)


class _Unifier:
    def __init__(self, closed: bool) -> None:
        self.closed = closed
        self.holes: list[Column] = []
        self.texts: list[int] = []  # those that are names
        self.own: set[str] = set()  # the variables of the loops around
        self.inner: set[str] = set()  # those of all loops
        self.place = 0
        self.there: list[bool] = []

    def step(self, steps: Sequence[Step]) -> Step:
        first = steps[0]
        self.place = first.uid if not self.own else self.place
        if len({(one.kind, len(one.args), len(one.variables), len(one.body)) for one in steps}) > 1:
            raise CannotUnify("steps of another kind")
        callee = self.tree([one.callee for one in steps], "rows" if first.body else "", "")
        if not first.body and not isinstance(callee, type(first.callee)):
            raise CannotUnify("other layers")
        args = tuple(self.tree(list(items), "", first.class_name) for items in zip(*(one.args for one in steps)))
        kwargs = self.pairs([one.kwargs for one in steps], first.class_name)
        # The variables of one loop for several have the same names.
        bodies = [renamed(one.body, dict(zip(one.variables, first.variables))) for one in steps]
        outer, self.own = self.own, self.own | set(first.variables)
        self.inner |= set(first.variables)
        body = tuple(map(self.step, zip(*bodies)))
        self.own = outer
        return replace(first, callee=callee, args=args, kwargs=kwargs, body=body)

    def tree(self, trees: list[Tree], key: str, owner: str) -> Tree:
        first = trees[0]
        # One name that is left is not a constant.
        partial = not all(self.there) and any(isinstance(part, Text) for part in walk(first))
        if all(tree == first for tree in trees) and not self.has_free(first) and not partial:
            return first
        if all(isinstance(tree, Text) for tree in trees):
            self.texts.append(len(self.holes))
            return self.hole(trees, key, owner)
        if all(isinstance(tree, Object) and _same_call(tree, first) for tree in trees):
            return self.object(trees)  # type: ignore[arg-type]
        # A list of plain numbers is one value.
        is_value = isinstance(first, Listing) and not any(isinstance(part, Ref | Object) for part in walk(first))
        if children(first) and not is_value and all(_form(tree) == _form(first) for tree in trees):
            # A number that something is computed from is not the argument itself.
            key, owner = ("", "") if isinstance(first, Arithmetic) else (key, owner)
            parts = zip(*map(children, trees))
            return rebuilt(first, lambda _: self.tree(list(next(parts)), key, owner))
        if isinstance(first, Code) or any(isinstance(part, Ref) for tree in trees for part in walk(tree)):
            raise CannotUnify("other values")
        if any(name in self.own for name in variables_in(*trees)):
            raise CannotUnify("what differs depends on an inner loop")
        return self.hole(trees, key, owner)

    def has_free(self, tree: Tree) -> bool:
        """Whether a variable from outside is in a tree that must not stay there."""
        return self.closed and any(name not in self.own for name in variables_in(tree))

    def hole(self, trees: list[Tree], key: str, owner: str) -> Variable:
        known = iter(trees)
        self.holes.append(Column(tuple(next(known) if there else None for there in self.there), key, owner, self.place))
        return Variable(f"hole{len(self.holes) - 1}")

    def object(self, trees: list[Object]) -> Object:
        """One object for several: arguments that some leave out have their usual values there."""
        first = trees[0]
        pairs = self.pairs([tree.keywords for tree in trees], first.class_name, usual_arguments(first.target))
        if first.target.startswith("layers."):
            pairs = in_order(pairs, first.target)
        placed = min(tree.positional for tree in trees)
        same = (place for place, (key, _) in enumerate(first.keywords) if pairs[place][0] != key)
        return replace(first, keywords=pairs, positional=min(placed, next(same, placed)))

    def pairs(self, listed: Sequence[Pairs], owner: str, usual: Mapping[str, Tree] = NOTHING) -> Pairs:
        tables = [dict(pairs) for pairs in listed]
        found = []
        for key in dict.fromkeys(key for table in tables for key in table):
            values = [value for table in tables if (value := table.get(key, usual.get(key))) is not None]
            if len(values) < len(tables):
                raise CannotUnify(f"{key} is not always there")
            found.append((key, self.tree(values, key, owner)))
        return tuple(found)

    def resolve(self, steps: Sequence[Step], split: bool) -> Unified:
        """The steps with one variable for all that differs in the same way."""
        names = [
            [value if isinstance(value, Text) else None for value in self.holes[index].values] for index in self.texts
        ]
        solved, columns = solve(names, split, lambda name: not self.closed or name in self.inner)
        varying = len(columns)
        found: dict[Tree, Tree] = {}
        for index, text in zip(self.texts, solved):
            found[Variable(f"hole{index}")] = text
            for name in variables_in(text):
                if name.startswith(PLACEHOLDER):
                    column = columns[int(name[1:])]
                    column.place = min(column.place, self.holes[index].place)
        for index, hole in enumerate(self.holes):
            if index in self.texts:
                continue
            # A name with the same two numbers as something else has them by chance.
            first = 0 if len(hole.values) > 2 else varying
            agree = (number for number in range(first, len(columns)) if _agree(columns[number].values, hole.values))
            known = next(agree, None)
            if known is None:
                known = len(columns)
                columns.append(hole)
            else:
                both = zip(columns[known].values, hole.values)
                columns[known].values = tuple(one if one is not None else two for one, two in both)
            found[Variable(f"hole{index}")] = Variable(f"{PLACEHOLDER}{known}")
        return Unified(with_trees(steps, found), columns)


def _agree(one: Values, two: Values) -> bool:
    """Whether two columns are the same wherever both have a value, and there is such a place."""
    both = [(a, b) for a, b in zip(one, two) if a is not None and b is not None]
    return bool(both) and all(a == b for a, b in both)


def _same_call(tree: Object, first: Tree) -> bool:
    plain = isinstance(first, Object) and replace(first, keywords=tree.keywords, positional=tree.positional)
    return plain == tree


def _form(tree: Tree) -> Tree:
    """A tree without what is in it."""
    return rebuilt(tree, lambda _: NONE)
