"""Which arguments of a function are tensors, and which are numbers or texts."""

import ast
import re

from kscaffold.check.static.nodes import Function, is_text, last_name, parameters, walk_code
from kscaffold.check.static.source import Source

PLAIN_ARGUMENTS = {
    "self", "cls", "training", "return_attention_scores", "verbose", "causal", "use_causal_mask", "dim", "axis",
}  # fmt: skip
PLAIN_ARGUMENT_ENDINGS = ("_size", "_dim", "_name")
PLAIN_TYPES = {
    "int", "float", "bool", "str", "bytes", "slice", "Callable", "TensorShape", "DType", "integer", "floating", "Enum",
    "Path",
}  # fmt: skip
CONTAINERS = {
    "list", "List", "tuple", "Tuple", "Sequence", "Iterable", "Collection", "set", "Set", "frozenset", "Optional",
    "Union", "Literal", "Final", "Annotated", "typing", "t", "tp", "collections", "abc", "np", "numpy", "tf",
    "tensorflow", "keras", "dict", "Dict", "Mapping",
}  # fmt: skip
TENSOR_TYPES = re.compile(r"Tensor(?!Shape|Spec)|[Aa]rray|Variable")
# Functions that make tensors of numbers, too: what they are given need not be one.
TAKE_NUMBERS = frozenset(
    "zeros ones full fill arange range eye identity linspace constant convert_to_tensor cast array shape size ndim "
    "reshape Variable Input minimum maximum power pow print multiply add subtract divide one_hot".split()
)
# Arguments that hold tensors though they may be left out.
OPTIONAL_ENDINGS = ("mask", "state", "states", "context")


def tensor_arguments(function: Function) -> set[str]:
    """The arguments of `call` that look like tensors: no plain type, and no default but `None` under a known name."""
    plain = numbers(function)
    found = set()
    for name, default in parameters(function):
        if name in PLAIN_ARGUMENTS or name.endswith(PLAIN_ARGUMENT_ENDINGS) or name in plain:
            continue
        left_out = isinstance(default, ast.Constant) and default.value is None
        if default is None or (left_out and name.endswith(OPTIONAL_ENDINGS)):
            found.add(name)
    return found


def certain_arguments(source: Source, function: Function) -> set[str]:
    """Those of the arguments of `call` that are tensors for sure: the first, masks and states, what `ops` are given."""
    arguments = [*function.args.posonlyargs, *function.args.args][1:]
    types = {argument.arg: argument.annotation for argument in [*arguments, *function.args.kwonlyargs]}
    used = {
        node.args[0].id
        for node in walk_code(function)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name)
        if (name := source.name(node.func)) is not None and name.startswith(("keras.ops.", "tensorflow."))
        if name.rpartition(".")[2] not in TAKE_NUMBERS
    }
    found = set()
    for name in tensor_arguments(function):
        annotation = types.get(name)
        if annotation is not None:
            if TENSOR_TYPES.search(ast.unparse(annotation)):
                found.add(name)
        elif name in used or name.endswith(OPTIONAL_ENDINGS) or (arguments and name == arguments[0].arg):
            found.add(name)
    return found


def numbers(function: Function) -> set[str]:
    """The arguments of a function that are numbers, texts, or lists of them, by their types or their uses.

    The uses: they say how often a loop runs or where a slice ends, are compared with static sizes or texts, or are
    asked whether they are a number.
    """
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    found = {argument.arg for argument in arguments if argument.annotation and is_plain(argument.annotation)}
    sizes: set[str] = set()
    for node in walk_code(function):
        if isinstance(node, ast.Assign) and is_size(node.value, sizes):
            for target in node.targets:
                parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
                sizes |= {part.id for part in parts if isinstance(part, ast.Name)}
    asked: list[ast.AST | None] = []
    for node in walk_code(function):
        if isinstance(node, ast.Slice):
            asked += [node.lower, node.upper, node.step]
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            sides = (node.left, node.comparators[0])
            for one, other in (sides, sides[::-1]):
                asked.append(one if is_size(other, sizes) or is_text(other) else None)
            if isinstance(node.ops[0], ast.In | ast.NotIn) and isinstance(sides[1], ast.Tuple | ast.List | ast.Set):
                asked.append(sides[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "range":
                asked += node.args
            elif node.func.id == "isinstance" and len(node.args) == 2 and is_plain(node.args[1]):
                asked.append(node.args[0])
    return found | {name for one in asked if one is not None and (name := told(one))}


def told(node: ast.AST) -> str:
    """The name of what an expression shows to be a number: `n`, `sizes[0]`, `sum(sizes)`, `n + 1`."""
    while True:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Subscript):
            if isinstance(node.slice, ast.Tuple | ast.Slice):
                return ""
            node = node.value
        elif isinstance(node, ast.BinOp):
            node = node.left if isinstance(node.right, ast.Constant) else node.right
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("sum", "max", "min") and node.args:
            node = node.args[0]
        else:
            return ""


def is_size(node: ast.AST, sizes: set[str]) -> bool:
    """Whether an expression is made of static shapes: `x.shape[-1]`, `len(x)`, names that were given such."""
    match node:
        case ast.Name():
            return node.id in sizes
        case ast.Attribute():
            return node.attr in ("shape", "ndim", "rank")
        case ast.Subscript():
            return is_size(node.value, sizes)
        case ast.BinOp():
            return is_size(node.left, sizes) or is_size(node.right, sizes)
        case ast.Call():
            return last_name(node.func) in ("len", "int_shape", "get_shape", "ndim")
    return False


def is_plain(annotation: ast.expr) -> bool:
    """Whether a type, or a tuple of types, is one of numbers, texts, or containers of them."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        words = set(re.findall(r"\w+", annotation.value))
    else:
        words = {last_name(node) for node in ast.walk(annotation)} - {""}
        words |= {"str"} if "Literal" in words else set()
    return bool(words & PLAIN_TYPES) and words <= PLAIN_TYPES | CONTAINERS | {"None"}
