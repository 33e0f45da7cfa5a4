"""Writes what Keras' layers and operations save of themselves as JSON: what `kscaffold.keras_data.facts` reads.

Run it with the interpreter whose Keras is to be described:

    python -P kscaffold/keras_data/defaults.py > kscaffold/keras_data/facts.json
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

# Values for required parameters that layers cannot be called with random numbers for: those that hash.
SAMPLE_ARGUMENTS = {"num_bins": 4}


def beside(name: str) -> ModuleType:
    """A module of this folder, which is no package where this program runs."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def saved_defaults(cls: Any, signatures: ModuleType) -> dict[str, Any] | None:
    """The config of a layer that is given nothing but what it requires; `None` if it cannot be made like that."""
    parameters = inspect.signature(cls.__init__).parameters
    required = [
        name
        for name, parameter in list(parameters.items())[1:]
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    samples = {**signatures.SAMPLE_ARGUMENTS, **SAMPLE_ARGUMENTS}
    own = signatures.SAMPLES_OF_CLASS.get(cls.__name__, {})
    own = {name: make for name, make in own.items() if name in required}
    if not all(name in samples or name in own for name in required):
        return None
    given = {name: samples[name] for name in required if name not in own}
    try:
        layer = cls(**given, **{name: make() for name, make in own.items()})
        config = keras.saving.serialize_keras_object(layer)["config"]
        plain = {key: value for key, value in json.loads(json.dumps(config)).items() if key not in (*required, "name")}
        # Some layers draw a seed where none is given.
        return plain | ({"seed": None} if plain.get("seed") is not None else {})
    except Exception:
        return None  # a layer that cannot be made of samples is read by its signature


def usual_training(cls: Any) -> bool | None:
    """The default of `training` in `call`, which stands in configs though nobody wrote it; `None` leaves no trace."""
    training = inspect.signature(cls.call).parameters.get("training")
    return training.default if training is not None and isinstance(training.default, bool) else None


def operations() -> dict[str, Any]:
    """The operations that functions of `keras.ops` make: `{class: {"function", "init", "call"}}`.

    Where the function does not take first what its operation is called with, then what that is made with, there is its
    `order`.
    """
    base = keras.Operation
    # What is saved names the module of the class, which is no public one.
    modules = {sys.modules[cls.__module__] for cls in subclasses(base) if ".ops." in cls.__module__}
    found: dict[str, Any] = {}
    for module in sorted(modules, key=lambda item: item.__name__):
        cls: Any
        for name, cls in vars(module).items():
            if not (inspect.isclass(cls) and issubclass(cls, base)) or cls.__module__ != module.__name__:
                continue
            function = public_function(module, name)
            if function:
                init = list(inspect.signature(cls.__init__).parameters.values())[1:]
                called = list(inspect.signature(vars(cls).get("call", cls.__init__)).parameters)
                named = [item for item in init if item.kind is not item.VAR_KEYWORD]
                required = [item.name for item in named if item.default is item.empty]
                parameters = inspect.signature(getattr(module, function.rpartition(".")[2])).parameters
                taken = [f"*{key}" if item.kind is item.VAR_POSITIONAL else key for key, item in parameters.items()]
                in_order = [*(item for item in called if item != "self"), *required]
                found[f"{module.__name__}.{name}"] = {
                    "function": function,
                    **({} if taken[: len(in_order)] == in_order else {"order": taken}),
                    "init": {
                        item.name: [] if item.default is item.empty else [item.default]
                        for item in init
                        if item.name != "name" and plain(item.default)
                    },
                    "call": [item for item in called if item != "self"],
                }
    return found


def plain(value: Any) -> bool:
    """Whether a default can be written as JSON."""
    return value is inspect.Parameter.empty or value is None or isinstance(value, (bool, int, float, str, tuple))


def public_function(module: ModuleType, name: str) -> str | None:
    """The public function that makes an operation: of those that mention its class, the one that has its name."""
    functions = {
        function
        for function, item in vars(module).items()
        if inspect.isfunction(item)
        and item.__module__ == module.__name__
        and not function.startswith("_")
        and f"{name}(" in inspect.getsource(item)
    }
    for prefix, space in (("ops", keras.ops), ("ops.image", keras.ops.image)):
        public = sorted(function for function in functions if hasattr(space, function))
        same = [function for function in public if function.replace("_", "") == name.lower()]
        chosen = same or (public if len(public) == 1 else [])
        if chosen:
            return f"{prefix}.{chosen[0]}"
    return None


def subclasses(cls: Any) -> set[Any]:
    """All classes that derive from one."""
    return {cls, *(item for child in cls.__subclasses__() for item in subclasses(child))}


def describe_saved() -> dict[str, Any]:
    """The whole document."""
    signatures = beside("signatures")
    layers = signatures.public_classes(keras.layers, keras.layers.Layer)
    return {
        "keras": keras.__version__,
        "layers": {
            name: {"config": saved_defaults(cls, signatures), "training": usual_training(cls)}
            for name, cls in layers.items()
        },
        "operations": operations(),
        "quantizers": {
            name: saved_defaults(getattr(keras.quantizers, name), signatures)
            for name in dir(keras.quantizers)
            if name.endswith(("Quantizer", "QuantizationConfig"))
        },
        "policies": sorted(name for name in dir(keras.dtype_policies) if name.endswith(("Policy", "PolicyMap"))),
    }


if __name__ == "__main__":
    signatures = beside("signatures")
    sys.stdout.write(signatures.dump(describe_saved()))
