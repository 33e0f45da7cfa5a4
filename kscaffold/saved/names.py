"""Names in the config of a saved model, which somebody may have made up, and what they are in code."""

import keyword
import re
from collections.abc import Mapping
from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.keras_data import catalogue

BASE_KEYS = ("name", "trainable", "dtype")
# What is saved with a layer and is not an argument.
LEFT_OUT = ("batch_input_shape", "batch_shape", "build_config", "registered_name", "vocabulary_size")
# The module of what stands for operations of TensorFlow that Keras 3 has nothing for.
NO_EQUIVALENT = "tensorflow"


class Malformed(ValueError):
    """A config that is none of Keras'."""


def text(value: Any) -> str:
    """A name in a config, if it is one; raises `Malformed` for anything else."""
    if not isinstance(value, str):
        raise Malformed(f"{str(value)[:60]!r} stands where a name should")
    return value


def own_name(value: Mapping[str, Any]) -> str:
    """The name of a layer as saved; what Keras makes up for its class where there is none."""
    config = value.get("config")
    inner = config.get("name") if isinstance(config, dict) else None
    return text(value.get("name") or inner or catalogue.made_up_stem(text(value["class_name"])))


def argument_name(name: str) -> str:
    """A name that an argument can have, if it is one; raises `Malformed` for anything else."""
    if not str(name).isidentifier() or keyword.iskeyword(str(name)):
        raise Malformed(f"{str(name)[:60]!r} cannot be the name of an argument")
    return str(name)


def class_name(name: str) -> str:
    """A name that a class or function can have: the nearest to it."""
    words = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[:60] or "Unnamed"
    words = f"_{words}" if words[0].isdigit() else words
    return f"{words}_" if keyword.iskeyword(words) else words


def is_of_keras(value: Mapping[str, Any]) -> bool:
    """Whether an entry speaks of a class of Keras itself."""
    module, registered = value.get("module"), value.get("registered_name")
    if ">" in str(value.get("class_name")) or (isinstance(registered, str) and ">" in registered):
        return False
    return bool(re.match(r"(keras|tf_keras)(\.|$)|tensorflow\.(python\.)?keras", str(module or "keras")))


def unknown_argument(layer: str, argument: str, value: Any, kind: str) -> RequestError:
    """The error of an argument that a layer of a file has, and that its class does not take in Keras 3."""
    return RequestError(
        f"The layer {layer[:60]!r} has {argument}={str(value)[:60]}, which no {kind} of Keras 3 takes.",
        hint="Nothing is left out silently: take it out of the file if it does not matter, and report it.",
    )


def origin(value: Mapping[str, Any]) -> str:
    """What an entry calls its class, with the module."""
    module, name = value.get("module"), text(value["class_name"])
    return f"{module}.{name}" if isinstance(module, str) and module != "builtins" else name


def source_of(value: Any) -> str:
    """Where an entry says that its class or function comes from: `package.module:Class`; empty where it does not."""
    if not isinstance(value, Mapping) or ("class_name" in value and is_of_keras(value)):
        return ""
    name = value.get("config") if value.get("class_name") == "function" else value.get("class_name")
    module, plain = str(value.get("module")), str(name).rpartition(">")[2]
    if module in ("builtins", "__main__", NO_EQUIVALENT, "None") or not plain.isidentifier():
        return ""
    parts = module.split(".")
    return f"{module}:{plain}" if all(part.isidentifier() and not keyword.iskeyword(part) for part in parts) else ""
