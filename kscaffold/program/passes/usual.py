"""The arguments that objects of Keras have where a program does not give them."""

from __future__ import annotations

from kscaffold.keras_data import catalogue
from kscaffold.program.tree import NONE, Object, Plain, Tree
from kscaffold.saved.objects import Objects


def usual_arguments(target: str) -> dict[str, Tree]:
    """The values of arguments that are left out."""
    found: dict[str, Tree] = {"trainable": Plain(True)}
    name = target.rpartition(".")[2]
    if not target.startswith(("layers.", "keras.")):
        return found
    objects = Objects({}, lambda entry: Object("model"))
    group = "layers" if target.startswith("layers.") else target.split(".")[1]
    if group not in catalogue.GROUPS:
        return found
    for key, default in catalogue.find_class(name, group).parameters.items():
        if default:
            value = default[0]
            found[key] = objects.argument(key, [*value] if isinstance(value, (tuple, list)) else value)
    for key, value in (catalogue.default_config(name) or {}).items() if group == "layers" else ():
        if key not in ("dtype", "trainable"):
            found[key] = objects.argument(key, value)
    if "pool_size" in found:
        found["strides"] = NONE
    found.pop("data_format", None)
    found["dtype"] = Plain("float32")
    return found


def in_order(pairs: tuple[tuple[str, Tree], ...], target: str) -> tuple[tuple[str, Tree], ...]:
    """Arguments in the order of the signature, those of every layer behind them."""
    order = {key: place for place, key in enumerate(catalogue.find_class(target.rpartition(".")[2]).parameters)}
    last = {"dtype": 1001, "trainable": 1002, "name": 1003}
    return tuple(sorted(pairs, key=lambda pair: last.get(pair[0], order.get(pair[0], 1000))))
