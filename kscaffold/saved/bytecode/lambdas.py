"""The expression that a simple lambda computes, from its bytecode: for a comment, never to be run."""

from __future__ import annotations

import ast
import base64
import binascii
import contextlib
import keyword
from collections.abc import Mapping, Sequence
from typing import Any

from kscaffold.saved.bytecode.instructions import LAYOUTS, Version, find_version, instructions
from kscaffold.saved.bytecode.unmarshal import CodeObject, Layout, Unreadable, read_code

LONGEST = 500  # characters of an expression that somebody wants to read
LONGEST_LOCAL = 100  # characters of what a variable stands for
MOST_STEPS = 500
MOST_PARTS, DEEPEST = 50, 2  # of constants in a constant
VARIADIC = 0x04 | 0x08  # flags of functions with *args or **kwargs
BINARY = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "//": ast.FloorDiv, "%": ast.Mod, "**": ast.Pow,
    "@": ast.MatMult, "&": ast.BitAnd, "|": ast.BitOr, "^": ast.BitXor,
}  # fmt: skip
NAMED = {
    "BINARY_ADD": "+", "BINARY_SUBTRACT": "-", "BINARY_MULTIPLY": "*", "BINARY_DIVIDE": "/", "BINARY_TRUE_DIVIDE": "/",
    "BINARY_FLOOR_DIVIDE": "//", "BINARY_MODULO": "%", "BINARY_POWER": "**", "BINARY_MATRIX_MULTIPLY": "@",
    "BINARY_AND": "&", "BINARY_OR": "|", "BINARY_XOR": "^",
}  # fmt: skip
UNARY = {
    "UNARY_NEGATIVE": ast.USub, "UNARY_INVERT": ast.Invert, "UNARY_NOT": ast.Not, "UNARY_POSITIVE": ast.UAdd,
}  # fmt: skip
COMPARE: dict[str, type[ast.cmpop]] = {
    "<": ast.Lt, "<=": ast.LtE, "==": ast.Eq, "!=": ast.NotEq, ">": ast.Gt, ">=": ast.GtE, "in": ast.In,
    "not in": ast.NotIn, "is": ast.Is, "is not": ast.IsNot,
}  # fmt: skip
IGNORED = ("RESUME", "NOP", "COPY_FREE_VARS", "PRECALL", "MAKE_CELL", "SET_LINENO")


def lambda_source(code: str, defaults: Any = None, closure: Any = None) -> str | None:
    """What a lambda computes, as far as its bytecode tells; `None` where it does not.

    Args:
        code: The marshalled code object, as Keras saves it: in base64, or as the characters of its bytes.
        defaults: The defaults of its last arguments.
        closure: The values of the variables of the function that it was in.
    """
    found = set()
    for content in _contents(code):
        for layout in Layout:
            try:
                read = read_code(content, layout)
            except Unreadable:
                continue
            for name in LAYOUTS[layout]:
                try:
                    found.add(_Reader(read, find_version(name), _listed(defaults), _listed(closure)).source())
                except (Unreadable, IndexError, RecursionError):
                    continue
    return found.pop() if len(found) == 1 else None  # versions that disagree tell nothing


def _contents(code: str) -> list[bytes]:
    """The bytes that a text may stand for."""
    found = []
    if code.isascii():
        with contextlib.suppress(binascii.Error):
            found.append(base64.b64decode("".join(code.split()), validate=True))
    for encoding in ("latin-1", "raw_unicode_escape"):
        with contextlib.suppress(UnicodeEncodeError):
            found.append(code.encode(encoding))
    return [*dict.fromkeys(found)]


def _listed(values: Any) -> list[Any]:
    if isinstance(values, Mapping):  # how some versions of Keras save a tuple
        values = values.get("items") or values.get("value")
    return [*values] if isinstance(values, (list, tuple)) else []


class _Reader:
    """Goes through the instructions of a function without jumps, with syntax in place of values."""

    def __init__(self, code: CodeObject, version: Version, defaults: Sequence[Any], closure: Sequence[Any]) -> None:
        self.code = code
        self.version = version
        self.defaults = defaults
        self.closure = dict(zip(code.free, closure))
        self.stack: list[Any] = []
        self.local: dict[str, ast.expr] = {}
        self.keywords: tuple[str, ...] = ()

    def source(self) -> str:
        """The lambda as source in one line of ASCII."""
        if self.code.flags & VARIADIC:
            raise Unreadable("it takes any number of arguments")
        count = self.code.arguments + self.code.keyword_only
        names = [_name(name) for name in self.code.variables[:count]]
        positional = names[: self.code.arguments]
        defaults = [_constant(value) for value in self.defaults][-len(positional) :] if positional else []
        header = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(name) for name in positional],
            kwonlyargs=[ast.arg(name) for name in names[self.code.arguments :]],
            kw_defaults=[None] * self.code.keyword_only,
            defaults=defaults,
        )
        text = ast.unparse(ast.Lambda(header, self.result()))
        if len(text) > LONGEST or not text.isascii() or not text.isprintable():
            raise Unreadable("it is nothing to read")
        return text

    def result(self) -> ast.expr:
        """What is returned."""
        for step, (name, argument) in enumerate(instructions(self.code.code, self.version)):
            if step > MOST_STEPS:
                raise Unreadable("it is too long")
            if name == "RETURN_VALUE":
                return self.popped()
            if name == "RETURN_CONST":
                return _constant(self.code.constants[argument])
            self.step(name, argument)
        raise Unreadable("it returns nothing")

    def popped(self) -> ast.expr:
        found = self.stack.pop()
        if not isinstance(found, ast.expr):
            raise Unreadable("it is no simple expression")
        return found

    def several(self, count: int) -> list[ast.expr]:
        """The last values, in order."""
        return [self.popped() for _ in range(count)][::-1]

    def step(self, name: str, argument: int) -> None:
        """One instruction."""
        if name in IGNORED:
            return
        if name in NAMED or name == "BINARY_OP":
            right, left = self.popped(), self.popped()
            symbol = NAMED.get(name) or self.version.binary[argument]
            if symbol not in BINARY:
                raise Unreadable("it assigns")
            self.stack.append(ast.BinOp(left, BINARY[symbol](), right))
        elif name in UNARY:
            self.stack.append(ast.UnaryOp(UNARY[name](), self.popped()))
        elif name.startswith("SLICE+"):
            number = int(name[-1])
            last = self.popped() if number & 2 else None
            first = self.popped() if number & 1 else None
            self.stack.append(ast.Subscript(self.popped(), ast.Slice(first, last)))
        else:
            method = getattr(self, f"do_{name.lower()}", None)
            if method is None:
                raise Unreadable(f"{name} is not read")
            method(argument)

    def do_load_fast(self, argument: int) -> None:
        self.push_variable(self.code.variables[argument])

    do_load_fast_check = do_load_fast

    def do_load_fast_load_fast(self, argument: int) -> None:
        self.push_variable(self.code.variables[argument >> 4])
        self.push_variable(self.code.variables[argument & 15])

    def push_variable(self, name: str) -> None:
        self.stack.append(self.local.get(name) or ast.Name(_name(name)))

    def do_store_fast(self, argument: int) -> None:
        value = self.stack.pop()
        if not isinstance(value, ast.expr) or len(ast.unparse(value)) > LONGEST_LOCAL:
            raise Unreadable("a variable is no short expression")  # each use of it is written out
        self.local[self.code.variables[argument]] = value

    def do_load_deref(self, argument: int) -> None:
        if self.version.number >= (3, 11):
            name = self.code.variables[argument]
        else:
            name = (*self.code.cells, *self.code.free)[argument]
        if name in self.closure:
            with contextlib.suppress(Unreadable):  # it is not one to be shown: its name is
                self.stack.append(_constant(self.closure[name]))
                return
        self.push_variable(name)

    def do_load_const(self, argument: int) -> None:
        self.stack.append(_constant(self.code.constants[argument]))

    def do_load_name(self, argument: int) -> None:
        name = self.code.names[argument]
        of_python_2 = {"True": True, "False": False, "None": None}  # where they are names
        self.stack.append(ast.Constant(of_python_2[name]) if name in of_python_2 else ast.Name(_name(name)))

    def do_load_global(self, argument: int) -> None:
        if self.version.number >= (3, 11):
            argument, with_null = argument >> 1, argument & 1
            if with_null and self.version.number < (3, 13):
                self.stack.append(None)
            self.stack.append(ast.Name(_name(self.code.names[argument])))
            if with_null and self.version.number >= (3, 13):
                self.stack.append(None)
        else:
            self.do_load_name(argument)

    def do_push_null(self, argument: int) -> None:
        self.stack.append(None)

    def do_load_attr(self, argument: int) -> None:
        if self.version.number >= (3, 12):
            argument, is_method = argument >> 1, argument & 1
            if is_method:
                self.do_load_method(argument)
                return
        self.stack.append(ast.Attribute(self.popped(), _name(self.code.names[argument])))

    def do_load_method(self, argument: int) -> None:
        found = ast.Attribute(self.popped(), _name(self.code.names[argument]))
        self.stack += [found, None] if self.version.number >= (3, 13) else [None, found]

    def call(self, count: int, keywords: Sequence[str]) -> None:
        """A call with so many arguments, the last of which have names."""
        values = self.several(count)
        placed = values[: count - len(keywords)]
        named = [ast.keyword(_name(key), value) for key, value in zip(keywords, values[len(placed) :])]
        if self.stack and self.stack[-1] is None:
            self.stack.pop()
        function = self.popped()
        if self.stack and self.stack[-1] is None:
            self.stack.pop()
        self.stack.append(ast.Call(function, placed, named))

    def do_kw_names(self, argument: int) -> None:
        self.keywords = _names(self.code.constants[argument])

    def do_call(self, argument: int) -> None:
        keywords, self.keywords = self.keywords, ()
        self.call(argument, keywords)

    def do_call_method(self, argument: int) -> None:
        self.call(argument, ())

    def do_call_function(self, argument: int) -> None:
        if self.version.number >= (3, 6):
            self.call(argument, ())
            return
        pairs = self.several(2 * (argument >> 8))
        keys = [pair.value for pair in pairs[::2] if isinstance(pair, ast.Constant)]
        self.stack += pairs[1::2]
        self.call((argument & 255) + len(pairs) // 2, _names(keys))

    def do_call_function_kw(self, argument: int) -> None:
        self.call(argument, _names([one.value for one in getattr(self.popped(), "elts", ())]))

    do_call_kw = do_call_function_kw

    def do_binary_subscr(self, argument: int) -> None:
        index, value = self.popped(), self.popped()
        self.stack.append(ast.Subscript(value, index))

    def do_binary_slice(self, argument: int) -> None:
        last, first, value = self.popped(), self.popped(), self.popped()
        self.stack.append(ast.Subscript(value, ast.Slice(_bound(first), _bound(last))))

    def do_build_slice(self, argument: int) -> None:
        self.stack.append(ast.Slice(*map(_bound, self.several(argument))))

    def do_compare_op(self, argument: int) -> None:
        argument >>= {(3, 12): 4, (3, 13): 5}.get(self.version.number, 0)
        right, left = self.popped(), self.popped()
        self.stack.append(ast.Compare(left, [COMPARE[self.version.compare[argument]]()], [right]))

    def do_build_tuple(self, argument: int) -> None:
        self.stack.append(ast.Tuple(self.several(argument)))

    def do_build_list(self, argument: int) -> None:
        self.stack.append(ast.List(self.several(argument)))

    def do_list_extend(self, argument: int) -> None:
        added, listed = self.popped(), self.popped()
        if argument != 1 or not isinstance(listed, ast.List) or not isinstance(added, (ast.Tuple, ast.List)):
            raise Unreadable("it extends a list")
        self.stack.append(ast.List([*listed.elts, *added.elts]))

    def do_pop_top(self, argument: int) -> None:
        self.stack.pop()

    def do_import_name(self, argument: int) -> None:
        self.several(2)
        self.stack.append(_module(self.code.names[argument]))

    def do_import_from(self, argument: int) -> None:
        self.stack.append(ast.Name(_name(self.code.names[argument])))


def _bound(value: ast.expr) -> ast.expr | None:
    """A bound of a slice, which is left out where it is `None`."""
    return None if isinstance(value, ast.Constant) and value.value is None else value


def _name(name: Any) -> str:
    """A name of Python; raises `Unreadable` for anything else, which must not get into a comment."""
    if not isinstance(name, str) or not name.isascii() or not name.isidentifier() or keyword.iskeyword(name):
        raise Unreadable("a name is none")
    return name


def _module(name: Any) -> ast.expr:
    """A module by its name with dots."""
    first, *rest = str(name).split(".")
    found: ast.expr = ast.Name(_name(first))
    for part in rest:
        found = ast.Attribute(found, _name(part))
    return found


def _names(values: Any) -> tuple[str, ...]:
    if not isinstance(values, (list, tuple)):
        raise Unreadable("names are no tuple")
    return tuple(_name(value.decode("latin-1") if isinstance(value, bytes) else value) for value in values)


def _constant(value: Any, depth: int = 0) -> ast.expr:
    """A constant as syntax."""
    if isinstance(value, tuple | list) and len(value) <= MOST_PARTS and depth < DEEPEST:
        return ast.Tuple([_constant(item, depth + 1) for item in value])
    if isinstance(value, bytes):
        return ast.Constant(value.decode("latin-1"))
    if value is None or value is Ellipsis or isinstance(value, bool | int | float | str):
        return ast.Constant(value)
    raise Unreadable("a constant is none that can be shown")
