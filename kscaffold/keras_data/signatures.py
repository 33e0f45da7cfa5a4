"""Writes the names and signatures of Keras' layers, operations, … as JSON: what `kscaffold.keras_data.catalogue` reads.

Run it with the interpreter whose Keras is to be described:

    python -P kscaffold/keras_data/signatures.py > kscaffold/keras_data/catalogue.json
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable
from typing import Any

import keras

# Values for required parameters, by name, so that a layer can be made and asked for its output shapes.
SAMPLE_ARGUMENTS: dict[str, Any] = {
    "units": 4,
    "filters": 4,
    "kernel_size": 3,
    "rate": 0.5,
    "stddev": 0.1,
    "factor": 0.1,
    "value_range": (0, 255),
    "num_heads": 2,
    "key_dim": 4,
    "dims": (2, 1),
    "n": 2,
    "pool_size": 2,
    "output_size": 2,
    "activation": "relu",
    "scale": 2.0,
    "target_shape": (-1,),
    "height": 4,
    "width": 4,
    "input_dim": 8,
    "output_dim": 4,
}
# The same for parameters of one class; `cropping` has a default that crops nothing.
SAMPLES_OF_CLASS: dict[str, dict[str, Callable[[], Any]]] = {
    "TimeDistributed": {"layer": lambda: keras.layers.Dense(4)},
    "Bidirectional": {"layer": lambda: keras.layers.LSTM(4)},
    "RNN": {"cell": lambda: keras.layers.LSTMCell(4)},
    "Cropping1D": {"cropping": lambda: 1},
    "Cropping2D": {"cropping": lambda: 1},
    "Cropping3D": {"cropping": lambda: 1},
}
SAMPLE_SHAPES = [(2, 8), (2, 6, 8), (2, 6, 6, 8), (2, 6, 6, 6, 8)]
ABSTRACT = {"Layer", "Wrapper", "InputLayer", "Initializer", "Regularizer", "Constraint"}


def public_classes(module: Any, base: type) -> dict[str, type]:
    """The classes of a module that derive from `base`, under the name that each calls itself by if that is exported."""
    found = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    classes = {name: item for name, item in found.items() if inspect.isclass(item) and issubclass(item, base)}
    own = {cls for name, cls in classes.items() if cls.__name__ == name}
    named = {name: cls for name, cls in classes.items() if cls.__name__ == name or cls not in own}
    return {name: cls for name, cls in named.items() if name not in ABSTRACT}


def describe_parameters(called: Any) -> dict[str, Any]:
    """`{"parameters": {name: [] or [default]}}` of a function or constructor, and whether it takes any number."""
    described: dict[str, Any] = {"parameters": {}}
    for name, parameter in inspect.signature(called).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            described["variadic"] = True
        elif parameter.kind is not parameter.VAR_KEYWORD:
            default = parameter.default
            plain = default is None or isinstance(default, (bool, int, float, str, list, tuple))
            required = default is parameter.empty
            described["parameters"][name] = [] if required else [default if plain else None]
    return described


def output_shapes(cls: Any, required: list[str], inputs: int) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Output shapes of a layer with sample arguments, for the sample input shapes that it takes."""
    shapes = {}
    own = SAMPLES_OF_CLASS.get(cls.__name__, {})
    if all(name in SAMPLE_ARGUMENTS or name in own for name in required):
        for shape in SAMPLE_SHAPES:
            tensors = [keras.KerasTensor(shape) for _ in range(2 if cls.__name__ in MERGING else inputs)]
            try:
                given = {name: SAMPLE_ARGUMENTS[name] for name in required if name not in own}
                layer = cls(**given, **{name: make() for name, make in own.items()})
                output = layer(tensors) if cls.__name__ in MERGING else layer(*tensors)
                shapes[shape] = tuple(output.shape)
            except Exception:
                continue  # this layer does not take inputs of this rank: that is the answer asked for
    return shapes


def describe_layer(cls: Any) -> dict[str, Any]:
    """Constructor, call and build of a layer class, and what it does to shapes."""
    described = describe_parameters(cls)
    call = inspect.signature(cls.call).parameters
    described["call"] = [
        name
        for name, parameter in list(call.items())[1:]
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        and (parameter.default is parameter.empty or name in ("training", "mask"))
    ]
    described["passed"] = [name for name in list(call)[1:] if call[name].kind is call[name].POSITIONAL_OR_KEYWORD]
    required = [name for name, default in described["parameters"].items() if not default]
    inputs = [name for name in described["call"] if name not in ("training", "mask")]
    shapes = output_shapes(cls, required, len(inputs))
    described["keeps_shape"] = bool(shapes) and all(a == b for a, b in shapes.items())
    sequence = (2, 6, 8)
    described["keeps_steps"] = shapes.get(sequence, ())[:2] == sequence[:2]
    described["ranks"] = [len(shape) for shape in shapes]
    described["merges"] = "inputs" in described["call"] and cls.__name__ in MERGING
    return described


def accepted_names(module: Any) -> list[str]:
    """The names that `module.get` takes for an object that needs no argument."""
    names = []
    for name in dir(module):
        if name.startswith("_") or name in ABSTRACT or name in ("get", "serialize", "deserialize"):
            continue
        if inspect.ismodule(getattr(module, name)):
            continue
        try:
            module.get(name)
        except (ValueError, TypeError, LookupError, ImportError):
            continue
        names.append(name)
    return names


def operations() -> dict[str, Any]:
    """The functions of `keras.ops` by their names, those of its modules too where they are there alone."""
    found = {}
    for prefix, module in (("", keras.ops), ("image.", keras.ops.image), ("linalg.", keras.ops.linalg)):
        for name, item in vars(module).items():
            if inspect.isfunction(item) and not name.startswith("_") and (not prefix or not hasattr(keras.ops, name)):
                found[f"{prefix}{name}"] = describe_parameters(item)
    return dict(sorted(found.items()))


MERGING = {
    name
    for name, cls in public_classes(keras.layers, keras.layers.Layer).items()
    if any(base.__name__ in ("Merge", "Attention") for base in cls.__mro__[1:]) or cls is keras.layers.Attention
}


def describe_keras() -> dict[str, Any]:
    """The whole catalogue."""
    groups: dict[str, tuple[Any, type]] = {
        "initializers": (keras.initializers, keras.initializers.Initializer),
        "regularizers": (keras.regularizers, keras.regularizers.Regularizer),
        "constraints": (keras.constraints, keras.constraints.Constraint),
    }
    catalogue: dict[str, Any] = {
        "keras": keras.__version__,
        "reserved": sorted(
            name for name in {*dir(keras.layers.Layer()), *dir(keras.Model())} if not name.startswith("_")
        ),
        "layers": {name: describe_layer(cls) for name, cls in public_classes(keras.layers, keras.layers.Layer).items()},
        "operations": operations(),
        "names": {"activations": accepted_names(keras.activations)},
    }
    for group, (module, base) in groups.items():
        catalogue[group] = {name: describe_parameters(cls) for name, cls in public_classes(module, base).items()}
        catalogue["names"][group] = accepted_names(module)
    return catalogue


def dump(catalogue: dict[str, Any]) -> str:
    """JSON with a line for each class, so that a change of Keras reads well as a diff."""
    groups = []
    for group, entries in catalogue.items():
        text = json.dumps(entries)
        if isinstance(entries, dict):
            lines = (f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
            text = "{\n" + ",\n".join(lines) + "\n }"
        groups.append(f" {json.dumps(group)}: {text}")
    return "{\n" + ",\n".join(groups) + "\n}\n"


if __name__ == "__main__":
    sys.stdout.write(dump(describe_keras()))
