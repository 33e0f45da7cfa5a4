"""The one-line syntax for layers, operations, shapes and values: parsed into frozen values, never evaluated.

A layer is `Dense(64, relu)`: a name, literal arguments, a bare word for an argument's name or a string, nested objects
such as `L2(1e-3)`, and `x3` behind it for repetition. Names may be written in full, `keras.layers.Dense(64)`. A custom
layer is `package.module:Class(…)`. A size may be computed from names and whole numbers: `4 * units`, `input_shape[0] //
2`. In a graph there are also operations, `ops.mean(x, axis=1)`, slices of values, `x[:, 0]`, one of several values,
`lstm.1`, arguments of calls, `Dropout(0.5)(training=True)`, and arrows between calls.

Python parses the text, and its syntax tree becomes expressions. What Python does not have is first replaced by as many
other characters, so that columns stay what they are.
"""

import ast
import math
import re
from dataclasses import dataclass, replace
from typing import TypeAlias

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place
from kscaffold.program.text import show
from kscaffold.program.tree import (
    DOTS,
    NONE,
    Applied,
    Arithmetic,
    Listing,
    Object,
    Part,
    Plain,
    Slice,
    Table,
    Tree,
    Variable,
    walk,
)

LONGEST_EXPRESSION = 2000
LONGEST_CHAIN = 100_000
MOST_REPETITIONS = 1000
HINT = "Write names, numbers, strings and objects: Dense(8, relu)."
REFUSED: dict[type[ast.AST], str] = {
    ast.Set: "a set",
    ast.Call: "a call of what is not a plain name",
    ast.Lambda: "a function",
    ast.Name: "a dotted name",
    ast.Attribute: "a dotted name",
    ast.Starred: "a star",
    ast.JoinedStr: "an f-string",
    ast.Compare: "a comparison",
    ast.BoolOp: "a condition",
    ast.IfExp: "a condition",
    ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
}
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Pow: "**",
}  # fmt: skip
# What only values of a graph are computed with.
OF_VALUES: dict[type[ast.operator], str] = {ast.Div: "/", ast.Mod: "%"}
COMPARED: dict[type[ast.cmpop], str] = {
    ast.Gt: "ops.greater", ast.GtE: "ops.greater_equal", ast.Lt: "ops.less", ast.LtE: "ops.less_equal",
    ast.Eq: "ops.equal", ast.NotEq: "ops.not_equal",
}  # fmt: skip
COLON, DOT = "\u02d0\u02d1"  # letters that stand for these in names: `package.module:Class`, `lstm.1`
# An arrow becomes an operator that binds less tightly than arithmetic, `x3` one that binds more tightly. What means
# something in Python alone becomes what means nothing there.
SIGNS = re.compile(
    rf"""(?P<string>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    |(?P<arrow>->)
    |(?P<times>(?:(?<=\))\s*|(?<=\w)\s+)x(?=\s*[0-9]+\s*(?:->|\)|$)|\s+[A-Za-z_]\w*\s*(?:->|\)|$)))
    |(?P<class>\b[A-Za-z_][\w.]*:[A-Za-z_]\w*(?=\s*(?:\(|->|$)|\s+x))
    |(?P<one>\b[A-Za-z_]\w*\.[0-9]+\b)
    |(?P<space>\s)
    |(?P<foreign>>>|[@\#{COLON}{DOT}])""",
    re.VERBOSE,
)
# What Python needs before a name of Keras, which nobody needs here; `layers` and `keras` are no names of values.
IN_FULL = re.compile(
    r"^(?:(?:tf\.)?keras\.)?(?:layers|initializers|regularizers|constraints|activations)\.|^keras\.(?=ops\.)"
)
INSTEAD = {"arrow": ("->", ">>"), "times": ("x", "@"), "class": (":", COLON), "one": (".", DOT)}


@dataclass(frozen=True)
class Rounds:
    """What a repetition goes over, as in Python: `for width, depth in zip(widths, depths)`."""

    variables: tuple[str, ...]
    over: Tree

    def __str__(self) -> str:
        return f"for {', '.join(self.variables)} in {show(self.over)}"


Repeat: TypeAlias = (
    int | str | Rounds
)  # how often: a number, the name of a parameter, or a round for each of some values


class Reader:
    """Turns Python's syntax tree of a text into expressions, and refuses what the syntax does not have.

    Args:
        text: What the user typed, without space around it.
        graph: Whether it is part of a graph.
        place: Where it stands; without a place, messages show the text and the column in it.
    """

    def __init__(self, text: str, graph: bool = False, place: Place | None = None) -> None:
        self.text = text
        self.graph = graph
        self.place = place
        longest = LONGEST_CHAIN if graph else LONGEST_EXPRESSION
        if len(text) > longest:
            where = str(place) if place else None
            raise RequestError(
                f"The expression is {len(text)} characters long.", hint=f"Use at most {longest}.", where=where
            )

    def parse(self, ending: str = "") -> ast.expr:
        """Python's syntax tree of the text and an ending; a `RequestError` shows where it is not an expression."""
        self.python = SIGNS.sub(_in_python, self.text) + ending
        try:
            return ast.parse(self.python, mode="eval").body
        except SyntaxError as error:
            raise self.not_python(error) from None
        except (ValueError, RecursionError, MemoryError):
            raise self.refuse(0, "this is not an expression, or one that is too deep") from None

    def not_python(self, error: SyntaxError) -> RequestError:
        """What Python's message means for the text."""
        column = (error.offset or len(self.text) + 1) - 1
        sign = self.text[column : column + 1]
        if re.search("never closed|unterminated", error.msg):
            return self.refuse(column, f"{sign!r} is not closed", None)
        if re.search("unmatched|does not match", error.msg):
            return self.refuse(column, f"{sign!r} closes nothing", None)
        if error.msg.startswith("positional argument"):
            return self.refuse(column, "an argument without a name stands behind one with a name")
        hint = "Write it as start -> Dense(64, relu) -> Dense(10)."
        if self.place and (gap := re.search(r"(?:^|>>)\s*(?=>>|$)", self.python)):
            return self.refuse(gap.end(), "a chain has nothing here" if self.text else "the chain is empty", hint)
        return self.refuse(column, "this is not an expression")

    def repetition(self, node: ast.expr) -> tuple[ast.expr, Repeat]:
        """What is repeated, and how often."""
        match node:
            case ast.GeneratorExp(elt=made, generators=[ast.comprehension(ifs=[], is_async=0) as loop]) if self.graph:
                targets = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
                names = [target.id for target in targets if isinstance(target, ast.Name)]
                if len(names) < len(targets):
                    raise self.refuse(loop.target, "the variables of a repetition are names")
                return made, Rounds(tuple(names), self.tree(loop.iter))
            case ast.BinOp(left=made, op=ast.MatMult(), right=ast.Name(id=word)):
                return made, word
            case ast.BinOp(left=made, op=ast.MatMult(), right=ast.Constant(value=int() as count)):
                if 1 <= count <= MOST_REPETITIONS:
                    return made, count
                raise self.refuse(node, f"this repeats a layer {count} times", f"Give 1 to {MOST_REPETITIONS}.")
        return node, 1

    def tree(self, node: ast.expr) -> Tree:
        """The expression that a node of Python's syntax tree is; a `RequestError` shows what has no place in one."""
        try:
            return self.read(node)
        except RecursionError:
            raise self.refuse(node, "this is too deep an expression") from None

    def read(self, node: ast.expr) -> Tree:
        """The same, for an expression that is not too deep."""
        match node:
            case ast.Constant(value=value):
                return self.constant(node, value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return self.constant(node, -value)
            case ast.Name() | ast.Attribute() if word := self.name(node):
                return Object(word) if ":" in word else Variable(word)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return Listing("()" if isinstance(node, ast.Tuple) else "[]", tuple(map(self.read, items)))
            case ast.Dict(keys=keys, values=values):
                return Table(tuple((self.key(node, key), self.read(value)) for key, value in zip(keys, values)))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
                return Arithmetic(self.read(left), OPERATORS[type(operator)], self.read(right))
            case ast.BinOp(left=left, op=operator, right=right) if self.graph and type(operator) in OF_VALUES:
                return Arithmetic(self.read(left), OF_VALUES[type(operator)], self.read(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand) if self.graph:
                return Object("ops.negative", arguments=(self.read(operand),))
            case ast.Compare(left=left, ops=[compared], comparators=[right]) if (
                self.graph and type(compared) in COMPARED
            ):
                return Object(COMPARED[type(compared)], arguments=(self.read(left), self.read(right)))
            case ast.BinOp(left=left, op=ast.RShift(), right=right) if self.graph:
                return self.nested_chain(left, right)
            case ast.BinOp(op=ast.RShift()):
                hint = "Several values before it stand in brackets: (a, b) -> Concatenate."
                raise self.refuse(node, "an arrow has no place here", hint)
            case ast.BinOp():
                raise self.refuse(node, f"sizes are computed with {' '.join(OPERATORS.values())} alone")
            case ast.Subscript(value=of, slice=ast.Tuple(elts=axes)) if self.graph:
                return Part(self.read(of), Listing("()", tuple(map(self.axis, axes))))
            case ast.Subscript(value=of, slice=index):
                return Part(self.read(of), self.axis(index))
            case ast.Call(func=ast.Name() | ast.Attribute() as function) if word := self.name(function):
                return self.call(node, word)
            case ast.Call(func=ast.Call() as function) if self.graph:
                made = self.read(function)
                if isinstance(made, Object):
                    return Applied(made, self.call(node, ""))
                raise self.refuse(node, "third brackets have no place here")
        raise self.refuse(node, f"{REFUSED.get(type(node), 'this')} has no place here")

    def nested_chain(self, before: ast.expr, node: ast.expr) -> Applied:
        """A chain in brackets, `(x -> Dense(8))`, as the call that it is: `Dense(8)(x)`."""
        made, repeat = self.repetition(node)
        if not isinstance(repeat, int):
            raise self.refuse(
                node, "in brackets a layer is repeated a number of times", "Give the chain a name: a node."
            )
        read, start = self.read(made), self.read(before)
        call, passed = (read.made, read.passed) if isinstance(read, Applied) else (read, Object(""))
        call = Object(call.name) if isinstance(call, Variable) else call
        if not isinstance(call, Object):
            raise self.refuse(node, "this is not a layer")
        return Applied(replace(call, repeat=repeat), replace(passed, arguments=(start, *passed.arguments)))

    def name(self, node: ast.expr) -> str:
        """A name as it was typed; empty for what is not a name, or one with a dot where there is no graph."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        name = ".".join([node.id, *parts]).replace(COLON, ":").replace(DOT, ".")
        name = IN_FULL.sub("", name)
        return name if self.graph or ":" in name or "." not in name else ""

    def call(self, node: ast.Call, target: str) -> Object:
        """A call with its arguments."""
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.refuse(keyword, "** has no place here")
        keywords = tuple((str(keyword.arg), self.read(keyword.value)) for keyword in node.keywords)
        return Object(target, keywords, arguments=tuple(map(self.read, node.args)))

    def axis(self, node: ast.expr) -> Tree:
        """What stands in square brackets, in a graph for each axis."""
        if self.graph and isinstance(node, ast.Slice):
            bounds = [NONE if bound is None else self.read(bound) for bound in (node.lower, node.upper, node.step)]
            if all(map(_is_bound, bounds)):
                return Slice(*bounds)
            raise self.refuse(node, "a slice goes from one whole number to another")
        if self.graph and isinstance(node, ast.Constant) and node.value is Ellipsis:
            return DOTS
        read = self.read(node)
        if isinstance(read, Plain) and (type(read.value) is int or (self.graph and read == NONE)):
            return read
        raise self.refuse(node, f"an index is a whole number{', a slice, ... or None' if self.graph else ''}")

    def constant(self, node: ast.expr, value: object) -> Plain:
        """A number, a string, a truth value or `None`."""
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refuse(node, "the number is too large")
        if value is None or isinstance(value, (bool, int, float, str)):
            return Plain(value)
        raise self.refuse(node, f"a value of type {type(value).__name__} cannot be saved in a layer's config")

    def key(self, node: ast.expr, key: ast.expr | None) -> str:
        """A key of a dictionary."""
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value
        raise self.refuse(key or node, "keys are strings, because a layer's config is saved as JSON")

    def columns(self, node: ast.expr | ast.keyword) -> tuple[int, int]:
        """Where a node begins and ends in the text; Python counts bytes."""
        source = self.python.encode()
        return len(source[: node.col_offset].decode()), len(source[: node.end_col_offset].decode())

    def refuse(self, at: ast.expr | ast.keyword | int, reason: str, hint: str | None = HINT) -> RequestError:
        """An error that shows where in the text something is wrong: at a node, or a column from 0."""
        column = at if isinstance(at, int) else self.columns(at)[0]
        if self.place:
            return RequestError(f"{reason[0].upper()}{reason[1:]}.", hint=hint, where=str(self.place.moved(column)))
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "…"
        return RequestError(f"{shown!r} is not understood at column {column + 1}: {reason}.", hint=hint)


def _in_python(sign: re.Match[str]) -> str:
    """What stands for a sign of the syntax in the text that Python parses: `?` for what means something there alone."""
    kind, text = sign.lastgroup or "", sign.group()
    if kind == "string":
        return text
    return text.replace(*INSTEAD[kind]) if kind in INSTEAD else (" " if kind == "space" else "?") * len(text)


def _is_bound(bound: Tree) -> bool:
    """Whether an expression can be an end of a slice: a whole number, or one that is computed from names."""

    def counts(part: Tree) -> bool:
        return type(part.value) is int if isinstance(part, Plain) else isinstance(part, (Variable, Arithmetic))

    return bound == NONE or all(map(counts, walk(bound)))


def parse_expression(text: str, graph: bool = False) -> Tree:
    """Parses one expression; a `RequestError` shows where it is none of this syntax.

    Args:
        graph: Whether operations, slices, dotted names and arguments of calls have a place in it.
    """
    reader = Reader(text.strip(), graph)
    whole = reader.parse()
    node, repeat = reader.repetition(whole)
    parsed = reader.tree(node)
    if node is whole:
        return parsed
    if not isinstance(parsed, Object) or not isinstance(repeat, int):
        raise reader.refuse(whole, "only a layer can be repeated, and a number of times")
    return replace(parsed, repeat=repeat)


def parse_call(text: str) -> Object:
    """Parses a layer or another object; a bare name is an object without arguments."""
    parsed = parse_expression(text)
    if isinstance(parsed, Variable):
        return Object(parsed.name)
    if not isinstance(parsed, Object):
        raise RequestError(f"{text.strip()!r} is not a layer.", hint="Write a name with its arguments: Dense(8, relu).")
    return parsed


def split_list(text: str) -> list[Tree]:
    """Parses expressions separated by commas; an empty text has none."""
    text = text.strip()
    if not text:
        return []
    reader = Reader(text)
    parsed = reader.tree(reader.parse("" if text.endswith(",") else ","))
    assert isinstance(parsed, Listing)
    return list(parsed.items)
