"""Source of stubs: classes and functions that a saved model names and does not hold."""

import json
import textwrap

from kscaffold.saved.value import Stub

WIDTH = 80
TAKEN = {"function": "inputs", "objective": "y_true, y_pred", "constant": ""}  # by stubs that are functions
BASES = {
    "layer": "layers.Layer",
    "initializer": "keras.initializers.Initializer",
    "regularizer": "keras.regularizers.Regularizer",
    "constraint": "keras.constraints.Constraint",
}


def stub_source(stub: Stub, package: str) -> str:
    """Source of a stub, whose class is registered under a package for saving."""
    docstring = f'"""Stands for {_plain(stub.origin)}: {stub.why}."""'
    message = json.dumps(f"Fill in {what(stub)}.")
    if stub.kind in TAKEN:
        head = f"def {stub.name}({TAKEN[stub.kind]}):"
        hint = "".join(f"    {line}\n" for line in _told(stub))
        return f"{head}\n    {docstring}\n{hint}    raise NotImplementedError({message})\n"
    base = BASES.get(stub.kind, "")
    method = "call(self, inputs)" if stub.kind == "layer" else "__call__(self, *args, **kwargs)"
    keywords = f"*, {', '.join(stub.arguments)}, " if stub.arguments else ""
    lines = [
        f"@keras.saving.register_keras_serializable(package={json.dumps(package)})",
        f"class {stub.name}({base}):" if base else f"class {stub.name}:",
        f"    {docstring}",
        "",
        "    # The saved config:",
        # JSON in ASCII has no line breaks of its own, so nothing of it can leave the comment.
        *(f"    #     {line}" for line in textwrap.wrap(stub.config, WIDTH, break_on_hyphens=False) or ["{}"]),
        "",
    ]
    if stub.kind == "layer":
        lines += [f"    def __init__(self, {keywords}**kwargs):", "        super().__init__(**kwargs)"]
    elif stub.arguments:
        lines += [f"    def __init__(self, {keywords.rstrip(', ')}):"]
    lines += [f"        self.{name} = {name}" for name in stub.arguments]
    lines += [
        "",
        f"    def {method}:",
        *(f"        {line}" for line in _told(stub)),
        f"        raise NotImplementedError({message})",
    ]
    if stub.arguments:
        pairs = ", ".join(f'"{name}": self.{name}' for name in stub.arguments)
        start = "{**super().get_config(), " if stub.kind == "layer" else "{"
        lines += ["", "    def get_config(self):", f"        return {start}{pairs}}}"]
    return "\n".join([*lines, ""])


def _told(stub: Stub) -> list[str]:
    """A comment with what a lambda computes: printable ASCII without line breaks, so that it cannot be left."""
    if not stub.told:
        return []
    lines = textwrap.wrap(stub.told, WIDTH - 8, break_on_hyphens=False)
    return ["# As far as its bytecode tells:", *(f"#     {line}" for line in lines)]


def what(stub: Stub) -> str:
    """What somebody has to fill in, in words."""
    if stub.kind == "constant":
        return _plain(stub.origin)
    if stub.kind == "objective":
        return _plain(stub.origin)
    if stub.kind == "function":
        return f"the function {_plain(stub.origin)}"
    return f"what {_plain(stub.origin)} computes{'' if stub.origin.startswith('the ') else ', or import it'}"


def _plain(text: str) -> str:
    """A text from a file inside a docstring, where it must not end it."""
    safe = "".join(character if character.isprintable() and character not in '"\\' else "?" for character in text)
    return safe if len(safe) <= 80 else safe[:79] + "…"
