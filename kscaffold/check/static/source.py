"""A file as the static rules see it: what its names mean, and which classes in it are layers and models."""

import ast
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import TypeGuard

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
KERAS_SPELLINGS = (
    (re.compile(r"^tensorflow\.(?:compat\.v2\.)?keras\b"), "keras"),
    (re.compile(r"^keras\.(?:api|src)\."), "keras."),
)
LAYER, MODEL = "layer", "model"
MODELS = {"keras.Model", "keras.Sequential", "keras.Functional"}
MODELS_ITSELF = {"keras.Model", "keras.models.Model"}
# Packages that have layers and models of their own; tf_keras is Keras 2.
FOREIGN = ("torch.", "flax.", "pytorch_lightning.", "lightning.", "pydantic.", "tf_keras.")
# What conditions name that ask whether tensors have values, and for a version.
MODES = re.compile(
    r"eager|backend|torch|jax|symbolic|_workflow|\bin_tf_|isinstance\(.*(Tensor|ndarray)|is_tensor\(|is_keras_tensor\("
    r"|hasattr\(.*['\"](numpy|_?_array_?_)['\"]",
    re.I,
)
# Those of them after which all that is left has values: a check for tensors of any kind is none.
GUARDS = re.compile(r"eager|symbolic|_?keras_?tensor|hasattr\(.*numpy", re.I)
QUESTIONS = {"hasattr", "isinstance", "executing_eagerly", "is_tensor", "is_keras_tensor", "callable"}
# What is raised where a tensor is asked for values that it does not have.
VALUE_ERRORS = {
    "Exception", "BaseException", "AttributeError", "TypeError", "ValueError", "NotImplementedError", "RuntimeError",
    "OperatorNotAllowedInGraphError", "ConcretizationTypeError", "TracerArrayConversionError",
}  # fmt: skip
VERSIONS = re.compile(
    r"\b(__version__|(tf|tensorflow|keras)_?version|version\()|keras_?[23]\b|hasattr\((tf|tensorflow|keras|k)\b", re.I
)


@dataclass(frozen=True)
class KerasClass:
    """A class that is a layer or a model."""

    node: ast.ClassDef
    kind: str  # `LAYER` or `MODEL`
    certain: bool  # whether its bases lead to Keras; otherwise it looks like a layer

    @property
    def methods(self) -> dict[str, Function]:
        """Its own methods by name."""
        return {item.name: item for item in self.node.body if isinstance(item, FUNCTIONS)}

    def functions_of_call(self, left_out: Container[int] = ()) -> list[Function]:
        """`call`, and the methods of the class that it calls by `self.name(…)`, but not only in nodes of some ids."""
        methods = self.methods
        waiting, found = ["call"], []
        while waiting:
            function = methods.get(waiting.pop())
            if function is None or function in found or is_property(function):
                continue
            found.append(function)
            names = (method_called(node) for node in ast.walk(function) if id(node) not in left_out)
            waiting += (name for name in names if name and name not in ("build", "__init__"))
        return found


@dataclass
class Source:
    """A parsed file."""

    tree: ast.Module
    names: dict[str, str] = field(default_factory=dict)  # what it imports: dotted names as they were written

    def spelled(self, node: ast.AST) -> str | None:
        """The dotted name of an expression as it was written, `tensorflow.keras.layers.Dense`; `None` without one."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.names:
            return None
        return ".".join([self.names[node.id], *reversed(parts)])

    def name(self, node: ast.AST) -> str | None:
        """The same with one spelling for all of Keras: `keras.layers.Dense`."""
        spelled = self.spelled(node)
        return None if spelled is None else one_spelling(spelled)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def functions(self) -> dict[str, Function]:
        """The functions of the file by name, those of the module before those inside of others."""
        methods = {id(item) for node in self.nodes if isinstance(node, ast.ClassDef) for item in node.body}
        found: dict[str, Function] = {}
        for node in self.nodes:
            if isinstance(node, FUNCTIONS) and id(node) not in methods:
                found.setdefault(node.name, node)
        return found

    @cached_property
    def by_version(self) -> set[int]:
        """The ids of nodes that conditions leave to an older version: `if … < …`, or what is not `if … >= …`."""
        found: set[int] = set()
        for node in self._conditions(VERSIONS):
            signs = {type(sign) for part in ast.walk(node.test) if isinstance(part, ast.Compare) for sign in part.ops}
            older, newer = bool(signs & {ast.Lt, ast.LtE}), bool(signs & {ast.Gt, ast.GtE})
            for branch, kept in ((node.body, newer and not older), (node.orelse, older and not newer)):
                if not kept:
                    parts = branch if isinstance(branch, list) else [branch]
                    found |= ids_below(*parts)
        return found

    @cached_property
    def by_mode(self) -> set[int]:
        """The ids of nodes below conditions that ask for eager tensors or a backend: values may be there.

        The same goes for what comes after `if not eager: return`, what is tried while a failure is caught, and the rest
        of `eager and …`.
        """
        found = ids_below(*self._conditions(MODES))
        answers = {name for node in self.nodes for name in answered(node)}
        for node in self.nodes:
            if isinstance(node, ast.Try) and any(map(catches_missing_values, node.handlers)):
                found |= ids_below(*node.body)
            elif isinstance(node, ast.BoolOp | ast.If | ast.IfExp):
                first = node.values[0] if isinstance(node, ast.BoolOp) else node.test
                if MODES.search(ast.unparse(first)) or answers & names_in(first):
                    found |= ids_below(node)
            for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
                if isinstance(body, list):
                    found |= ids_below(*after_guard(body, answers))
        return found

    def _conditions(self, asked: re.Pattern[str]) -> Iterator[ast.If | ast.IfExp]:
        for node in self.nodes:
            if isinstance(node, ast.If | ast.IfExp) and asked.search(ast.unparse(node.test)):
                yield node

    @cached_property
    def is_of_keras(self) -> bool:
        """Whether the file imports the inside of Keras, as Keras itself does."""
        return any(name.startswith(("keras.src.", "tensorflow.python.keras.")) for name in self.names.values())

    @cached_property
    def imports_keras(self) -> bool:
        """Whether the file imports Keras, TensorFlow, or something that is named after Keras."""
        return any("keras" in name or name.partition(".")[0] == "tensorflow" for name in self.names.values())

    @cached_property
    def classes(self) -> list[KerasClass]:
        """The layers and models of the file, wherever they are defined."""
        nodes = [node for node in self.nodes if isinstance(node, ast.ClassDef)]
        known: dict[str, KerasClass] = {}
        found: dict[int, KerasClass] = {}
        before = -1
        while len(found) > before:
            before = len(found)
            for node in nodes:
                if id(node) not in found and (one := self._classify(node, known)) is not None:
                    found[id(node)] = known[node.name] = one
        return [found[id(node)] for node in nodes if id(node) in found]

    def _classify(self, node: ast.ClassDef, known: dict[str, KerasClass]) -> KerasClass | None:
        for base in node.bases:
            name = self.name(base) or ""
            if is_model_name(name):
                return KerasClass(node, MODEL, True)
            if name.startswith("keras.layers.") or name == "keras.Layer":
                return KerasClass(node, LAYER, True)
            if isinstance(base, ast.Name) and base.id in known:
                return KerasClass(node, known[base.id].kind, known[base.id].certain)
        methods = {item.name for item in node.body if isinstance(item, FUNCTIONS)}
        for base in node.bases if methods & {"call", "build", "get_config"} else ():
            word = last_name(base)
            foreign = (self.name(base) or "").startswith(FOREIGN) or word.endswith("HyperModel")  # of KerasTuner
            if not foreign and word.endswith(("Layer", "Model")):
                return KerasClass(node, MODEL if word.endswith("Model") else LAYER, False)
        return None

    def classes_below(self, base: str) -> list[ast.ClassDef]:
        """The classes that derive from one whose dotted name begins with `base`, directly or by others of the file."""
        nodes = sorted((node for node in self.nodes if isinstance(node, ast.ClassDef)), key=lambda node: node.lineno)
        found: list[ast.ClassDef] = []
        while True:
            names = {node.name for node in found}
            more = [node for node in nodes if any(self._is_below(written, base, names) for written in node.bases)]
            if more == found:
                return found
            found = more

    def _is_below(self, written: ast.expr, base: str, names: set[str]) -> bool:
        return (self.name(written) or "").startswith(base) or (isinstance(written, ast.Name) and written.id in names)

    def is_defined(self, written: ast.expr) -> bool:
        """Whether a base is a class of the file."""
        return isinstance(written, ast.Name) and any(
            isinstance(node, ast.ClassDef) and node.name == written.id for node in self.nodes
        )

    def is_plain(self, cls: KerasClass) -> bool:
        """Whether the one base of a class is that of all layers or models, which has nothing of its own."""
        names = [self.name(base) or "" for base in cls.node.bases]
        return len(names) == 1 and (names[0] in ("keras.Layer", "keras.layers.Layer") or names[0] in MODELS_ITSELF)

    def calls_in_call(self, left_out: Container[int] = ()) -> Iterator[tuple[Function, ast.Call]]:
        """What the layers and models of the file call in `call`, and in the methods that it calls; see there."""
        for cls in self.classes:
            for function in cls.functions_of_call(left_out):
                for node in walk_code(function):
                    if isinstance(node, ast.Call) and id(node) not in left_out:
                        yield function, node

    @cached_property
    def calls(self) -> tuple[tuple[ast.Call, str], ...]:
        """The calls of things whose dotted names are known."""
        calls = ((node, self.name(node.func)) for node in self.nodes if isinstance(node, ast.Call))
        return tuple((call, name) for call, name in calls if name is not None)


@lru_cache(maxsize=1)
def parse(text: str) -> Source:
    """Parses a file; asked again for the same one, it has it still. Raises what `ast.parse` does."""
    tree = ast.parse(text)
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if alias.name == "*":
                    names.update(star_names(node.module))
                else:
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return Source(tree, names)


@cache
def one_spelling(spelled: str) -> str:
    """A dotted name with one spelling for all of Keras."""
    for pattern, short in KERAS_SPELLINGS:
        spelled = pattern.sub(short, spelled)
    return spelled


# What `from keras.layers import *` brings that rules ask about.
STARS = {
    "layers": "Layer Dense Dropout Conv1D Conv2D Embedding LSTM GRU BatchNormalization LayerNormalization Flatten "
    "Input Add Concatenate Activation MultiHeadAttention Lambda",
    "models": "Model Sequential",
}


def star_names(module: str) -> dict[str, str]:
    """The names that a star import of a module of Keras brings."""
    package, _, last = module.rpartition(".")
    if not package.endswith("keras"):
        return {}
    return {name: f"{module}.{name}" for name in STARS.get(last, "").split()}


def is_model_name(name: str) -> bool:
    """Whether a dotted name is a class of models of Keras."""
    return name in MODELS or name in {f"keras.models.{model.rpartition('.')[2]}" for model in MODELS}


def is_self(node: ast.AST) -> bool:
    """Whether an expression is `self`."""
    return isinstance(node, ast.Name) and node.id == "self"


def last_name(node: ast.AST | None) -> str:
    """The last part of a name, dotted or not: `Dense` of `layers.Dense`; empty for what is none."""
    return str(getattr(node, "attr", getattr(node, "id", "")))


def method_called(node: ast.AST) -> str:
    """The method that an expression calls on `self`; empty if it does not."""
    func = node.func if isinstance(node, ast.Call) else None
    return func.attr if isinstance(func, ast.Attribute) and is_self(func.value) else ""


def is_property(function: Function) -> bool:
    """Whether a method is a property, or its setter."""
    words = [ast.unparse(decorator) for decorator in function.decorator_list]
    return any(word == "property" or word.endswith((".setter", "cached_property")) for word in words)


def ids_below(*roots: ast.AST) -> set[int]:
    """The ids of the statements and expressions below some nodes; others, such as `ast.Load`, all of a tree share."""
    return {id(node) for root in roots for node in ast.walk(root) if isinstance(node, ast.stmt | ast.expr)}


def assigned(node: ast.AST) -> list[ast.expr]:
    """What a statement assigns to, tuples taken apart."""
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign) or (isinstance(node, ast.AnnAssign) and node.value is not None):
        targets = [node.target]
    else:
        return []
    return [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]


def is_init(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether an expression calls the constructor of a base."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"


def names_in(node: ast.AST) -> set[str]:
    """The names that an expression reads."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def answered(node: ast.AST) -> Iterator[str]:
    """The names that a statement gives the answer to whether tensors have values: `eager = hasattr(x, "numpy")`."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call | ast.BoolOp | ast.UnaryOp):
        value = node.value.operand if isinstance(node.value, ast.UnaryOp) else node.value
        asked = value.values[0] if isinstance(value, ast.BoolOp) else value
        called = asked.func if isinstance(asked, ast.Call) else None
        if last_name(called) in QUESTIONS and MODES.search(ast.unparse(value)):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def after_guard(body: list[ast.stmt], answers: set[str]) -> list[ast.stmt]:
    """What of some statements is reached only with values: an `if` before it, which asks for them, leaves the rest."""
    for index, statement in enumerate(body):
        if isinstance(statement, ast.If) and isinstance(statement.body[-1], LEAVING):
            if GUARDS.search(ast.unparse(statement.test)) or answers & names_in(statement.test):
                return body[index + 1 :]
    return []


def catches_missing_values(handler: ast.ExceptHandler) -> bool:
    """Whether code goes on after it has asked a tensor for values that are not there."""
    if isinstance(handler.body[-1], ast.Raise):
        return False
    return handler.type is None or any(last_name(word) in VALUE_ERRORS for word in ast.walk(handler.type))


def parameters(function: Function) -> list[tuple[str, ast.expr | None]]:
    """The parameters of a function, each with its default; `None` where it has none."""
    positional = [*function.args.posonlyargs, *function.args.args]
    without = [None] * (len(positional) - len(function.args.defaults))
    defaults = [*without, *function.args.defaults, *function.args.kw_defaults]
    named = (argument.arg for argument in [*positional, *function.args.kwonlyargs])
    return list(zip(named, defaults, strict=True))


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument, if it is given."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def is_constant(node: ast.AST | None, value: object) -> bool:
    """Whether an expression is a value that is written out: `None`, `True`, a number, a text."""
    return isinstance(node, ast.Constant) and type(node.value) is type(value) and node.value == value


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a string that is written out."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def walk_code(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function's body, without those of functions and classes defined in it."""
    waiting: list[ast.AST] = list(reversed(function.body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting += reversed(list(ast.iter_child_nodes(node)))
