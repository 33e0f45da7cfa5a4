"""What importing a file gives and does, as its source shows it: whether there is anything to check, and what runs."""

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from kscaffold.check.static.nodes import FUNCTIONS, is_constant, keyword
from kscaffold.check.static.source import Source, parse

BUILDER = "build_"
# Packages that have no layers of Keras. What is not listed may have some.
WITHOUT_LAYERS = sys.stdlib_module_names | {
    "absl", "attr", "attrs", "click", "flax", "keras_tuner", "kerastuner", "lightning", "numpy", "pandas",
    "parameterized", "pydantic", "pytest", "pytorch_lightning", "scipy", "sklearn", "tensorflow", "tf_keras", "torch",
    "typing_extensions",
}  # fmt: skip
OF_KERAS_WITHOUT = re.compile(r"^keras\.(datasets|optimizers\.schedules|tree|utils)\.")
TESTS = ("TestCase", "Tests", "Test")
MAKES_NAMES = {"exec", "globals", "setattr"}
# What it is that a program does, by the method or by the dotted name of what it calls.
METHODS = {
    **dict.fromkeys(("fit", "fit_generator", "train", "train_on_batch", "apply_gradients", "minimize"), "trains"),
    **dict.fromkeys(("evaluate", "predict", "test_on_batch", "predict_on_batch"), "runs a model"),
    "parse_args": "reads the command line",
}
FUNCTIONS_AT_WORK = (
    (re.compile(r"^tensorflow\.GradientTape$"), "trains"),
    (re.compile(r"^keras\.datasets\.\w+\.load_data$"), "downloads data"),
    (re.compile(r"^keras\.utils\.get_file$"), "downloads data"),
    (re.compile(r"^(tensorflow_datasets|datasets)\.(load|load_dataset|builder)$"), "downloads data"),
    (re.compile(r"^(requests|httpx)\.(get|post|request)$|^urllib\.request\.url(open|retrieve)$"), "downloads data"),
    (re.compile(r"^(wget|gdown|kagglehub|huggingface_hub)\.\w*download\w*$"), "downloads data"),
    (re.compile(r"^matplotlib\.pyplot\.show$|^pylab\.show$|^cv2\.(imshow|waitKey)$|^tkinter\.Tk$"), "opens a window"),
    (re.compile(r"^os\.system$|^subprocess\.(run|call|check_call|check_output|Popen)$"), "runs another program"),
    (re.compile(r"^sys\.exit$"), "ends Python"),
)
PRETRAINED = re.compile(r"^keras\.applications\.(\w+\.)?[A-Z]\w+$")
OF_PYTHON = {"input": "waits for an answer", "exit": "ends Python", "quit": "ends Python"}


@dataclass(frozen=True)
class Work:
    """What a file does when it is imported, beyond defining things."""

    line: int
    call: str  # what is called, as it is written
    does: str  # "trains", "downloads data", …


def has_subjects(text: str) -> bool:
    """Whether a file may define layers, models, losses and such, or functions that build models: else none imports it.

    It says no only where the source leaves no doubt: a class whose base comes from an unknown module may be a layer.
    What is not Python has none.
    """
    source = _parsed(text)
    if source is None:
        return False
    certain = {id(cls.node) for cls in source.classes}
    classes = {node.name: node for node in source.nodes if isinstance(node, ast.ClassDef)}
    inside = {id(node) for one in classes.values() for statement in one.body for node in ast.walk(statement)}
    for node in at_import(source.tree.body):
        if isinstance(node, ast.ClassDef):
            if id(node) in certain or not _is_none(source, node, classes, ()):
                return True
        elif id(node) in inside:
            continue
        elif isinstance(node, FUNCTIONS):
            if node.name.startswith(BUILDER):
                return True
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if node.id.startswith(BUILDER):
                return True
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in MAKES_NAMES or (node.func.id == "type" and len(node.args) == 3):
                return True
    return False


def work_at_import(text: str) -> Work | None:
    """The first thing that importing a file does which is a program's part: training, downloads, windows.

    What stands under `if __name__ == "__main__":` is not run, nor what is done where something failed. Functions of the
    file are looked into where they are called.
    """
    source = _parsed(text)
    if source is None:
        return None
    handlers = (node for node in source.nodes if isinstance(node, ast.ExceptHandler))
    caught = {id(node) for handler in handlers for statement in handler.body for node in ast.walk(statement)}
    for node in at_import(source.tree.body):
        if isinstance(node, ast.Call) and id(node) not in caught and (does := _does(source, node, set())):
            return Work(node.lineno, ast.unparse(node.func), does)
    return None


def at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a module that are run when it is imported; functions and classes stand for themselves as well."""
    for statement in body:
        if isinstance(statement, ast.If) and (left_out := _left_out(statement.test)) is not None:
            yield from at_import(statement.body if left_out else statement.orelse)
            continue
        yield statement
        if isinstance(statement, FUNCTIONS):
            for decorator in statement.decorator_list:
                yield from _expressions(decorator)
        elif isinstance(statement, ast.ClassDef):
            yield from at_import(statement.body)
        else:
            for child in ast.iter_child_nodes(statement):
                if isinstance(child, ast.expr | ast.withitem):
                    yield from _expressions(child)
            for part in ("body", "orelse", "finalbody"):
                yield from at_import(getattr(statement, part, []))
            for handler in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                yield from at_import(handler.body)


def _expressions(root: ast.AST) -> Iterator[ast.AST]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.Lambda):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def _left_out(test: ast.expr) -> bool | None:
    """Which branch of an `if` an import takes, where that is certain; `None` where it is not."""
    written = ast.unparse(test)
    if written in ("__name__ == '__main__'", "'__main__' == __name__", "TYPE_CHECKING", "typing.TYPE_CHECKING"):
        return False
    return True if written in ("__name__ != '__main__'", "not TYPE_CHECKING") else None


def _parsed(text: str) -> Source | None:
    try:
        return parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_none(source: Source, node: ast.ClassDef, classes: dict[str, ast.ClassDef], inside: tuple[str, ...]) -> bool:
    """Whether a class is certainly no layer and no model."""
    return all(_is_no_layer(source, base, classes, (*inside, node.name)) for base in node.bases)


def _is_no_layer(source: Source, base: ast.expr, classes: dict[str, ast.ClassDef], inside: tuple[str, ...]) -> bool:
    if isinstance(base, ast.Subscript):
        return _is_no_layer(source, base.value, classes, inside)
    name = source.name(base)
    if name is not None:
        if name.rpartition(".")[2].endswith(TESTS) or OF_KERAS_WITHOUT.match(name):
            return True
        return name.partition(".")[0] in WITHOUT_LAYERS and not name.startswith("tensorflow.python.")
    if not isinstance(base, ast.Name):
        return False
    if base.id in classes and base.id not in inside:
        return _is_none(source, classes[base.id], classes, inside)
    return hasattr(builtins, base.id)


def _does(source: Source, call: ast.Call, inside: set[str]) -> str:
    """What of a program a call does; empty if nothing."""
    name = source.name(call.func) or ""
    for pattern, does in FUNCTIONS_AT_WORK:
        if pattern.match(name):
            return does
    weights = keyword(call, "weights")
    if PRETRAINED.match(name) and (weights is None or is_constant(weights, "imagenet")):
        return "downloads weights"
    if isinstance(call.func, ast.Attribute) and not name:
        return METHODS.get(call.func.attr, "")
    if not isinstance(call.func, ast.Name) or name:
        return ""
    function = source.functions.get(call.func.id)
    if function is None:
        return OF_PYTHON.get(call.func.id, "")
    if call.func.id in inside:
        return ""
    inside.add(call.func.id)
    calls = (node for node in at_import(function.body) if isinstance(node, ast.Call))
    return next((does for one in calls if (does := _does(source, one, inside))), "")
