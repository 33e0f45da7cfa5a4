"""What a layer keeps in its attributes, in a form that can be compared."""

import contextlib
import functools
import inspect
from types import CodeType, NoneType
from typing import Any

import keras
import numpy as np

from .configs import is_model_config, renamed, scope_names

LONGEST = 80
NOT_OF_USERS = ("keras.", "builtins", "tensorflow.", "torch.", "jax.", "flax.")
DEEPEST = 6
NOT_COMPARED = ("name", "build_config", "shared_object_id", "seed")  # in configs: what does not say what a layer is
OF_TENSORFLOW = "_self_"  # the attributes that its tracking adds


def attributes(layer: Any) -> dict[str, Any]:
    """The attributes that the user's own code set, each as `comparable` gives it."""
    internal = internal_names(layer)
    mentioned = mentioned_names(type(layer))
    return {
        name: comparable(value)
        for name, value in vars(layer).items()
        if name not in internal
        and (not name.startswith("_") or name in mentioned)
        and not name.startswith(OF_TENSORFLOW)
    }


def internal_names(layer: Any) -> set[str]:
    """The attributes that Keras itself gives to every layer, or to every loss, metric or optimizer."""
    bases = (keras.losses.Loss, keras.metrics.Metric, keras.layers.Layer)
    names = set().union(*(vars(base()) for base in bases if isinstance(layer, base)))
    if isinstance(layer, keras.optimizers.Optimizer):
        names |= set(vars(keras.optimizers.Optimizer(0.1)))
    if isinstance(layer, keras.initializers.Initializer) and layer.get_config().get("seed", 0) is None:
        names.add("seed")  # which is made up where none is given
    if isinstance(layer, keras.Model):
        names |= set(vars(keras.Model())) | {"optimizer", "loss", "compiled"}
    if hasattr(layer, "_inputs_struct"):
        names |= functional_names()
    # Functional models, and layers that Keras wraps.
    return names | {"name", "built", "inputs", "outputs", "_functional", "_inputs_struct", "_outputs_struct"}


@functools.cache
def functional_names() -> frozenset[str]:
    """The attributes that Keras gives to a functional model."""
    inputs = keras.Input((1,))
    return frozenset(vars(keras.Model(inputs, inputs)))


def mentioned_names(cls: type) -> set[str]:
    """The names of attributes that the user's methods mention."""
    codes = (code_of(item) for base in own_classes(cls) for item in vars(base).values())
    return {name for code in codes if code is not None for name in code.co_names}


def own_classes(cls: type) -> list[type]:
    """A class and its bases, down to Keras' own."""
    return [base for base in cls.__mro__ if not base.__module__.startswith(NOT_OF_USERS)]


def code_of(item: Any) -> CodeType | None:
    """The code of a function, also where a classmethod, a property or one of Keras' wrappers hides it."""
    inner = getattr(item, "__func__", getattr(item, "fget", item))
    return getattr(inspect.unwrap(inner), "__code__", None) if callable(inner) else None


def comparable(value: Any, depth: int = 0, of_config: bool = False) -> Any:
    """A value that equals another's if both mean the same; names that Keras gives by itself do not count."""
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value if value == value else "nan"
    if isinstance(value, np.generic):
        return value.item()
    if depth > DEEPEST:
        return type(value).__name__
    inside = functools.partial(comparable, depth=depth + 1, of_config=of_config)
    if isinstance(value, dict):
        items = [(key, item) for key, item in value.items() if not (of_config and key in NOT_COMPARED)]
        return ("dict", [(inside(key), inside(item)) for key, item in items])
    if isinstance(value, (tuple, list)):
        return ("tuple" if isinstance(value, tuple) else "list", list(map(inside, value)))
    if isinstance(value, (set, frozenset)):
        return ("set", sorted(str(inside(item)) for item in value))
    if isinstance(value, keras.random.SeedGenerator):
        return "SeedGenerator"
    if isinstance(value, keras.Variable) or is_array(value):
        return ("array", tuple(value.shape), str(value.dtype))
    if inspect.isfunction(value) or inspect.isclass(value) or inspect.isbuiltin(value):
        return f"{value.__module__}.{value.__qualname__}"
    if inspect.ismethod(value):
        return value.__qualname__
    config = None
    with contextlib.suppress(Exception):  # a layer in a layer that cannot say what it is: a finding of its own
        config = comparable(own_config(value), depth + 1, of_config=True) if hasattr(value, "get_config") else None
    return (type(value).__name__, config)


def own_config(value: Any) -> Any:
    """What an object says of itself; the layers of a model refer to each other by names, which Keras may have made."""
    config = value.get_config()
    if not is_model_config(config):
        return config
    return renamed(config, scope_names(config["layers"], every=False), every=False)


def without_tuples(value: Any) -> Any:
    """What `comparable` gave, with lists for tuples: what JSON makes of it."""
    if isinstance(value, tuple) and len(value) == 2 and value[0] == "tuple":
        return ("list", [without_tuples(item) for item in value[1]])
    if isinstance(value, (tuple, list)):
        return type(value)(without_tuples(item) for item in value)
    return value


def misses_a_name(error: BaseException) -> bool:
    """Whether something has no such name, whatever the data are."""
    if isinstance(error, AttributeError):
        return not isinstance(error.obj, (tuple, list, dict, np.ndarray, NoneType)) and not is_array(error.obj)
    return isinstance(error, NameError) and not isinstance(error, UnboundLocalError)  # which depends on the data


def is_of_keras(layer: Any) -> bool:
    """Whether Keras wrote the class of a layer."""
    return type(layer).__module__.startswith("keras.")


def is_array(value: Any) -> bool:
    """Whether something is an array or a tensor of any backend."""
    return isinstance(value, np.ndarray) or keras.ops.is_tensor(value)


def show(value: Any) -> str:
    """A value for a message, in one line."""
    text = " ".join(repr(value).split())
    if isinstance(value, keras.layers.Layer) or len(text) > LONGEST:
        text = f"a {type(value).__name__}"
    return text
