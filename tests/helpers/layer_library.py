"""What built-in templates write, as classes, and what their numbers are compared with."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np


def written_class(kscaffold: Callable[..., Any], folder: Path, template: str, kind: str = "layer") -> Any:
    """The class that a template of a kind writes into the current folder."""
    made = kscaffold(kind, f"my_{template}", "-t", template, "--no-check", "--no-test", "-q")
    assert made.exit_code == 0, made
    module = ModuleType(f"my_{template}")
    path = folder / f"my_{template}.py"
    exec(compile(path.read_text(), str(path), "exec"), vars(module))
    (cls,) = (item for item in vars(module).values() if isinstance(item, type) and item.__name__.startswith("My"))
    return cls


def close(given: Any, wanted: Any, tolerance: float = 1e-5) -> None:
    """Fails unless two arrays are equal but for rounding."""
    np.testing.assert_allclose(np.asarray(given), np.asarray(wanted), rtol=10 * tolerance, atol=tolerance)


def sigmoid(value: Any) -> Any:
    """The logistic function."""
    return 1 / (1 + np.exp(-value))


def softmax(value: Any, axis: int = -1) -> Any:
    """Shares along an axis; minus infinity has none."""
    powers = np.exp(value - value.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)
