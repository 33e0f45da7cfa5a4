"""A file as the static rules see it: what its names mean, and which classes in it are layers and models."""

import ast
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache

from kscaffold.check.static.guards import by_mode, by_version
from kscaffold.check.static.nodes import FUNCTIONS, Function, is_property, last_name, method_called, walk_code

KERAS_SPELLINGS = (
    (re.compile(r"^tensorflow\.(?:compat\.v2\.)?keras\b"), "keras"),
    (re.compile(r"^keras\.(?:api|src)\."), "keras."),
)
LAYER, MODEL = "layer", "model"
MODELS = {"keras.Model", "keras.Sequential", "keras.Functional"}
MODELS_ITSELF = {"keras.Model", "keras.models.Model"}
# Packages that have layers and models of their own; tf_keras is Keras 2.
FOREIGN = ("torch.", "flax.", "pytorch_lightning.", "lightning.", "pydantic.", "tf_keras.")


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
        """The ids of nodes that are for an older version."""
        return by_version(self.nodes)

    @cached_property
    def by_mode(self) -> set[int]:
        """The ids of nodes where tensors may have values."""
        return by_mode(self.nodes)

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
