"""What a file tells of the function of a Lambda layer, in its many forms."""

from collections.abc import Mapping
from typing import Any

from kscaffold.saved.bytecode import lambda_source


def told(function: Any) -> str:
    """What a function computes, as far as its bytecode tells; empty where it does not, or where there is none."""
    if isinstance(function, Mapping) and function.get("class_name") == "__lambda__":  # Keras 3
        inner = function.get("config")
        parts = [inner.get(key) for key in ("code", "defaults", "closure")] if isinstance(inner, Mapping) else []
    else:
        parts = function if isinstance(function, list) else []  # Keras 1 and 2
    code, defaults, closure, *_ = (*parts, None, None, None)
    return (lambda_source(code, defaults, closure) or "") if isinstance(code, str) else ""


def why(function: Any) -> str:
    """Why somebody has to write the function of a layer."""
    if isinstance(function, Mapping) and function.get("class_name") == "function":
        function = function.get("config")
    if isinstance(function, str):
        return f"the file holds the name of its function alone, {function[:60]!r}"
    return "its function is bytecode, which is not run"
