"""Which expressions in a function hold tensors: they flow from its inputs through assignments, branches and calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kscaffold.check.static.arguments import numbers
from kscaffold.check.static.nodes import FUNCTIONS, Function, is_text, last_name, method_called, walk_code
from kscaffold.check.static.source import Source

# What is asked of a tensor and is not a tensor itself.
PLAIN_ATTRIBUTES = {"shape", "dtype", "ndim", "name", "rank", "ragged_rank", "device"}
PLAIN_CALLS = frozenset(
    "Model Sequential len isinstance type range str repr hasattr getattr id get_shape int_shape ndim shape keys "
    "int float bool convert_to_numpy is_tensor is_keras_tensor get_static_value type_spec_from_value".split()
)
UNDECORATED = {"staticmethod", "classmethod", "tf.function"}  # others may give anything
PLAIN_ENDINGS = ("_name", "_names", "_shape")
Returns = list[tuple["Tensors", ast.expr]]


class Tensors:
    """What of a function holds tensors, and what it hands them to.

    Args:
        source: The file.
        function: One of its functions.
        inputs: The arguments that hold tensors.
        methods: The methods of its class, which are looked into where it calls them by `self.name(…)`.
        makers: Dotted names of functions that give tensors whatever they are given.
    """

    def __init__(
        self,
        source: Source,
        function: Function,
        inputs: set[str],
        methods: dict[str, Function] | None = None,
        makers: tuple[str, ...] = (),
        _known: dict[tuple[int, frozenset[str]], Tensors] | None = None,
    ) -> None:
        self.function = function
        self._source, self._methods, self._makers = source, methods or {}, makers
        self._known = {} if _known is None else _known
        self._known[id(function), frozenset(inputs)] = self
        self._holding: set[int] = set()  # the ids of names where they hold tensors
        self._returned: list[ast.expr] = []
        self._mappings = {
            node.value.id
            for node in walk_code(function)
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and is_text(node.slice)
        }
        self._asked = False
        self._run(function.body, set(inputs))

    def holds(self, node: ast.AST) -> bool:
        """Whether the value of an expression is, or contains, a tensor."""
        while isinstance(node, ast.BinOp):  # sums may be longer than what may be nested
            if self.holds(node.right):
                return True
            node = node.left
        match node:
            case ast.Name():
                return id(node) in self._holding
            case ast.Call():
                return self._call_holds(node)
            case ast.Attribute():
                return node.attr not in PLAIN_ATTRIBUTES and self.holds(node.value)
            case ast.Compare():
                plain = any(isinstance(operator, ast.Is | ast.IsNot | ast.In | ast.NotIn) for operator in node.ops)
                return not plain and any(map(self.holds, [node.left, *node.comparators]))
            case ast.Subscript() | ast.Starred() | ast.NamedExpr() | ast.DictComp():
                return self.holds(node.value)
            case ast.IfExp():
                return self.holds(node.body) or self.holds(node.orelse)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self.holds(node.elt)
            case ast.UnaryOp() | ast.BoolOp() | ast.Tuple() | ast.List() | ast.Dict():
                return any(map(self.holds, ast.iter_child_nodes(node)))
        return False

    def handed_on(self, call: ast.Call) -> Tensors | None:
        """The same of a function of the file, or a method of the class, that a call hands tensors."""
        if name := method_called(call):
            function = self._methods.get(name)
        else:
            function = self._source.functions.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if function is None or any(ast.unparse(word) not in UNDECORATED for word in function.decorator_list):
            return None
        names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
        if names[:1] in (["self"], ["cls"]):
            del names[0]
        inputs = {name for name, value in zip(names, call.args, strict=False) if self.holds(value)}
        inputs |= {word.arg for word in call.keywords if word.arg and self.holds(word.value)}
        inputs -= numbers(function)
        found = self._known.get((id(function), frozenset(inputs)))
        if found is None and (inputs or self._makers):
            found = Tensors(self._source, function, inputs, self._methods, self._makers, self._known)
        return found

    def _call_holds(self, node: ast.Call) -> bool:
        if self._makers and self._source.name(node.func) in self._makers:
            return True
        called = last_name(node.func)
        if called in PLAIN_CALLS or called.endswith(PLAIN_ENDINGS):
            return False
        inside = self.handed_on(node)
        if inside is not None:
            return inside._gives_tensors()
        if isinstance(node.func, ast.Attribute) and self.holds(node.func.value):
            return True
        return any(self.holds(item) for item in [*node.args, *(word.value for word in node.keywords)])

    def _gives_tensors(self) -> bool:
        if self._asked:  # it is itself what it returns
            return False
        self._asked = True
        try:
            return any(self.holds(value) for value in self._returned)
        finally:
            self._asked = False

    def _run(self, body: list[ast.stmt], names: set[str]) -> bool:
        """Follows statements, and changes the names that hold tensors; whether what comes after is reached."""
        for statement in body:
            if isinstance(statement, ast.Return | ast.Raise | ast.Continue | ast.Break):
                self._look(statement, names)
                if isinstance(statement, ast.Return) and statement.value is not None:
                    self._returned.append(statement.value)
                return isinstance(statement, ast.Continue | ast.Break)
            if isinstance(statement, ast.If):
                self._look(statement.test, names)
                if not self._branch([statement.body, statement.orelse], names):
                    return False
            elif isinstance(statement, ast.For | ast.AsyncFor | ast.While):
                self._loop(statement, names)
            elif isinstance(statement, ast.Try | ast.TryStar):
                self._run(statement.body, names)
                self._branch([statement.orelse, *(handler.body for handler in statement.handlers)], names)
                self._run(statement.finalbody, names)
            elif isinstance(statement, ast.With | ast.AsyncWith):
                for item in statement.items:
                    self._look(item.context_expr, names)
                if not self._run(statement.body, names):
                    return False
            elif isinstance(statement, ast.Match):
                self._look(statement.subject, names)
                self._branch([[], *(case.body for case in statement.cases)], names)
            elif not isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
                self._look(statement, names)
                self._assign(statement, names)
        return True

    def _branch(self, bodies: list[list[ast.stmt]], names: set[str]) -> bool:
        after = [(set(names), body) for body in bodies]
        reached = [own for own, body in after if self._run(body, own)]
        names.clear()
        names.update(*reached)
        return bool(reached)

    def _loop(self, loop: ast.For | ast.AsyncFor | ast.While, names: set[str]) -> None:
        for _ in range(2):  # what the end of the body makes of names comes back to its beginning
            inside = set(names)
            if isinstance(loop, ast.While):
                self._look(loop.test, inside)
            else:
                self._look(loop.iter, inside)
                self._bind_item(loop.target, loop.iter, inside)
            self._run(loop.body, inside)
            names |= inside
        self._run(loop.orelse, names)

    def _look(self, root: ast.AST, names: set[str]) -> None:
        """Marks the names in an expression or a simple statement that hold tensors."""
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Name):
                if node.id in names:
                    self._holding.add(id(node))
            elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                inside = set(names)
                for part in node.generators:
                    self._look(part.iter, inside)
                    self._bind_item(part.target, part.iter, inside)
                for child in ast.iter_child_nodes(node):
                    self._look(child, inside)
            elif not isinstance(node, ast.Lambda):
                waiting += ast.iter_child_nodes(node)

    def _assign(self, statement: ast.stmt, names: set[str]) -> None:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._bind(target, [(self, statement.value)], names)
        elif isinstance(statement, ast.AnnAssign | ast.AugAssign) and statement.value is not None:
            if isinstance(statement, ast.AnnAssign) or self.holds(statement.value):
                self._bind(statement.target, [(self, statement.value)], names)
        elif isinstance(statement, ast.Expr) and isinstance(call := statement.value, ast.Call):
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("append", "extend", "insert", "update"):
                if isinstance(call.func.value, ast.Name) and any(self.holds(item) for item in call.args):
                    names.add(call.func.value.id)

    def _bind_item(self, target: ast.expr, iterable: ast.expr, names: set[str]) -> None:
        """Gives a target what an iterable has: indices and keys are not tensors."""
        parts = target.elts if isinstance(target, ast.Tuple) else []
        called = ""
        if isinstance(iterable, ast.Call):
            called = last_name(iterable.func)
            if called == "zip" and len(parts) == len(iterable.args):
                for part, value in zip(parts, iterable.args, strict=True):
                    self._bind(part, [(self, value)], names)
                return
        if called in ("enumerate", "items") and len(parts) == 2:
            self._bind(parts[0], [], names)
            target = parts[1]
        keys = isinstance(iterable, ast.Name) and iterable.id in self._mappings
        self._bind(target, [] if keys else [(self, iterable)], names)

    def _bind(self, target: ast.expr, values: Returns, names: set[str]) -> None:
        """Gives a target one of some values."""
        if isinstance(target, ast.Name):
            if any(where.holds(value) for where, value in values):
                names.add(target.id)
            else:
                names.discard(target.id)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, values, names)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            if any(where.holds(value) for where, value in values):
                names.add(target.value.id)
        elif isinstance(target, ast.Tuple | ast.List):
            values = [returned for where, value in values for returned in where._returns(value)]
            for index, part in enumerate(target.elts):
                self._bind(part, [(where, _item(value, index, len(target.elts))) for where, value in values], names)

    def _returns(self, value: ast.expr) -> Returns:
        """What a call of a function of the file returns; any other expression itself."""
        inside = self.handed_on(value) if isinstance(value, ast.Call) else None
        if inside is None or inside is self:
            return [(self, value)]
        return [(inside, returned) for returned in inside._returned]


def _item(value: ast.expr, index: int, length: int) -> ast.expr:
    """One of a tuple that is written out; of any other expression, all of it."""
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == length:
        return value.elts[index]
    return value


def reached(tensors: Tensors, by_mode: set[int]) -> Iterator[Tensors]:
    """A function, and those of the file that it hands tensors, directly or through others.

    What is called in nodes that are for some kinds of tensors only, whose ids are in `by_mode`, and functions that have
    such nodes, know what they are given.
    """
    found = [tensors]
    for one in found:
        yield one
        for node in walk_code(one.function):
            if isinstance(node, ast.Call) and id(node) not in by_mode:
                inside = one.handed_on(node)
                if inside is not None and inside not in found:
                    if not any(id(item) in by_mode for item in walk_code(inside.function)):
                        found.append(inside)
