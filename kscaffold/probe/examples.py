"""What the examples in the docstrings of a class show: what it is made with, and what it is called on.

Nothing of an example is run. Arguments count where they are constants, or names that the example gives constants to;
inputs where the example makes them of random numbers, zeros or `keras.Input`, of a shape that it says.
"""

import ast
import doctest
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .attributes import own_classes
from .protocol import FEW, CallStyle, Feed
from .reading import document

FENCED = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
INDENTED = re.compile(r"^[ \t]*(?:Examples?|Usage)\b[^\n]*\n((?:[ \t]+[^\n]*\n?|\n)+)", re.MULTILINE | re.IGNORECASE)
LARGEST = 1 << 20  # numbers in one batch: an example may be of the size that people train
MOST_DROPPED = 20  # lines of an example that are no Python: `...`, what a call gives
WHOLE = re.compile(r"rand_?ints?|integers")
MAKES_TENSORS = re.compile(
    r"Input|(random_)?(normal|uniform)|standard_normal|randn?|random(_sample)?|zeros|ones|empty|full|rand_?ints?|integers"
)
NOT_CONSTANT = object()


@dataclass(frozen=True)
class Example:
    """How an example makes a layer and calls it.

    Attributes:
        arguments: Sources of the arguments of the constructor that are constants.
        feeds: The inputs of a call; none where the example does not say what they are.
        call: How they are given.
        is_whole: Whether nothing else is done to the layer before the call.
    """

    arguments: Mapping[str, str]
    feeds: tuple[Feed, ...] = ()
    call: CallStyle = CallStyle.SINGLE
    is_whole: bool = False


def examples_of(cls: type, names: list[str]) -> Iterator[Example]:
    """The examples that docstrings show of a class; `names` are those of the parameters of its constructor."""
    for base in own_classes(cls):
        for text in _codes(document(base)):
            tree = _parsed(text)
            if tree is not None:
                yield from _Reader(cls.__name__, names).read(tree)


def _codes(text: str) -> Iterator[str]:
    """The pieces of code in a docstring."""
    fenced = FENCED.findall(text)
    yield from map(textwrap.dedent, fenced)
    try:
        told = doctest.DocTestParser().get_examples(text)
    except ValueError:  # what looks like a prompt and is none
        told = []
    if told:
        yield "".join(one.source for one in told)
    if not fenced and not told:
        yield from (textwrap.dedent(re.sub(r"^\s*::\s*\n", "", match)) for match in INDENTED.findall(text))


def _parsed(text: str) -> ast.Module | None:
    """The tree of a piece of code, without the lines that are no Python."""
    lines = text.split("\n")
    for _ in range(MOST_DROPPED):
        try:
            return ast.parse("\n".join(lines))
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 0
            if not 0 < line <= len(lines):
                return None
            lines[line - 1] = ""
    return None


class _Reader:
    """Follows the statements of one example."""

    def __init__(self, cls: str, names: list[str]) -> None:
        self._cls, self._names = cls, names
        self._constants: dict[str, Any] = {}
        self._tensors: dict[str, Feed] = {}
        self._layers: dict[str, ast.Call] = {}  # what makes those that have a name, until more is done to them
        self._changed: set[str] = set()  # the names of those to which more was done

    def read(self, tree: ast.Module) -> Iterator[Example]:
        """The examples, the calls before what is only made."""
        found: list[Example] = []
        for statement in tree.body:
            found += filter(None, (self._call(node) for node in ast.walk(statement) if isinstance(node, ast.Call)))
            match statement:
                case ast.Assign([ast.Name(name)], value):
                    self._assign(name, value)
        made = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and self._makes(node)]
        found += [Example(self._arguments(node)) for node in made]
        return iter(sorted(found, key=lambda example: not example.feeds))

    def _assign(self, name: str, value: ast.expr) -> None:
        constant = self._constant(value)
        self._constants.pop(name, None)
        self._tensors.pop(name, None)
        if constant is not NOT_CONSTANT:
            self._constants[name] = constant
        elif feed := self._tensor(value):
            self._tensors[name] = feed
        elif isinstance(value, ast.List) and value.elts:
            feeds = [self._tensor(item) for item in value.elts]
            for number, feed in enumerate(feeds):
                if feed:
                    self._tensors[f"{name}[{number}]"] = feed
        elif isinstance(value, ast.Call) and self._makes(value):
            self._layers[name] = value
            self._changed.discard(name)

    def _makes(self, node: ast.Call) -> bool:
        """Whether a call makes a layer of the class."""
        return ast.unparse(node.func).rpartition(".")[2] == self._cls

    def _arguments(self, node: ast.Call) -> dict[str, str]:
        given = [*zip(self._names, node.args, strict=False)]
        given += [(keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg in self._names]
        values = {name: self._constant(value) for name, value in given}
        return {name: repr(value) for name, value in values.items() if value is not NOT_CONSTANT}

    def _call(self, node: ast.Call) -> Example | None:
        """What a call of a layer of the class shows."""
        is_whole = not node.keywords
        match node.func:
            case ast.Call() as maker if self._makes(maker):
                pass
            case ast.Name(name) if name in self._layers:
                maker = self._layers[name]
                is_whole &= name not in self._changed
            case ast.Attribute(ast.Name(name)):
                self._changed.add(name)
                return None
            case _:
                return None
        arguments = self._arguments(maker)
        is_whole &= len(arguments) == len(maker.args) + len(maker.keywords)
        style = CallStyle.ARGUMENTS if len(node.args) > 1 else CallStyle.SINGLE
        given: list[Any] = [self._tensor(one) for one in node.args]
        match node.args:
            case [ast.List(items) | ast.Tuple(items)]:
                given, style = [self._tensor(item) for item in items], CallStyle.LIST
            case [ast.Name(name)] if f"{name}[0]" in self._tensors:
                given = [feed for key, feed in self._tensors.items() if key.startswith(f"{name}[")]
                style = CallStyle.LIST
        return Example(arguments, tuple(given), style, is_whole) if given and all(given) else Example(arguments)

    def _tensor(self, node: ast.expr) -> Feed | None:
        """What an expression makes, if that is a tensor of a shape that it says, with a batch."""
        match node:
            case ast.Name(name):
                return self._tensors.get(name)
            case ast.Call(func, arguments, keywords):
                function = ast.unparse(func).rpartition(".")[2]
            case _:
                return None
        if not MAKES_TENSORS.fullmatch(function):
            wrapped = re.fullmatch(r"constant|convert_to_tensor|cast|astype|softmax|sigmoid|abs", function)
            return self._tensor(arguments[0]) if wrapped and arguments else None
        values = [self._constant(one) for one in arguments]
        named = {keyword.arg: self._constant(keyword.value) for keyword in keywords}
        shape = named.get("shape", named.get("size", next((one for one in values if isinstance(one, tuple)), values)))
        shape = tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)
        if function == "Input":
            shape = (None, *shape)
        sizes_known = all(size is None or (type(size) is int and size > 0) for size in shape)
        if not shape or not sizes_known or _numbers(shape) > LARGEST:
            return None
        dtype = named.get("dtype", "int32" if WHOLE.fullmatch(function) else "float32")
        return Feed(shape[1:], dtype if isinstance(dtype, str) else "float32", FEW)

    def _constant(self, node: ast.expr) -> Any:
        """The value of an expression of constants and of names for them, or `NOT_CONSTANT`."""
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name):
                return self._constants.get(name, NOT_CONSTANT)
            case ast.Tuple(items) | ast.List(items):
                values = [self._constant(item) for item in items]
                known = not any(value is NOT_CONSTANT for value in values)
                return (tuple(values) if isinstance(node, ast.Tuple) else values) if known else NOT_CONSTANT
            case ast.Dict(keys, items) if None not in keys:  # as it is before `**`
                entries = [(key, item) for key, item in zip(keys, items, strict=True) if key]
                pairs = [(self._constant(key), self._constant(item)) for key, item in entries]
                known = not any(NOT_CONSTANT in pair for pair in pairs) and all(
                    isinstance(key, str) for key, _ in pairs
                )
                return dict(pairs) if known else NOT_CONSTANT
            case ast.UnaryOp(ast.USub(), operand):
                value = self._constant(operand)
                return -value if isinstance(value, (int, float)) else NOT_CONSTANT
            case ast.BinOp(left, operator, right):
                return _computed(self._constant(left), operator, self._constant(right))
        return NOT_CONSTANT


def _computed(left: Any, operator: ast.operator, right: Any) -> Any:
    """A sum, difference, product or quotient of two numbers."""
    if not all(isinstance(value, (int, float)) for value in (left, right)):
        return NOT_CONSTANT
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.FloorDiv() if right:
            return left // right
        case ast.Div() if right:
            return left / right
    return NOT_CONSTANT


def _numbers(shape: tuple[int | None, ...]) -> int:
    product = 1
    for size in shape[1:]:
        product *= size or 1
    return product
