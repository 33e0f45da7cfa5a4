"""Stand-ins for what the file of a saved model names but does not hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Code
from kscaffold.saved.names import BASE_KEYS, LEFT_OUT, argument_name, class_name
from kscaffold.saved.value import Stub

SHARED = "shared_object_id"  # where an object was in the memory of another program
LONGEST_CONFIG = 2000  # characters of a config in a comment


class Stubs:
    """The stubs of one file: one for each class or function, and for each Lambda layer that differs."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Stub] = {}

    def add(self, kind: str, origin: str, name: str, value: Any, why: str) -> Code:
        """A stand-in for something that the file does not hold."""
        inner = value.get("config") if isinstance(value, Mapping) else value
        config, wanted = _shown_config(inner), class_name(name)
        is_lambda = "Lambda" in origin
        key = (wanted, config if kind == "layer" and is_lambda else "")
        if key not in self.found:
            given = inner if isinstance(inner, Mapping) and isinstance(value, Mapping) and not is_lambda else {}
            left_out = {*BASE_KEYS, *LEFT_OUT} if kind == "layer" else set()
            if kind == "layer" and given.get("activity_regularizer", 0) is None:
                left_out.add("activity_regularizer")
            arguments = tuple(argument_name(str(item)) for item in given if item not in left_out)
            taken = {stub.name for stub in self.found.values()}
            unique, number = wanted, 2
            while unique in taken or catalogue.is_layer(unique):
                unique, number = f"{wanted}{number}", number + 1
            self.found[key] = Stub(unique, kind, origin, arguments, config, why)
        return Code(self.found[key].name)


def _shown_config(config: Any) -> str:
    """A config for a comment: without code, and not too long."""

    def shown(value: Any) -> Any:
        if isinstance(value, Mapping):
            if value.get("class_name") == "__lambda__":
                return "bytecode, not read"
            return {str(key): shown(item) for key, item in value.items() if item is not None and key != SHARED}
        if isinstance(value, list):
            if len(value) == 3 and isinstance(value[0], str) and len(value[0]) > 40:
                return "bytecode, not read"  # what Keras 2 saved of a Lambda
            return [shown(item) for item in value]
        return value

    words = json.dumps(shown(config), ensure_ascii=True)
    return words if len(words) <= LONGEST_CONFIG else words[:LONGEST_CONFIG] + " …"
