"""Serialized objects as trees: layers, initializers, policies, … and stubs for what a file names but does not hold."""

from __future__ import annotations

import contextlib
import json
import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from kscaffold.errors import RequestError
from kscaffold.naming import to_class_name
from kscaffold.saved import facts
from kscaffold.saved.tree import NONE, Code, Listing, Object, Plain, Slice, Table, Tree
from kscaffold.saved.value import Stub
from kscaffold.spec import catalogue

BASE_KEYS = ("name", "trainable", "dtype")
# What is saved with a layer and is no argument.
LEFT_OUT = ("batch_input_shape", "batch_shape", "build_config", "registered_name", "vocabulary_size")
# Arguments that take one number for all axes.
UNIFORM = ("kernel_size", "strides", "pool_size", "dilation_rate", "size", "padding", "cropping")
# Arguments that are written without their names though they have a default.
PLACED = ("pool_size", "target_shape", "padding", "size", "l2", "l1", "value")
LONGEST_CONFIG = 2000  # characters of a config in a comment


class Malformed(ValueError):
    """A config that is none of Keras'."""


class Objects:
    """Turns what a config says into trees, and remembers what the file does not hold.

    Args:
        customs: The classes of one's own by name, each with its module.
        model: Reads a model that is an argument of a layer; gives what makes it.
    """

    def __init__(self, customs: Mapping[str, str], model: Callable[[Mapping[str, Any]], Object]) -> None:
        self.customs = customs
        self.model = model
        self.stubs: dict[tuple[str, str], Stub] = {}
        self.used: dict[str, str] = {}
        # The words that layers learned, and where the model that is being read is in the whole.
        self.words: Mapping[str, tuple[str, ...]] = {}
        self.prefix = ""
        self.notes: list[str] = []

    def value(self, value: Any, key: str = "") -> Tree:
        """What a value of a config is in code."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return Plain(value)
        if isinstance(value, list):
            items = tuple(self.value(item, key) for item in value)
            numbers = all(isinstance(item, (Plain, Listing)) and not _is_text(item) for item in items)
            return Listing("()" if numbers else "[]", items)
        if not isinstance(value, dict):
            raise Malformed(f"{value!r} is no value")
        if "class_name" not in value:
            return Table(tuple((str(name), self.value(item, key)) for name, item in value.items()))
        return self.named(value, key)

    def named(self, value: Mapping[str, Any], key: str) -> Tree:
        """What an entry with a class name is in code."""
        name, config = _text(value["class_name"]), value.get("config")
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
                assert isinstance(config, dict)
                made = "ops.convert_to_tensor" if name == "__tensor__" else "np.array"
                listed = self.value(config["value"])
                return Object(made, (("value", listed), ("dtype", Plain(_text(config["dtype"])))), 1)
            case "__lambda__":
                return self.stub("function", "a lambda", key or "function", value, "its code is bytecode")
            case "function":
                return self.function(value, key)
        if facts.is_policy(name) or name == "Policy":
            return self.policy(value)
        if name == "SeedGenerator" and _is_of_keras(value):
            seed = self.value((config or {}).get("seed"))
            return Object("keras.random.SeedGenerator", (("seed", seed),), 1)
        if name in facts.MODEL_CLASSES and _is_of_keras(value):
            return self.model(value)
        group = _group(name, key) if _is_of_keras(value) else None
        if group == "layers" and name != "Lambda":
            return self.layer(value)
        if group and group != "layers":
            return self.keras_object(name, group, config if isinstance(config, dict) else {}, key)
        if (
            group is None
            and _is_of_keras(value)
            and key.endswith("activation")
            and catalogue.has_name("activations", name)
        ):
            return Plain(name)
        if "inbound_nodes" in value or key in ("layer", "cell", "cells", "backward_layer") or group == "layers":
            return self.layer(value)
        return self.own_object(value, key)

    def function(self, value: Mapping[str, Any], key: str) -> Tree:
        """A function that an entry names."""
        name = _text(value["config"])
        module = value.get("module")
        if module in (None, "builtins", "keras.activations") and catalogue.has_name("activations", name):
            return Plain(name)
        plain = name.rpartition(">")[2]
        if plain in self.customs:
            return self.custom(plain)
        return self.stub("function", name, plain, value, "the file holds its name alone")

    def custom(self, name: str) -> Code:
        """A class or function of one's own, which the code imports."""
        self.used[name] = self.customs[name]
        return Code(name)

    def policy(self, value: Mapping[str, Any]) -> Tree:
        """A dtype policy: its name where that says it all."""
        config = value["config"]
        name = _text(value["class_name"])
        if name in ("DTypePolicy", "Policy", "FloatDTypePolicy"):
            return Plain(_text(config["name"]))
        if name == "DTypePolicyMap":
            raise Malformed("a DTypePolicyMap is not supported")
        source = config.get("source_name") if isinstance(config, dict) else None
        keywords = [(key, self.value(item)) for key, item in config.items() if item is not None]
        keywords = [("source_name" if key == "name" and source is None else key, item) for key, item in keywords]
        return Object(f"keras.dtype_policies.{name}", tuple(keywords), 0)

    def keras_object(self, name: str, group: str, config: Mapping[str, Any], key: str) -> Tree:
        """An initializer, regularizer or constraint: by its name where it is as usual."""
        signature = catalogue.find_class(name, group)
        keywords = []
        for parameter, default in signature.parameters.items():
            if parameter in config:
                tree = self.value(config[parameter], parameter)
                if not default or tree != self.value(_as_json(default[0])):
                    keywords.append((parameter, tree))
        word = facts.made_up_stem(name)
        if not keywords and catalogue.has_name(group, word):
            return Plain(word)
        return Object(f"keras.{group}.{name}", tuple(keywords), _positional(keywords, signature))

    def own_object(self, value: Mapping[str, Any], key: str) -> Tree:
        """An object of the user's own."""
        name = _text(value["class_name"]).rpartition(">")[2]
        config = value.get("config")
        keywords = tuple((_keyword(name), self.value(item, name)) for name, item in (config or {}).items())
        if name in self.customs:
            self.custom(name)
            return Object(f"{self.customs[name]}:{name}", keywords)
        kind = key.rpartition("_")[2] or "object"
        stub = self.stub(kind, _origin(value), name, value, "the file holds its name and config alone")
        return Object(f":{stub.text}", keywords)

    def layer(self, value: Mapping[str, Any]) -> Object:
        """What makes a layer, with its name unless Keras made it up."""
        name, config = _text(value["class_name"]), value["config"]
        if not isinstance(config, dict):
            raise Malformed(f"the config of {name} is no dictionary")
        if name in facts.MODEL_CLASSES and _is_of_keras(value):
            return self.model(value)
        known = name != "Lambda" and catalogue.is_layer(name) and _is_of_keras(value)
        keywords: tuple[tuple[str, Tree], ...] = ()
        if name != "Lambda":  # whose function is not even looked at
            keywords = self.keywords(name, config) if known else self.own_keywords(name, config)
        base = self.base_keywords(name, config, known)
        if known:
            positional = _positional(keywords, catalogue.find_class(name))
            return Object(f"layers.{name}", (*keywords, *base), positional)
        plain = name.rpartition(">")[2]
        own = self.customs.get(plain) or _private_module(value)
        if own and name != "Lambda":
            self.used[plain] = own
            return Object(f"{own}:{_identifier(plain)}", (*keywords, *base))
        if name == "Lambda":
            given = _text(config.get("name", "lambda"))
            called = "LambdaLayer" if facts.is_made_up(given, "Lambda") else to_class_name(_identifier(given))
            stub = self.stub(
                "layer", f"the Lambda layer {given!r}", called, value, "its function is code, which is not read"
            )
            return Object(f":{stub.text}", base)
        stub = self.stub("layer", _origin(value), plain, value, "the file holds its name and config alone")
        return Object(f":{stub.text}", (*keywords, *base))

    def keywords(self, name: str, config: Mapping[str, Any]) -> tuple[tuple[str, Tree], ...]:
        """The arguments of a layer of Keras that are not as usual."""
        signature = catalogue.find_class(name)
        defaults = facts.default_config(name)
        found: dict[str, Tree] = {}
        for key in (*signature.parameters, *(key for key in config if key not in signature.parameters)):
            if key not in config or key in BASE_KEYS or key in LEFT_OUT:
                continue
            if key not in signature.parameters and key not in (defaults or {}) and key != "activity_regularizer":
                continue  # Keras 2 saved it; Keras 3 does not take it
            usual = signature.parameters.get(key, (None,))
            if defaults is not None and key in defaults:
                usual = (defaults[key],)
            tree = self.argument(key, config[key], required=not usual)
            pooled = key == "strides" and "pool_size" in config  # as large as the pool, unless somebody says otherwise
            if pooled or not usual or tree != self.argument(key, _as_json(usual[0])):
                found[key] = tree
        return tuple((key, tree) for key, tree in found.items() if not self.follows(name, key, tree, config))

    def argument(self, key: str, value: Any, required: bool = False) -> Tree:
        """An argument of a layer of Keras, as one writes it."""
        if key == "activation" and value == "linear" and not required:
            return NONE
        if key == "axis" and isinstance(value, list) and len(value) == 1:
            value = value[0]
        if key in UNIFORM and isinstance(value, list):
            value = _uniform(value)
        tree = self.value(value, key)
        if key in ("layer", "backward_layer") and isinstance(tree, Object) and tree.target.startswith("layers."):
            # Bidirectional sets it by itself; other wrappers have no use for it.
            return replace(tree, keywords=tuple(pair for pair in tree.keywords if pair[0] != "zero_output_for_mask"))
        if key == "cell" and isinstance(tree, Object) and tree.target == "layers.StackedRNNCells":
            given = dict(tree.keywords)
            return given["cells"] if len(given) == 1 else tree
        return tree

    def follows(self, name: str, key: str, tree: Tree, config: Mapping[str, Any]) -> bool:
        """Whether Keras gives an argument that value by itself, because of the others."""
        if key == "strides" and "pool_size" in config:
            return bool(_uniform(config["pool_size"]) == _uniform(config["strides"]))
        if key == "data_format":
            return tree == Plain("channels_last")
        if name == "MultiHeadAttention":
            if key == "value_dim":
                return bool(config["value_dim"] == config.get("key_dim"))
            return key == "attention_axes" and config[key] in ([1], [1, 2], [1, 2, 3]) and self.all_axes(config[key])
        if name == "Bidirectional" and key == "backward_layer":
            return _is_mirrored(config["layer"], config["backward_layer"])
        return False

    query_rank = 0

    def all_axes(self, axes: list[int]) -> bool:
        """Whether attention goes over all axes between the first and the last, as it does by itself."""
        return self.query_rank == 0 or axes == list(range(1, self.query_rank - 1))

    def own_keywords(self, name: str, config: Mapping[str, Any]) -> tuple[tuple[str, Tree], ...]:
        """The arguments of a layer of the user's own: all that it saves."""
        return tuple(
            (_keyword(key), self.value(value, key))
            for key, value in config.items()
            if key not in BASE_KEYS and key not in LEFT_OUT and not (key == "activity_regularizer" and value is None)
        )

    def base_keywords(self, name: str, config: Mapping[str, Any], known: bool) -> tuple[tuple[str, Tree], ...]:
        """What every layer takes: `dtype`, `trainable`."""
        found: list[tuple[str, Tree]] = []
        dtype = config.get("dtype")
        tree = self.value(dtype)
        usual = (facts.default_config(name) or {}).get("dtype") if known else None
        if tree not in (NONE, Plain("float32")) and tree != self.value(usual):
            found.append(("dtype", tree))
        if config.get("trainable") is False:
            found.append(("trainable", Plain(False)))
        return tuple(found)

    def stub(self, kind: str, origin: str, name: str, value: Any, why: str) -> Code:
        """A stand-in for something that the file does not hold."""
        config = _shown_config(value.get("config") if isinstance(value, Mapping) else value)
        wanted = _identifier(name)
        key = (wanted, config if kind == "layer" and "Lambda" in origin else "")
        if key not in self.stubs:
            arguments: tuple[str, ...] = ()
            inner = value.get("config") if isinstance(value, Mapping) else None
            if isinstance(inner, Mapping) and "Lambda" not in origin:
                left_out = (*BASE_KEYS, *LEFT_OUT) if kind == "layer" else ()
                arguments = tuple(_keyword(str(item)) for item in inner if item not in left_out)
                if kind == "layer" and inner.get("activity_regularizer", 0) is None:
                    arguments = tuple(item for item in arguments if item != "activity_regularizer")
            taken = {stub.name for stub in self.stubs.values()}
            unique, number = wanted, 2
            while unique in taken or catalogue.is_layer(unique):
                unique, number = f"{wanted}{number}", number + 1
            self.stubs[key] = Stub(unique, kind, origin, arguments, config, why)
        return Code(self.stubs[key].name)


def _private_module(value: Mapping[str, Any]) -> str | None:
    """The module of a class that the models of `keras.applications` have for themselves."""
    module = value.get("module")
    known = isinstance(module, str) and re.fullmatch(r"keras\.src\.applications\.[a-z0-9_]+", module)
    return str(module) if known and re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", _text(value["class_name"])) else None


def own_name(value: Mapping[str, Any]) -> str:
    """The name of a layer as saved."""
    config = value.get("config")
    inner = config.get("name") if isinstance(config, dict) else None
    return _text(value.get("name") or inner or facts.made_up_stem(_text(value["class_name"])))


def asset_paths(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Where Keras keeps what belongs to the layers of a model, in their order: `layers/dense`, `layers/dense_1`."""
    counts: dict[str, int] = {}
    paths = []
    for entry in entries:
        stem = facts.made_up_stem(_text(entry["class_name"]))
        number = counts.get(stem, 0)
        if ".ops." not in str(entry.get("module")):
            counts[stem] = number + 1
        paths.append(f"layers/{stem}_{number}" if number else f"layers/{stem}")
    return paths


def _positional(keywords: Any, signature: catalogue.Signature) -> int:
    """How many arguments are clear without their names."""
    count = 0
    for (key, _), parameter in zip(keywords, signature.parameters):
        required = not signature.parameters[parameter] or (key in PLACED and count == 0)
        if key != parameter or not required or count == 2 or key in ("num_heads", "key_dim", "equation"):
            break
        count += 1
    return count


def _is_of_keras(value: Mapping[str, Any]) -> bool:
    """Whether an entry speaks of a class of Keras itself."""
    module, registered = value.get("module"), value.get("registered_name")
    if ">" in str(value.get("class_name")) or (isinstance(registered, str) and ">" in registered):
        return False
    if module is None:
        return True
    root = str(module).partition(".")[0]
    return root in ("keras", "tf_keras") or str(module).startswith(("tensorflow.keras", "tensorflow.python.keras"))


def _group(name: str, key: str) -> str | None:
    last = f"{key.rpartition('_')[2]}s"
    for group in (*([last] if last in catalogue.GROUPS else []), *catalogue.GROUPS):
        with contextlib.suppress(RequestError):  # there is no class of that name at all
            if catalogue.find_class(name, group).group == group:
                return group
    return None


def _is_mirrored(forward: Any, backward: Any) -> bool:
    """Whether a layer is what Bidirectional makes of the other one by itself."""
    if not isinstance(forward, dict) or not isinstance(backward, dict):
        return False
    one, other = _unshared(forward["config"]), _unshared(backward["config"])
    names = [re.sub("^(forward|backward)_", "", str(config.pop("name", ""))) for config in (one, other)]
    turned = one.pop("go_backwards", False) is not other.pop("go_backwards", False)
    return turned and names[0] == names[1] and forward["class_name"] == backward["class_name"] and one == other


def _unshared(value: Any) -> Any:
    """A config without the numbers by which files tell whether two objects are one."""
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in value.items() if key != "shared_object_id"}
    return [_unshared(item) for item in value] if isinstance(value, list) else value


def _uniform(value: Any) -> Any:
    """One number for all axes, where all are equal."""
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        inner = _uniform(value[0])
        return inner if not isinstance(inner, list) else value
    return value


def _as_json(value: Any) -> Any:
    return [_as_json(item) for item in value] if isinstance(value, (tuple, list)) else value


def _is_text(tree: Tree) -> bool:
    return isinstance(tree, Plain) and isinstance(tree.value, str)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed(f"{str(value)[:60]!r} stands where a name should")
    return value


def _keyword(name: str) -> str:
    if not str(name).isidentifier() or keyword.iskeyword(str(name)):
        raise Malformed(f"{str(name)[:60]!r} cannot be the name of an argument")
    return str(name)


def _identifier(name: str) -> str:
    words = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[:60] or "Unnamed"
    words = f"_{words}" if words[0].isdigit() else words
    return f"{words}_" if keyword.iskeyword(words) else words


def _origin(value: Mapping[str, Any]) -> str:
    module, name = value.get("module"), _text(value["class_name"])
    return f"{module}.{name}" if isinstance(module, str) and module != "builtins" else name


def _shown_config(config: Any) -> str:
    """A config for a comment: without code, and not too long."""

    def shown(value: Any) -> Any:
        if isinstance(value, Mapping):
            if value.get("class_name") == "__lambda__":
                return "bytecode, not read"
            return {str(key): shown(item) for key, item in value.items() if item is not None}
        if isinstance(value, list):
            if len(value) == 3 and isinstance(value[0], str) and len(value[0]) > 40:
                return "bytecode, not read"  # what Keras 2 saved of a Lambda
            return [shown(item) for item in value]
        return value

    text = json.dumps(shown(config), ensure_ascii=True)
    return text if len(text) <= LONGEST_CONFIG else text[:LONGEST_CONFIG] + " …"
