"""What the source and the docstrings of a class say of its arguments and inputs, read without running anything."""

import ast
import functools
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from .attributes import own_classes

# A shape in a docstring: `(batch_size, time, features)`, `[batch, 16]`, `(None, None, 3)`, `([batch], nodes, 8)`.
SHAPE = re.compile(
    r"[(\[]\s*((?:\[batch\w*\]|(?:batch\w*|none|bs?|n|n_batch|(?:num_|n_)?samples)\b)(?:\s*,[^()\[\]]*)?)[)\]]",
    re.IGNORECASE,
)
SECTION = re.compile(
    r"^[ \t]*(?:#+ *|\*\*)?(?:Input shapes?|Inputs?|Call arguments)\b(.*?)"
    r"(?=^[ \t]*(?:#+ *|\*\*)?(?:Output|Return|Reference|Example|Arg|Raise|Call arg|Note|Usage)|\Z)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
# Lines that go on with the description of an argument: not the one of the next.
MORE_LINES = r"\n[ \t]+(?![`*\w]+[ \t]*(?:\([^)\n]*\))?:[ ])\S.*"
NUMBERS = {"two": 2, "three": 3, "four": 4, "2": 2, "3": 3, "4": 4}


@functools.cache
def tree_of(function: Any) -> ast.AST | None:
    """The syntax tree of a function, if its source can be read."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None


def methods(cls: Any) -> Iterator[ast.AST]:
    """The trees of the methods of a class of the user's."""
    for base in own_classes(cls):
        for item in vars(base).values():
            tree = tree_of(item) if inspect.isfunction(item) else None
            if tree is not None:
                yield tree


def document(item: Any) -> str:
    """The docstring that somebody wrote for this item itself."""
    text = getattr(item, "__doc__", None) if item is not None else None
    return inspect.cleandoc(text) if isinstance(text, str) else ""


def said_of(cls: Any, name: str) -> str:
    """What docstrings say of an argument of the constructor or of the call."""
    pattern = re.compile(
        rf"^[ \t]*[-*]*[ \t]*[`*]*{re.escape(name)}[`*]*[ \t]*(?:\(([^)\n]*)\))?[ \t]*:(.*(?:{MORE_LINES})*)",
        re.MULTILINE,
    )
    for base in own_classes(cls):
        for item in (base, vars(base).get("__init__"), vars(base).get("call")):
            match = pattern.search(document(item))
            if match:
                return " ".join(f"{match[1] or ''} {match[2]}".split())
    return ""


def input_shapes_said(cls: Any, items: int = 0) -> list[tuple[list[str], str]]:
    """The shapes that docstrings give for the inputs of a class: the words of each without the batch, and around it.

    Where one line gives as many as `items`, how many inputs there are, the other lines are of other cases.
    """
    for base in own_classes(cls):
        for item in (base, vars(base).get("call"), vars(base).get("__init__")):
            for section in SECTION.finditer(document(item)):
                lines = [list(_shapes_in(line)) for line in section[1].split("\n")]
                if any(lines):
                    whole = [line for line in lines if items > 1 and len(line) == items]
                    return whole[0] if whole else [shape for line in lines for shape in line]
    return []


def takes_texts(cls: Any) -> bool:
    """Whether docstrings call the inputs of a class tensors of strings."""
    sections = (section[1] for base in own_classes(cls) for section in SECTION.finditer(document(base)))
    return any(re.search(r"\bstring tensors?\b|\btensors? of (strings|texts)\b", one, re.I) for one in sections)


def shapes_said_of(cls: Any, name: str) -> list[tuple[list[str], str]]:
    """The shapes that docstrings give for one argument of the call."""
    return list(_shapes_in(said_of(cls, name)))


def _shapes_in(text: str) -> Iterator[tuple[list[str], str]]:
    for line in text.split("\n"):
        for match in SHAPE.finditer(line):
            words = [part.strip(" `'\"*") for part in match[1].split(",")]
            repeated = re.search(r"list of (\w+)", line[: match.start()], re.IGNORECASE)
            counted = re.search(r"\b(?:first|last|other) (\w+)\b[^,()]*$", line[: match.start()], re.IGNORECASE)
            several = len(SHAPE.findall(line)) > 1
            times = NUMBERS.get(repeated[1].lower(), 2) if repeated and not several else 1
            times = NUMBERS.get(counted[1].lower(), 1) if counted else times
            sentence = line[: match.end()] + re.split(r"\.\s", line[match.end() :])[0]
            for _ in range(times):
                yield [word for word in words[1:] if word], SHAPE.sub("", sentence)


def rank_in(function: Any, name: str) -> int | None:
    """The rank, with the batch, of a tensor (or of a shape) that a function takes under a name, if its code says so."""
    tree = tree_of(function)
    least = 0
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Assign([ast.Tuple(items) | ast.List(items)], value) if _shape_of(value, name):
                if len(items) > 1 and not any(isinstance(item, ast.Starred) for item in items):
                    return len(items)
            case ast.Compare(left, [ast.Eq() | ast.NotEq()], [ast.Constant(int(rank))]) if _rank_of(left, name):
                return rank
            case ast.Call(ast.Attribute(attr="transpose" | "permute_dimensions"), [ast.Name(one), order, *_]) if (
                one == name
            ):
                if isinstance(order, ast.Tuple | ast.List):
                    return len(order.elts)
            case ast.Subscript(ast.Name(one), ast.Tuple(items)) if one == name:
                if not any(isinstance(item, ast.Constant) and item.value in (None, ...) for item in items):
                    least = max(least, len(items))
            case ast.Subscript(value, ast.Constant(int(index))) if _shape_of(value, name) and index > 0:
                least = max(least, index + 1)
    return least if least > 2 else None


def _shape_of(node: ast.AST, name: str) -> bool:
    """Whether an expression is the shape of a tensor, or a shape, that is called so."""
    match node:
        case ast.Attribute(ast.Name(one), "shape") if one == name:
            return True
        case ast.Call(ast.Attribute(attr="shape" | "int_shape"), [ast.Name(one)]) if one == name:
            return True
        case ast.Call(ast.Attribute(ast.Attribute(ast.Name(one), "shape"), "as_list")) if one == name:
            return True
        case ast.Name(one) if one == name and name.endswith("shape"):
            return True
    return False


def _rank_of(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Call(ast.Name("len"), [inner]):
            return _shape_of(inner, name)
        case ast.Call(ast.Attribute(attr="ndim" | "rank"), [ast.Name(one)]):
            return one == name
        case ast.Attribute(ast.Name(one), "ndim"):
            return one == name
        case ast.Attribute(ast.Attribute(ast.Name(one), "shape"), "rank" | "ndims"):
            return one == name
    return False


def given_to(made: Any, name: str) -> Any:
    """The sublayer that the call of a layer gives one of its arguments to first, if it is in an attribute."""
    tree = tree_of(type(made).call)
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Call(ast.Attribute(ast.Name("self"), attribute), [ast.Name(one), *_]) if one == name:
                return getattr(made, attribute, None)
            case ast.Call(ast.Subscript(ast.Attribute(ast.Name("self"), attribute)), [ast.Name(one), *_]) if (
                one == name
            ):
                kept = getattr(made, attribute, None)
                return kept[0] if isinstance(kept, (list, tuple)) and kept else None
    return None


def uses(cls: Any, name: str, values: Any) -> Iterator[str]:
    """Sources of values for an argument of the constructor, by what is done with it and with the attribute of its name.

    Args:
        cls: The class.
        name: The argument.
        values: What names in the source stand for: those of the module.
    """
    names = _aliases(cls, name)
    for tree in methods(cls):
        for node in ast.walk(tree):
            match node:
                case ast.Compare(left, [ast.Eq() | ast.NotEq() | ast.In() | ast.NotIn()], [right]) if _is(left, names):
                    yield from map(repr, _words(right, cls, values))
                case ast.Compare(left, [ast.Eq() | ast.NotEq()], [right]) if _is(right, names):
                    yield from map(repr, _words(left, cls, values))
                case ast.Subscript(table, key) if _is(key, names):
                    yield from map(repr, _words(table, cls, values))
                case ast.Call(ast.Attribute(owner, "get" | "deserialize"), [first, *_]) if _is(first, names):
                    yield from OBJECTS.get(_last(owner), ())
                case ast.Call(ast.Name("isinstance"), [first, kinds]) if _is(first, names):
                    listed = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
                    yield from (source for kind in listed for source in KINDS.get(_last(kind), ()))
                case ast.Call(ast.Name("len" | "enumerate" | "zip" | "sum" | "max" | "list"), given) if any(
                    _is(one, names) for one in given
                ):
                    yield from LISTS
                case ast.For(iter=one) | ast.comprehension(iter=one) if _is(one, names):
                    yield from LISTS
                case ast.Call(ast.Name("range"), given) if any(_is(one, names) for one in given):
                    yield from ("2", "8")
                case ast.Call(function, [first, *_]) if _is(first, names) and _last(function) in FIRST:
                    yield from FIRST[_last(function)]
                case ast.Call(function, keywords=[*keywords]):
                    if _is(function, names):
                        yield "keras.layers.Dense(16)"
                    for keyword in keywords:
                        if keyword.arg is None and _is(keyword.value, names):
                            yield "{}"


def passed_as(cls: Any, name: str) -> Iterator[str]:
    """The names of the keywords that an argument of the constructor is handed on by."""
    names = _aliases(cls, name)
    for tree in methods(cls):
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg not in (None, name) and _is(node.value, names):
                yield str(node.arg)


OBJECTS = {
    "regularizers": ("'l2'",),
    "initializers": ("'glorot_uniform'", "'ones'"),
    "activations": ("'relu'",),
    "constraints": ("'non_neg'",),
    "layers": ("keras.layers.Dense(16)",),
}
KINDS = {
    "list": ("[8, 8]",),
    "tuple": ("(8, 8)",),
    "dict": ("{}",),
    "int": ("8",),
    "float": ("0.5",),
    "str": ("'relu'",),
    "bool": ("True",),
    "Layer": ("keras.layers.Dense(16)",),
    "Model": ("keras.Sequential([keras.layers.Dense(16)])",),
}
LISTS = ("[8, 8]", "[2, 2]")
FIRST = {
    "Dense": ("8",),
    "Embedding": ("16",),
    "Dropout": ("0.1",),
    "Conv1D": ("8",),
    "Conv2D": ("8",),
    "Conv3D": ("8",),
    "LSTM": ("8",),
    "GRU": ("8",),
    "Activation": ("'relu'",),
    "MultiHeadAttention": ("2",),
    "l1": ("0.01",),
    "l2": ("0.01",),
    "L1": ("0.01",),
    "L2": ("0.01",),
}


def _aliases(cls: Any, name: str) -> set[str]:
    """An argument, and the attributes that keep it as it is, as sources."""
    found = {name, f"self.{name}", f"self._{name}"}
    for tree in methods(cls):
        for node in ast.walk(tree):
            match node:
                case ast.Assign([ast.Attribute(ast.Name("self"), attribute)], ast.Name(one)) if one == name:
                    found.add(f"self.{attribute}")
    return found


def _is(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in names


def _last(node: ast.AST) -> str:
    return ast.unparse(node).rpartition(".")[2]


def _words(node: ast.AST, cls: Any, values: Any) -> list[str]:
    """The strings that an expression holds: a literal, or a constant of the module or the class."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        value = values.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(node, ast.Attribute) and _last(node.value) in ("self", "cls", cls.__name__):
            value = getattr(cls, node.attr, None)
    listed = [value] if isinstance(value, str) else list(value) if isinstance(value, (list, tuple, set, dict)) else []
    return [word for word in listed if isinstance(word, str)]
