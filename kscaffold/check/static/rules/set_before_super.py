"""What the constructor of Keras sets is not set before it is called.

`super().__init__()` gives the flags of a layer their defaults. What was assigned before is lost without a word: a mask
is no longer passed on, weights that were frozen train, inputs are not checked. Sublayers and variables made before it
are kept; `self.add_weight` and `self.dtype_policy` raise.

Bad:

    def __init__(self, **kwargs):
        self.supports_masking = True
        super().__init__(**kwargs)

Good:

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import Function, assigned, is_init, is_self, keyword
from kscaffold.check.static.source import MODEL, KerasClass, Source

ID = "KS113"
SEVERITY = "error"
FIX = "Assign it after super().__init__()."
CAUSES = ("KS201", "KS202", "KS203", "KS204", "KS301", "KS401", "KS501", "KS502", "KS507", "KS508", "KS509")
# Tried on Keras 3.15: what each is after the constructor, and what that means.
RESET = {
    "supports_masking": ("False", "the mask of the inputs is dropped"),
    "_supports_masking": ("False", "the mask of the inputs is dropped"),
    "trainable": ("True", "its weights are trained"),
    "_trainable": ("True", "its weights are trained"),
    "activity_regularizer": ("None", "it adds no loss"),
    "autocast": ("True", "inputs are cast to the compute dtype"),
    "supports_jit": ("True", "XLA compiles it"),
    "_convert_input_args": ("True", "its inputs are converted to tensors"),
    "_allow_non_tensor_positional_args": ("False", "arguments that are no tensors are refused by position"),
    "input_spec": ("None", "inputs are not checked against it"),
    "name": ("its default", "another name is given"),
}
MAY_NOT_MATTER = {"input_spec", "name"}
OF_MODELS = {"loss": ("None", "compile() says what it is")}
RAISING = {"dtype_policy", "add_weight"}


def check(source: Source) -> Iterator[tuple[int, str, str, str]]:
    """Looks at what constructors of classes do before they call that of Keras."""
    for cls in source.classes:
        function = cls.methods.get("__init__")
        if function is None or not cls.certain or not source.is_plain(cls):
            continue
        before, call = split(function)
        if call is None:
            continue
        for node in (node for statement in before for node in ast.walk(statement)):
            if isinstance(node, ast.Call) and is_own(node.func) and attribute(node.func) in RAISING:
                message = f"self.{attribute(node.func)}() is called before super().__init__(), and raises"
                yield node.lineno, message, "Call it after super().__init__(), or in build().", "error"
            for target in assigned(node):
                if isinstance(target, ast.Attribute) and is_own(target):
                    yield from judge(cls, function, call, target)


def judge(
    cls: KerasClass, function: Function, call: ast.Call, target: ast.Attribute
) -> Iterator[tuple[int, str, str, str]]:
    """What an assignment before the call of the constructor loses, if anything."""
    name, known = target.attr, RESET | (OF_MODELS if cls.kind == MODEL else {})
    if name in RAISING:
        yield target.lineno, f"self.{name} is set before super().__init__(), and raises", FIX, "error"
    if name not in known or keyword(call, name) is not None or set_again(cls, function, call, name):
        return
    if name.endswith("supports_masking") and "compute_mask" in cls.methods:
        return  # whoever computes masks supports them
    value, meaning = known[name]
    message = f"self.{name} is set before super().__init__(), which sets it to {value}: {meaning}"
    yield target.lineno, message, FIX, "warning" if name in MAY_NOT_MATTER else "error"


def split(function: Function) -> tuple[list[ast.stmt], ast.Call | None]:
    """What a constructor does before it calls another, and that call; `None` where it is in a branch."""
    for index, statement in enumerate(function.body):
        calls = [node for node in ast.walk(statement) if is_init(node)]
        if calls:
            simple = isinstance(statement, ast.Expr) and statement.value is calls[0]
            return function.body[:index], calls[0] if simple else None
    return [], None


def set_again(cls: KerasClass, constructor: Function, call: ast.Call, name: str) -> bool:
    """Whether an attribute is set after the constructor of Keras, or in another method."""
    return any(
        isinstance(target, ast.Attribute) and is_self(target.value) and target.attr.strip("_") == name.strip("_")
        for function in cls.methods.values()
        for node in ast.walk(function)
        if function is not constructor or getattr(node, "lineno", 0) > call.lineno
        for target in assigned(node)
    )


def is_own(node: ast.expr) -> bool:
    """Whether an expression is an attribute of `self`."""
    return isinstance(node, ast.Attribute) and is_self(node.value)


def attribute(node: ast.expr) -> str:
    """The last name of an expression."""
    return node.attr if isinstance(node, ast.Attribute) else ""
