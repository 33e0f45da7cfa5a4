"""Names of Keras 2 that are gone are not used.

`keras.backend` has lost its functions to `keras.ops`, `layers.experimental.preprocessing` is `keras.layers`, and the
methods for generators are `fit`, `predict` and `evaluate`.

Bad:

    from keras import backend as K

    def call(self, inputs):
        return K.mean(inputs, axis=-1)

Good:

    from keras import ops

    def call(self, inputs):
        return ops.mean(inputs, axis=-1)
"""

import ast
from collections.abc import Container, Iterator

from kscaffold.check.static.nodes import ids_below, method_called
from kscaffold.check.static.source import Source, is_model_name, one_spelling
from kscaffold.keras_data import catalogue

ID = "KS104"
SEVERITY = "error"
FIX = "Use what Keras 3 has instead."
CAUSES = ("KS200", "KS201", "KS203", "KS204", "KS501")
# Functions of the backend of Keras 2 that Keras 3 has nowhere; more are left in `tf.keras.backend` alone.
LOST = {
    "function", "get_session", "in_train_phase", "is_nan", "learning_phase", "logsumexp",
    "manual_variable_initialization", "normalize_batch_in_training", "placeholder", "print_tensor",
    "reset_uids", "set_learning_phase", "set_session",
}  # fmt: skip
SPECIAL = {
    "int_shape": "Use tensor.shape.",
    "learning_phase": "Take training=None in call().",
    "set_learning_phase": "Give training=… to the call.",
    "in_train_phase": "Take training=None in call().",
    "get_session": "Remove it: there are no sessions.",
    "set_session": "Remove it: there are no sessions.",
    "get_value": "Use keras.ops.convert_to_numpy().",
    "eval": "Use keras.ops.convert_to_numpy().",
    "set_value": "Use variable.assign().",
    "update": "Use variable.assign().",
    "update_add": "Use variable.assign_add().",
    "update_sub": "Use variable.assign_sub().",
    "random_normal": "Use keras.random.normal() with a SeedGenerator.",
    "random_uniform": "Use keras.random.uniform() with a SeedGenerator.",
    "dropout": "Use keras.random.dropout() with a SeedGenerator.",
    "variable": "Use self.add_weight().",
    "placeholder": "Use keras.Input().",
    "switch": "Use keras.ops.cond() or keras.ops.where().",
    "concatenate": "Use keras.ops.concatenate().",
    "batch_dot": "Use keras.ops.matmul() or keras.layers.Dot.",
    "dot": "Use keras.ops.matmul().",
    "pow": "Use keras.ops.power().",
    "permute_dimensions": "Use keras.ops.transpose().",
    "dtype": "Use tensor.dtype.",
    "ndim": "Use len(tensor.shape).",
    "function": "Use keras.Model(inputs, outputs).",
    "gradients": "Write a train_step() with the means of the backend.",
}
PREFIXES = {
    "keras.layers.experimental": "Use keras.layers.",
    "keras.experimental": "Look for it in keras itself.",
    "keras.layers.CuDNNLSTM": "Use keras.layers.LSTM.",
    "keras.layers.CuDNNGRU": "Use keras.layers.GRU.",
    "keras.layers.LocallyConnected1D": "Write a layer of your own.",
    "keras.layers.DenseFeatures": "Use the preprocessing layers of keras.layers, or keras.utils.FeatureSpace.",
    "keras.layers.AbstractRNNCell": "Derive from keras.layers.Layer, with state_size.",
    "keras.layers.Merge": "Use keras.layers.Add, Concatenate, ….",
    "keras.layers.Highway": "Write a layer of your own.",
    "keras.layers.core": "Use keras.layers.",
    "keras.layers.merge": "Use keras.layers.",
    "keras.layers.recurrent": "Use keras.layers.",
    "keras.layers.normalization": "Use keras.layers.",
    "keras.layers.advanced_activations": "Use keras.layers.",
    "keras.engine": "Use keras.layers or keras.models.",
    "keras.estimator": "Use Keras models directly.",
    "keras.premade": "Write a model of your own.",
    "keras.utils.multi_gpu_model": "Use keras.distribution, or tf.distribute.",
    "keras.utils.np_utils": "Use keras.utils.",
    "keras.utils.generic_utils": "Use keras.utils or keras.saving.",
    "keras.mixed_precision.experimental": "Use keras.mixed_precision.",
    "keras.objectives": "Use keras.losses.",
    "tensorflow.python.keras": "Use import keras.",
}
METHODS = {
    "add_metric": "Keep a keras.metrics.Metric in an attribute and call its update_state().",
    "add_update": "Assign to the variable in call().",
    "fit_generator": "Use fit().",
    "predict_generator": "Use predict().",
    "evaluate_generator": "Use evaluate().",
    "predict_classes": "Use ops.argmax() of predict().",
    "predict_proba": "Use predict().",
    "get_updates_for": "Remove it.",
}


# What a handler catches when a name is gone, by the nodes that are refused; others hide it.
IMPORTS = (ast.Import, ast.ImportFrom)
CAUGHT: dict[str, tuple[type[ast.AST], ...]] = {
    "ImportError": IMPORTS,
    "ModuleNotFoundError": IMPORTS,
    "Exception": IMPORTS,
    "AttributeError": (ast.Attribute,),
}


def check(source: Source) -> Iterator[tuple[int, str, str]]:
    """Looks at dotted names, imports, and methods of layers and models."""
    found: dict[ast.AST, tuple[int, str, str]] = {}
    for node in source.nodes:
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            found.update((node, problem) for problem in judge(source, node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((node, problem) for problem in imported(node))
    for cls in source.classes:
        for node in ast.walk(cls.node):
            if isinstance(node, ast.Call) and (name := method_called(node)) in METHODS and name not in cls.methods:
                found[node] = (node.lineno, f"self.{name}() is gone in Keras 3", METHODS[name])
    found.update(methods_of_models(source))
    tried = attempts(source, found) if found else set()
    for node, problem in found.items():
        if id(node) not in source.by_version and id(node) not in tried:
            yield problem


def attempts(source: Source, found: Container[ast.AST]) -> set[int]:
    """The ids of nodes that may fail, for something else is tried then, and of what is tried when nothing is wrong."""
    tried: set[int] = set()
    for node in source.nodes:
        if not isinstance(node, ast.Try):
            continue
        inside = [inner for statement in node.body for inner in ast.walk(statement)]
        fails = any(inner in found for inner in inside)
        for handler in node.handlers:
            words = {getattr(word, "id", "") for word in ast.walk(handler.type)} if handler.type else {"Exception"}
            kinds = tuple(kind for word in words for kind in CAUGHT.get(word, ()))
            tried.update(id(inner) for inner in inside if isinstance(inner, kinds))
            if kinds and not fails:
                tried |= ids_below(*handler.body)
    return tried


def judge(source: Source, node: ast.AST) -> Iterator[tuple[int, str, str]]:
    """What is wrong with a dotted name, if anything is."""
    spelled, name = source.spelled(node), source.name(node)
    if spelled is None or name is None or spelled.startswith("keras.src."):  # its inside has modules of those names
        return
    parts = name.split(".")
    if parts[:2] == ["keras", "backend"] and len(parts) == 3:
        function = parts[2]
        if function in LOST or (function in catalogue.lost_of_backend() and not spelled.startswith("tensorflow.")):
            fix = SPECIAL.get(function, f"Use keras.ops.{function}(), if it is there under that name.")
            yield node.lineno, f"keras.backend.{function} is gone in Keras 3", fix  # type: ignore[attr-defined]
        return
    for prefix, fix in PREFIXES.items():
        if prefix in (name, spelled) and prefix != "tensorflow.python.keras":
            yield node.lineno, f"{prefix} is gone in Keras 3", fix  # type: ignore[attr-defined]


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[int, str, str]]:
    """What is wrong with the modules that are imported."""
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module and not node.level else []
    else:
        names = [alias.name for alias in node.names]
    for written in names:
        if written.startswith("keras.src."):
            continue
        name = one_spelling(written)
        for prefix, fix in PREFIXES.items():
            if (name + ".").startswith(prefix + "."):
                yield node.lineno, f"{prefix} is gone in Keras 3", fix
                break


def makes_a_model(name: str) -> bool:
    """Whether a class or function of Keras, by its dotted name, gives a layer or a model."""
    return is_model_name(name) or name.startswith(("keras.layers.", "keras.applications.", "keras.models."))


def methods_of_models(source: Source) -> Iterator[tuple[ast.AST, tuple[int, str, str]]]:
    """Calls of methods that are gone on names that were given a model of Keras."""
    models = {
        target.id
        for node in source.nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name) and makes_a_model(source.name(node.value.func) or "")
    }
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            if isinstance(node.func.value, ast.Name) and node.func.value.id in models:
                yield node, (node.lineno, f"{node.func.attr}() is gone in Keras 3", METHODS[node.func.attr])
