"""What a program of functions, loops and conditions does: the calls that it makes, one after the other."""

from __future__ import annotations

import ast
import hashlib
import operator
from collections.abc import Mapping
from typing import Any

from kscaffold.program.tree import (
    Arithmetic,
    Channels,
    Code,
    Either,
    Listing,
    Object,
    Plain,
    Ref,
    Slice,
    Table,
    Text,
    Tree,
    Variable,
)
from kscaffold.program.usual import usual_arguments
from kscaffold.program.value import Program, Routine, Step, StepKind

Values = dict[Ref, Any]
Called = tuple[Any, ...]
OPERATORS = {
    ">": operator.gt,
    "*": operator.mul,
    "//": operator.floordiv,
    "/": operator.truediv,
    "is not": operator.is_not,
}


def meaning(program: Program) -> tuple[list[Called], Any]:
    """The calls of layers and operations in the main function, each after what it needs, and the result.

    What a call takes is described by the calls that made it, so the names of variables make no difference, and neither
    does the order of calls that do not need each other.
    """
    return _Run(program).main()


class _Run:
    def __init__(self, program: Program) -> None:
        self.routines = {routine.name: routine for routine in program.routines}
        self.main_routine = program.main
        self.calls: list[Called] = []
        self.made_by: dict[str, Called] = {}

    def main(self) -> tuple[list[Called], Any]:
        values: Values = {Ref(-1 - index): ("input", index) for index in range(self.main_routine.inputs)}
        self.steps(self.main_routine, values, {})
        return sorted(self.calls, key=repr), self.tree(self.main_routine.result, values, {})

    def steps(self, routine: Routine, values: Values, names: Mapping[str, Any]) -> None:
        for step in routine.steps:
            self.step(step, values, names)

    def step(self, step: Step, values: Values, names: Mapping[str, Any]) -> None:
        if step.kind is StepKind.LOOP:
            value = self.tree(step.args[0], values, names)
            for row in self.rows(step, values, names):
                inner: Values = {**values, Ref(step.uid): value}
                for one in step.body:
                    self.step(one, inner, {**names, **row})
                value = self.tree(step.result, inner, names)  # type: ignore[arg-type]
            values[Ref(step.uid)] = value
        elif step.kind is StepKind.IF:
            if self.tree(step.callee, values, names):
                inner = dict(values)
                for one in step.body:
                    self.step(one, inner, names)
                values[Ref(step.uid)] = self.tree(step.result, inner, names)  # type: ignore[arg-type]
            else:
                values[Ref(step.uid)] = self.tree(step.args[0], values, names)
        elif step.kind is StepKind.INVOKE:
            routine = self.routines[step.class_name]
            given = {item.name: self.tree(item.default, {}, {}) for item in routine.parameters if item.default}
            placed = zip(routine.parameters, step.args[routine.inputs :], strict=False)
            given |= {item.name: self.tree(value, values, names) for item, value in placed}
            given |= {key: self.tree(value, values, names) for key, value in step.kwargs}
            assert set(given) == {item.name for item in routine.parameters}
            inner = {
                Ref(-1 - index): self.tree(arg, values, names) for index, arg in enumerate(step.args[: routine.inputs])
            }
            given |= {name: self.tree(tree, inner, given) for name, tree in routine.widths}
            self.steps(routine, inner, given)
            values[Ref(step.uid)] = self.tree(routine.result, inner, given)
        else:
            args = tuple(self.tree(arg, values, names) for arg in step.args)
            kwargs = tuple(sorted((key, repr(self.tree(value, values, names))) for key, value in step.kwargs))
            call = (self.tree(step.callee, values, names), args, kwargs)
            self.calls.append((call[0], kwargs))
            # Not the call itself: its values are taken twice, and so on, so that trees of calls would be too large.
            digest = hashlib.sha256(repr(call).encode()).hexdigest()
            self.made_by[digest] = call
            for path in {(), *step.outputs}:
                values[Ref(step.uid, path)] = (digest, path)

    def rows(self, step: Step, values: Values, names: Mapping[str, Any]) -> list[dict[str, Any]]:
        over = step.callee
        if isinstance(over, Object) and over.target == "range":
            given = {key: self.tree(value, values, names) for key, value in over.keywords}
            first, by = given.get("first", 0), given.get("step", 1)
            last = given["count"] - 1 if "count" in given else given["last"]
            return [{step.variables[0]: number} for number in range(first, last + (1 if by > 0 else -1), by)]
        if isinstance(over, Object) and over.target == "enumerate":
            given = {key: self.tree(value, values, names) for key, value in over.keywords}
            return [dict(zip(step.variables, row, strict=True)) for row in enumerate(given["over"], given["start"])]
        items = self.tree(over, values, names)
        rows = list(items) if isinstance(items, str) else [*items[1:]]
        if len(step.variables) == 1:
            return [{step.variables[0]: item} for item in rows]
        return [dict(zip(step.variables, row[1:], strict=True)) for row in rows]

    def tree(self, tree: Tree, values: Values, names: Mapping[str, Any]) -> Any:
        def inside(part: Tree) -> Any:
            return self.tree(part, values, names)

        match tree:
            case Plain(value=value):
                return value
            case Variable(name=name):
                return names[name]
            case Text(parts=parts):
                return "".join(part if isinstance(part, str) else str(names[part.name]) for part in parts)
            case Ref():
                return values[tree]
            case Code(text=text):
                return text
            case Listing(brackets=brackets, items=items):
                return (brackets, *(inside(item) for item in items))
            case Table(items=pairs):
                return ("{}", *((key, inside(value)) for key, value in pairs))
            case Slice():
                return ("slice", inside(tree.start), inside(tree.stop), inside(tree.step))
            case Arithmetic(left=left, operator=symbol, right=right):
                return OPERATORS[symbol](inside(left), inside(right))
            case Channels(of=of):
                return self.channels(inside(of))
            case Either(condition=condition, then=then, other=other):
                return inside(then if inside(condition) else other)
            case Object(target=target, keywords=pairs):
                return self.made(target, {key: inside(value) for key, value in pairs})

    def channels(self, value: Any) -> int:
        """The size of the last axis of a value, by the calls that made it."""
        if value[0] == "input":
            return self.main_routine.model.inputs[value[1]].sizes[-1].value  # type: ignore[union-attr, return-value]
        callee, args, _ = self.made_by[value[0]]
        taken = [part for arg in args for part in (arg[1:] if arg[0] == "[]" else (arg,))]
        target, *pairs = callee if isinstance(callee, tuple) else (callee,)
        given = {key: ast.literal_eval(text) for key, text in pairs if key in ("filters", "units")}
        if given:
            return int(*given.values())
        if target == "layers.Concatenate":
            return sum(self.channels(one) for one in taken)
        return self.channels(taken[0])

    def made(self, target: str, given: dict[str, Any]) -> Any:
        """An object without the arguments that have their defaults."""
        if target.startswith(":") and target[1:] in self.routines and not self.routines[target[1:]].model:
            return self.tree(self.routines[target[1:]].result, {}, {})
        usual = {key: self.tree(value, {}, {}) for key, value in usual_arguments(target).items()}
        missing = object()
        return (target, *sorted((key, repr(value)) for key, value in given.items() if usual.get(key, missing) != value))
