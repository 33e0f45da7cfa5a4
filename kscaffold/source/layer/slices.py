"""Slices of what functions give, in a form that type checkers take.

In the eyes of pyright, what a function of `keras.ops` gives may be `None`, which has no parts. So it gets a name of its
own whose type is left open.

    return ops.tanh(inputs)[:, 0]   ->   tanh: Any = ops.tanh(inputs)
                                         return tanh[:, 0]
"""

import ast
import re
from collections.abc import Container, Iterable


def with_open_types(lines: Iterable[str], activations: Container[str]) -> tuple[str, ...]:
    """The lines of a method, in which what is sliced has a name; `activations` are attributes that are functions."""
    made = list(lines)
    place = 0
    while place < len(made):
        found = _sliced(made[place], activations)
        if found is None:
            place += 1
            continue
        text, function = found
        name = _free(function, made)
        indent = made[place][: len(made[place]) - len(made[place].lstrip())]
        made[place] = made[place].replace(f"{text}[", f"{name}[")
        made.insert(place, f"{indent}{name}: Any = {text}")
    sliced = {name for line in made for name in re.findall(r"(?<![\w.])([a-z_]\w*)\[", line)}
    return tuple(_opened(line, sliced, activations) for line in made)


def _statement(line: str) -> ast.stmt | None:
    """The one statement that a line is; `None` for a part of one."""
    try:
        return ast.parse(line.strip()).body[0]
    except (SyntaxError, IndexError):
        return None


def _function(node: ast.AST | None, activations: Container[str]) -> str | None:
    """The name of the function that an expression calls: of Keras, or kept in an attribute."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="ops"), attr=name)):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)) if name in activations:
            return name
    return None


def _sliced(line: str, activations: Container[str]) -> tuple[str, str] | None:
    """A call of a function that is sliced in place, as it is written, and the name of the function."""
    statement = _statement(line)
    for node in ast.walk(statement) if statement else ():
        if isinstance(node, ast.Subscript) and (function := _function(node.value, activations)):
            text = ast.get_source_segment(line.strip(), node.value)
            if text and f"{text}[" in line:
                return text, function
    return None


def _opened(line: str, sliced: Container[str], activations: Container[str]) -> str:
    """A line that names what a function gives and what is sliced, with its type left open."""
    match _statement(line):
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in sliced and _function(value, activations):
            return line.replace(f"{name} = ", f"{name}: Any = ", 1)
    return line


def _free(function: str, lines: Iterable[str]) -> str:
    """A name for what a function gives, which no line uses yet."""
    used = {word for line in lines for word in re.findall(r"(?<![\w.])[A-Za-z_]\w*", line)}
    number, name = 1, function
    while name in used or name in ("mask", "training", "inputs"):
        number += 1
        name = f"{function}{number}"
    return name
