"""Callbacks have hooks that Keras calls, with the arguments that it gives them.

Keras calls the methods of a callback by their names. One whose name is misspelt, or is that of another framework, is
never called, and nothing says so; one that takes other arguments stops the training.

Bad:

    class Log(keras.callbacks.Callback):
        def on_epoch_ends(self, epoch, logs=None):
            print(logs)

Good:

    class Log(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            print(logs)
"""

import ast
from collections.abc import Iterator

from kscaffold.base.errors import nearest
from kscaffold.check.static.nodes import FUNCTIONS, Function
from kscaffold.check.static.source import Source

ID = "KS114"
SEVERITY = "error"
FIX = "Give it the name and the arguments that keras.callbacks.Callback has."
BASE = "keras.callbacks."
# The hooks, and how many arguments Keras gives them by position.
HOOKS = {
    **{f"on_{phase}_{end}": 1 for phase in ("train", "test", "predict") for end in ("begin", "end")},
    **{f"on_{what}_{end}": 2 for what in ("epoch", "batch") for end in ("begin", "end")},
    **{f"on_{phase}_batch_{end}": 2 for phase in ("train", "test", "predict") for end in ("begin", "end")},
}
GIVEN = {1: "logs", 2: "its number and logs"}
# The same moments as other frameworks call them.
ELSEWHERE = {
    "on_train_start": "on_train_begin",
    "on_fit_start": "on_train_begin",
    "on_fit_begin": "on_train_begin",
    "on_fit_end": "on_train_end",
    "on_epoch_start": "on_epoch_begin",
    "on_train_epoch_start": "on_epoch_begin",
    "on_train_epoch_begin": "on_epoch_begin",
    "on_train_epoch_end": "on_epoch_end",
    "on_batch_start": "on_train_batch_begin",
    "on_train_batch_start": "on_train_batch_begin",
    "on_step_begin": "on_train_batch_begin",
    "on_step_end": "on_train_batch_end",
    "on_evaluate_begin": "on_test_begin",
    "on_evaluate_end": "on_test_end",
    "on_validation_start": "on_test_begin",
    "on_validation_begin": "on_test_begin",
    "on_validation_end": "on_test_end",
    "on_validation_epoch_end": "on_test_end",
    "on_validation_batch_end": "on_test_batch_end",
    "on_predict_start": "on_predict_begin",
}


def check(source: Source) -> Iterator[tuple[int, str, str, str]]:
    """Looks at the methods `on_…` of callbacks."""
    called = {node.attr for node in source.nodes if isinstance(node, ast.Attribute)}
    for node in source.classes_below(BASE):
        # Bases from elsewhere have hooks of their own, which somebody calls.
        own = all((source.name(base) or "").startswith(BASE) or source.is_defined(base) for base in node.bases)
        for function in node.body:
            if not isinstance(function, FUNCTIONS) or not function.name.startswith("on_") or function.decorator_list:
                continue
            if function.name in HOOKS:
                if not takes(function, HOOKS[function.name]):
                    given = f"{function.name}({', '.join(['self', *names(function.name)])})"
                    message = f"{function.name} does not take what Keras gives it: {GIVEN[HOOKS[function.name]]}"
                    yield function.lineno, message, f"Write it as {given}.", "error"
            elif own and function.name not in called:
                near = ELSEWHERE.get(function.name) or nearest(function.name, HOOKS)
                message = f"{function.name} is no hook of Keras: it is never called"
                if near and (function.name in ELSEWHERE or is_misspelt(function.name, near)):
                    yield function.lineno, message, f"Did you mean {near}?", "error"
                else:
                    yield function.lineno, message, FIX, "warning"


def names(hook: str) -> list[str]:
    """The arguments of a hook."""
    if HOOKS[hook] == 1:
        return ["logs=None"]
    return ["epoch" if "epoch" in hook else "batch", "logs=None"]


def takes(function: Function, count: int) -> bool:
    """Whether a method can be called with so many positional arguments."""
    positional = len(function.args.posonlyargs) + len(function.args.args) - 1
    required = positional - len(function.args.defaults)
    named = any(default is None for default in function.args.kw_defaults)
    return not named and required <= count and (function.args.vararg is not None or count <= positional)


def is_misspelt(name: str, hook: str) -> bool:
    """Whether a name is a hook but for a letter or two, or for the order of its words."""
    same_words = sorted(name.split("_")) == sorted(hook.split("_"))
    return same_words or name.lower().replace("_", "") == hook.replace("_", "") or changes(name, hook) <= 2


def changes(one: str, other: str) -> int:
    """How many letters are to be changed, put in or left out to make one word the other."""
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        before, row[0] = row[0], index
        for place, wanted in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != wanted))
    return row[-1]
