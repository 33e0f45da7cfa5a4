"""Serialized objects as trees: layers, initializers, policies, functions."""

import contextlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import to_class_name
from kscaffold.keras_data import catalogue, migration
from kscaffold.program.steps import Pairs
from kscaffold.program.tree import NONE, Code, Listing, Object, Plain, Slice, Table, Tree
from kscaffold.saved import constants, lambdas
from kscaffold.saved.arguments import positional, unusual
from kscaffold.saved.names import (
    BASE_KEYS,
    LEFT_OUT,
    NO_EQUIVALENT,
    Malformed,
    argument_name,
    class_name,
    is_of_keras,
    origin,
    source_of,
    text,
)
from kscaffold.saved.value import SavedModel, Stub

MOST_NUMBERS = 10_000  # beyond these a constant is no longer source
MANY_NUMBERS = 100  # more than a person writes in source
SHARED = "shared_object_id"  # where an object was in the memory of another program
LONGEST_CONFIG = 2000  # characters of a config in a comment


class Stubs:
    """The stubs of one file: one for each class or function, and for each Lambda layer that differs."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Stub] = {}

    def add(self, kind: str, origin: str, name: str, value: Any, why: str, told: str = "") -> Code:
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
            self.found[key] = Stub(unique, kind, origin, arguments, config, why, told, source_of(value))
        return Code(self.found[key].name)


class Objects:
    """Turns what a config says into trees, and remembers what the file does not hold.

    Args:
        customs: The module of each custom class, by its name.
        read_model: Reads a model that is an argument of a layer.
    """

    def __init__(
        self, customs: Mapping[str, str], read_model: Callable[["Objects", Mapping[str, Any]], SavedModel]
    ) -> None:
        self.customs = customs
        self.read_model = read_model
        self.stubs = Stubs()
        self.used: dict[str, str] = {}
        # The functions and classes that the module brings along.
        self.supplied: Collection[str] = ()
        # The words that layers learned, and where the model that is being read is in the whole.
        self.words: Mapping[str, tuple[str, ...]] = {}
        self.prefix = ""
        # How many axes the query of the attention layer has that is being read; 0 if that is not known.
        self.query_rank = 0
        # Whether the model that is being read is frozen, and with it all that is in it.
        self.frozen = False
        self.notes: list[str] = []

    def value(self, value: Any, key: str = "") -> Tree:
        """What a value of a config is in code."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return Plain(value)
        if isinstance(value, list):
            count = constants.count(value)
            if count > MOST_NUMBERS:
                return self.too_many(key or "items", f"its {count:,} items are better loaded", {"items": count})
            items = tuple(self.value(item, key) for item in value)
            numbers = all(isinstance(item, (Plain, Listing)) and not _is_text(item) for item in items)
            return Listing("()" if numbers else "[]", items)
        if not isinstance(value, dict):
            raise Malformed(f"{value!r} is not a value")
        if "class_name" not in value:
            return Table(tuple((str(name), self.value(item, key)) for name, item in value.items()))
        return self.named(value, key)

    def named(self, value: Mapping[str, Any], key: str) -> Tree:
        """What an entry with a class name is in code."""
        name, config = text(value["class_name"]), value.get("config")
        match name:
            case "__ellipsis__":
                return Code("...")
            case "__slice__":
                return Slice(*(self.value(config.get(part)) for part in ("start", "stop", "step")))  # type: ignore[union-attr]
            case "__tuple__":
                return Listing("()", tuple(self.value(item) for item in (config or value["items"])))
            case "__bytes__":
                return Code(repr(str(config["value"]).encode("latin-1", "replace")))  # type: ignore[index]
            case "__tensor__" | "__numpy__":
                return self.constant("ops.convert_to_tensor" if name == "__tensor__" else "np.array", config or {})
            case "__lambda__":
                told = lambdas.told(value)
                return self.stubs.add("function", "a lambda", key or "function", value, "its code is bytecode", told)
            case "function":
                return self.function(value, key)
        if catalogue.is_policy(name) or name == "Policy":
            return self.policy(value)
        of_keras, given = is_of_keras(value), config if isinstance(config, dict) else {}
        usual = catalogue.default_quantizer(name) if of_keras else None
        if usual is not None:
            trees = ((argument_name(key), self.value(item, key)) for key, item in given.items())
            keywords = (
                pair for pair in trees if pair[0] not in usual or pair[1] != self.value(usual[pair[0]], pair[0])
            )
            return Object(f"keras.quantizers.{name}", tuple(keywords))
        if of_keras and name == "SeedGenerator":
            return Object("keras.random.SeedGenerator", (("seed", self.value(given.get("seed"))),), 1)
        group = _group(name, key) if of_keras else None
        if of_keras and (group == "layers" or name in catalogue.MODEL_CLASSES):
            return self.layer(value)
        if group:
            return self.keras_object(name, group, given)
        if of_keras and key.endswith("activation") and catalogue.has_name("activations", name):
            return Plain(name)
        if "inbound_nodes" in value or key in ("layer", "cell", "cells", "backward_layer"):
            return self.layer(value)
        return self.own_object(value, key)

    def constant(self, made: str, config: Mapping[str, Any]) -> Object:
        """An array or tensor with its numbers."""
        dtype = text(config["dtype"])
        count = constants.count(config["value"])
        if count > MOST_NUMBERS:
            shape = constants.shape(config["value"])
            why = f"its {count:,} numbers of the type {dtype} and the shape {shape} are better computed, or loaded"
            return self.too_many("constant", why, {"shape": list(shape)})
        numbers = constants.shortened(config["value"], dtype)
        if count > MANY_NUMBERS:
            self.notes.append(
                f"A constant of {count:,} numbers is written out: better compute it, or load it from a file."
            )
        return Object(made, (("value", self.value(numbers)), ("dtype", Plain(dtype))), 1)

    def too_many(self, name: str, why: str, config: Mapping[str, Any]) -> Object:
        """A stand-in for what would fill a module by itself."""
        return Object(f":{self.stubs.add('constant', 'a constant', name, {'config': config}, why).text}")

    def function(self, value: Mapping[str, Any], key: str) -> Tree:
        """A function that an entry names."""
        name = text(value["config"])
        module = value.get("module")
        if module in (None, "builtins", "keras.activations") and catalogue.has_name("activations", name):
            return Plain(name)
        plain = name.rpartition(">")[2]
        if name in self.supplied:
            return Code(name)
        if plain in self.customs:
            return self.custom(plain)
        return self.stubs.add("function", name, plain, value, "the file holds its name alone")

    def custom(self, name: str) -> Code:
        """A custom class or function, which the code imports."""
        self.used[name] = self.customs[name]
        return Code(name)

    def policy(self, value: Mapping[str, Any]) -> Tree:
        """A dtype policy: its name where that says it all."""
        config = value["config"]
        name = text(value["class_name"])
        if name in ("DTypePolicy", "Policy", "FloatDTypePolicy"):
            return Plain(text(config["name"]))
        names = {"name": "source_name"} if config.get("source_name") is None else {}
        keywords = ((names.get(key, key), self.value(item)) for key, item in config.items() if item is not None)
        return Object(f"keras.dtype_policies.{name}", tuple(keywords))

    def keras_object(self, name: str, group: str, config: Mapping[str, Any]) -> Tree:
        """An initializer, regularizer or constraint: by its name where it is as usual."""
        signature = catalogue.find_class(name, group)
        given = {key: self.value(config[key], key) for key in signature.parameters if key in config}
        usual = {key: self.value(default[0]) for key, default in signature.parameters.items() if default}
        keywords = [(key, tree) for key, tree in given.items() if tree != usual.get(key)]
        word = catalogue.made_up_stem(name)
        if not keywords and catalogue.has_name(group, word):
            return Plain(word)
        return Object(f"keras.{group}.{name}", tuple(keywords), positional(keywords, signature))

    def own_object(self, value: Mapping[str, Any], key: str) -> Tree:
        """An object of the user's own."""
        name = text(value["class_name"]).rpartition(">")[2]
        config = value.get("config")
        keywords = tuple((argument_name(name), self.value(item, name)) for name, item in (config or {}).items())
        if name in self.customs:
            self.custom(name)
            return Object(f"{self.customs[name]}:{name}", keywords)
        kind = key.rpartition("_")[2] or "object"
        stub = self.stubs.add(kind, origin(value), name, value, "the file holds its name and config alone")
        return Object(f":{stub.text}", keywords)

    def layer(self, value: Mapping[str, Any]) -> Object:
        """What makes a layer, with its name unless Keras made it up."""
        name, config = text(value["class_name"]), value["config"]
        if not isinstance(config, dict):
            raise Malformed(f"the config of {name} is not a dictionary")
        if name in catalogue.MODEL_CLASSES and is_of_keras(value):
            return Object("model", (("model", self.read_model(self, value)),))  # type: ignore[arg-type]
        known = name != "Lambda" and catalogue.is_layer(name) and is_of_keras(value)
        base, plain = self.base_keywords(name, config, known), name.rpartition(">")[2]
        if known:
            keywords = unusual(name, config, self.value, self.query_rank)
            return Object(f"layers.{name}", (*keywords, *base), positional(keywords, catalogue.find_class(name)))
        if name in self.supplied:
            like = name.replace("LocallyConnected", "Conv")  # whose arguments it has, with their defaults
            keywords = unusual(like, config, self.value, self.query_rank)
            return Object(f":{name}", (*keywords, *base), positional(keywords, catalogue.find_class(like)))
        if name == "Lambda":  # whose function is never run
            given, function = text(config.get("name", "lambda")), config.get("function")
            called = "LambdaLayer" if catalogue.is_made_up(given, "Lambda") else to_class_name(class_name(given))
            why, told = lambdas.why(function), lambdas.told(function)
            stub = self.stubs.add("layer", f"the Lambda layer {given!r}", called, value, why, told)
            return Object(f":{stub.text}", base)
        keywords = self.own_keywords(config)
        if own := self.customs.get(plain) or _private_module(value):
            self.used[plain] = own
            return Object(f"{own}:{class_name(plain)}", (*keywords, *base))
        if value.get("module") == NO_EQUIVALENT:
            stub = self.stubs.add("layer", text(value["operation"]), plain, value, text(value["why"]))
            return Object(f":{stub.text}", keywords)
        removed = migration.why_removed(name) if is_of_keras(value) else ""
        why = f"Keras 3 has it no more: {removed}" if removed else "the file holds its name and config alone"
        stub = self.stubs.add("layer", origin(value), plain, value, why)
        return Object(f":{stub.text}", (*keywords, *base))

    def own_keywords(self, config: Mapping[str, Any]) -> Pairs:
        """The arguments of a layer of the user's own: all that it saves."""
        return tuple(
            (argument_name(key), self.value(value, key))
            for key, value in config.items()
            if key not in BASE_KEYS and key not in LEFT_OUT and not (key == "activity_regularizer" and value is None)
        )

    def base_keywords(self, name: str, config: Mapping[str, Any], known: bool) -> Pairs:
        """What every layer takes: `dtype`, `trainable`."""
        dtype, frozen = self.value(config.get("dtype")), config.get("trainable") is False and not self.frozen
        usual = (catalogue.default_config(name) or {}).get("dtype") if known else None
        as_usual = dtype in (NONE, Plain("float32"), self.value(usual))
        return (*(() if as_usual else (("dtype", dtype),)), *((("trainable", Plain(False)),) if frozen else ()))


def _private_module(value: Mapping[str, Any]) -> str | None:
    """The module of a class that the models of `keras.applications` have for themselves."""
    module, name = str(value.get("module")), text(value["class_name"])
    known = re.fullmatch(r"keras\.src\.applications\.[a-z0-9_]+:[A-Za-z][A-Za-z0-9]*", f"{module}:{name}")
    return module if known else None


def _group(name: str, key: str) -> str | None:
    last = f"{key.rpartition('_')[2]}s"
    for group in (*([last] if last in catalogue.GROUPS else []), *catalogue.GROUPS):
        with contextlib.suppress(RequestError):  # there is no class of that name at all
            if catalogue.find_class(name, group).group == group:
                return group
    return None


def _is_text(tree: Tree) -> bool:
    return isinstance(tree, Plain) and isinstance(tree.value, str)


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
