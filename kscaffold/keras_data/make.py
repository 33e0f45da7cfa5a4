"""Writes what there is to know of the installed Keras as JSON: what `kscaffold.keras_data.catalogue` reads.

Run it with the interpreter whose Keras is to be described:

    python -P kscaffold/keras_data/make.py > kscaffold/keras_data/keras.json
"""

import functools
import gc
import inspect
import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras

# Values for required parameters, by name, so that a layer can be made and asked for its output shapes.
SAMPLE_ARGUMENTS: dict[str, Any] = {
    "units": 4, "filters": 4, "kernel_size": 3, "pool_size": 2, "output_size": 2, "input_dim": 8, "output_dim": 4,
    "rate": 0.5, "stddev": 0.1, "factor": 0.1, "scale": 2.0, "value_range": (0, 255), "activation": "relu",
    "num_heads": 2, "key_dim": 4, "dims": (2, 1), "n": 2, "target_shape": (-1,), "height": 4, "width": 4,
}  # fmt: skip
# The same for layers that hash: they cannot be called with any number.
SAMPLES_TO_MAKE = {**SAMPLE_ARGUMENTS, "num_bins": 4}
# The same for parameters of one class; `cropping` has a default that crops nothing.
SAMPLES_OF_CLASS: dict[str, dict[str, Callable[[], Any]]] = {
    "TimeDistributed": {"layer": lambda: keras.layers.Dense(4)},
    "Bidirectional": {"layer": lambda: keras.layers.LSTM(4)},
    "RNN": {"cell": lambda: keras.layers.LSTMCell(4)},
    "Cropping1D": {"cropping": lambda: 1},
    "Cropping2D": {"cropping": lambda: 1},
    "Cropping3D": {"cropping": lambda: 1},
}
# Names of losses and metrics that no attribute has.
SHORT_NAMES = (
    "mse", "mae", "mape", "msle", "bce", "kld", "MSE", "MAE", "MAPE", "MSLE", "BCE", "KLD", "logcosh",
    "cosine_similarity", "kullback_leibler_divergence", "huber_loss",
)  # fmt: skip
SEQUENCE = (2, 6, 8)
SAMPLE_SHAPES = [(2, 8), SEQUENCE, (2, 6, 6, 8), (2, 6, 6, 6, 8)]
ABSTRACT = {
    "Layer", "Wrapper", "InputLayer", "Initializer", "Regularizer", "Constraint", "Loss", "Metric", "Optimizer",
    "LearningRateSchedule",
}  # fmt: skip


def public_classes(module: Any, base: type) -> dict[str, Any]:
    """The classes of a module that derive from `base`, under the name that each calls itself by if that is exported."""
    found = {name: getattr(module, name) for name in public_names(module)}
    classes = {name: item for name, item in found.items() if inspect.isclass(item) and issubclass(item, base)}
    own = {cls for name, cls in classes.items() if cls.__name__ == name}
    named = {name: cls for name, cls in classes.items() if cls.__name__ == name or cls not in own}
    return {name: cls for name, cls in named.items() if name not in ABSTRACT}


def is_plain(value: Any) -> bool:
    """Whether a default can be written as JSON."""
    return value is None or isinstance(value, (bool, int, float, str, list, tuple))


def describe_parameters(called: Any) -> dict[str, Any]:
    """`{"parameters": {name: [] or [default]}}` of a function or constructor, and whether it takes any number."""
    described: dict[str, Any] = {"parameters": {}}
    for name, parameter in inspect.signature(called).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            described["variadic"] = True
        elif parameter.kind is not parameter.VAR_KEYWORD:
            default = parameter.default
            required = default is parameter.empty
            described["parameters"][name] = [] if required else [default if is_plain(default) else None]
    return described


def required_by(cls: Any) -> list[str]:
    """The parameters of a constructor that have no default."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [one.name for one in parameters if one.default is one.empty and one.kind not in variadic]


def make_sample(cls: Any, samples: dict[str, Any], required_only: bool = True, more: tuple[str, ...] = ()) -> Any:
    """A layer with sample arguments, and `more` than it requires; `None` if it cannot be made of them."""
    required, own = [*required_by(cls), *more], SAMPLES_OF_CLASS.get(cls.__name__, {})
    arguments = {name: samples[name] for name in required if name in samples and name not in own}
    arguments |= {name: make() for name, make in own.items() if name in required or not required_only}
    try:
        return cls(**arguments)
    except Exception:
        return None  # that is the answer asked for


def output_shape(cls: Any, shapes: list[tuple[int, ...]]) -> tuple[int, ...] | None:
    """The output shape of a layer with sample arguments; `None` if it does not take inputs of these shapes."""
    layer = make_sample(cls, SAMPLE_ARGUMENTS, required_only=False)
    tensors = [keras.KerasTensor(shape) for shape in shapes]
    try:
        return tuple((layer(tensors) if cls in MERGING else layer(*tensors)).shape)
    except Exception:
        return None  # that is the answer asked for


def describe_layer(cls: Any) -> dict[str, Any]:
    """Constructor and call of a layer class, what it does to shapes, and what it saves; flags where they are true."""
    described = describe_parameters(cls)
    call = dict(list(inspect.signature(cls.call).parameters.items())[1:])
    passed = [name for name, parameter in call.items() if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    required = [name for name in passed if call[name].default is inspect.Parameter.empty]
    described["call"] = [name for name in passed if name in (*required, "training", "mask")]
    described["passed"] = passed
    count = 2 if cls in MERGING else len([name for name in required if name not in ("training", "mask")])
    outputs = {shape: output_shape(cls, [shape] * count) for shape in SAMPLE_SHAPES}
    described["ranks"] = [len(shape) for shape, output in outputs.items() if output]
    training = call["training"].default if "training" in call else None
    described |= {
        "keeps_shape": bool(described["ranks"]) and all(output in (None, shape) for shape, output in outputs.items()),
        "keeps_steps": (outputs[SEQUENCE] or ())[:2] == SEQUENCE[:2],
        "merges": "inputs" in described["call"] and cls in MERGING,
        # Dense layers take it for their quantized form alone.
        "trains": "training" in call and "quantize" not in vars(cls),
        "usual_training": training if isinstance(training, bool) else None,
        "states": count_states(cls),
        **describe_config(cls),
    }
    kept = ("parameters", "usual_training", "config")
    return {name: value for name, value in described.items() if value or (name in kept and value is not None)}


def count_states(cls: Any) -> int:
    """How many states a recurrent layer or a cell has; none where another argument says so."""
    if cls.__name__ in SAMPLES_OF_CLASS:
        return 0
    size = getattr(make_sample(cls, SAMPLE_ARGUMENTS), "state_size", None)
    layer = make_sample(cls, SAMPLE_ARGUMENTS | {"return_state": True}, more=("return_state",))
    for shape in (*SAMPLE_SHAPES, (2, 6, 6, 6, 6, 8)) if layer is not None else ():
        try:
            return len(layer(keras.KerasTensor(shape))) - 1
        except Exception:
            continue  # it takes inputs of another rank
    return 0 if size is None else len(keras.tree.flatten(size))


def describe_config(cls: Any) -> dict[str, Any]:
    """What a layer saves that is given nothing but what it requires, but for what every layer saves.

    There is nothing of a layer that cannot be made of samples.
    """
    keras.utils.clear_session()  # names begin at one again
    try:
        config = keras.saving.serialize_keras_object(make_sample(cls, SAMPLES_TO_MAKE))["config"]
    except Exception:
        return {}  # it is read by its signature
    left_out = (*required_by(cls), "name")
    config = {key: value for key, value in json.loads(json.dumps(config)).items() if key not in left_out}
    if config.get("seed") is not None:  # some layers draw one where none is given
        config["seed"] = None
    return {
        "config": {key: value for key, value in config.items() if EVERY_CONFIG.get(key, config) != value},
        "unsaved": [key for key in EVERY_CONFIG if key not in config],
    }


def accepted_names(module: Any) -> list[str]:
    """The names that `module.get` takes for an object that needs no argument."""
    names = []
    for name in public_names(module):
        left_out = name in ABSTRACT or name in ("get", "serialize", "deserialize")
        if not left_out and not inspect.ismodule(getattr(module, name)) and is_accepted(module, name):
            names.append(name)
    return names


def describe_functions() -> dict[str, Any]:
    """The functions of `keras.ops` by their names, those of its modules too where they are there alone."""
    found = {}
    for prefix, module in (("", keras.ops), ("image.", keras.ops.image), ("linalg.", keras.ops.linalg)):
        for name, item in vars(module).items():
            if inspect.isfunction(item) and not name.startswith("_") and (not prefix or not hasattr(keras.ops, name)):
                found[f"{prefix}{name}"] = describe_parameters(item)
    return dict(sorted(found.items()))


def describe_operations() -> dict[str, Any]:
    """The operations that functions of `keras.ops` make: `{class: {"function", "init", "call"}}`.

    Where the function does not take first what its operation is called with, then what that is made with, there is its
    `order`.
    """
    # What is saved names the module of the class, which is not a public one.
    modules = {sys.modules[cls.__module__] for cls in subclasses(keras.Operation) if ".ops." in cls.__module__}
    found: dict[str, Any] = {}
    for module in sorted(modules, key=lambda item: item.__name__):
        cls: Any
        for name, cls in vars(module).items():
            if not (inspect.isclass(cls) and issubclass(cls, keras.Operation)) or cls.__module__ != module.__name__:
                continue
            if function := public_function(module, name):
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
                        if item.name != "name" and (item.default is item.empty or is_plain(item.default))
                    },
                    "call": [item for item in called if item != "self"],
                }
    return found


def public_function(module: ModuleType, name: str) -> str | None:
    """The public function that makes an operation: of those that mention its class, the one that has its name."""
    functions = {
        function
        for function, item in vars(module).items()
        if inspect.isfunction(item)
        and item.__module__ == module.__name__
        and not function.startswith("_")
        and name in item.__code__.co_names
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


def read_only(cls: Any) -> list[str]:
    """The public attributes that nothing can be assigned to in a layer or model of a class of the user's."""
    found = []
    for name in public_names(cls()):
        try:
            setattr(type("Own", (cls,), {})(), name, 1)
        except AttributeError:
            found.append(name)
        except Exception:
            continue  # it takes other values
    return found


def public_names(item: Any) -> list[str]:
    """The attributes of something that do not begin with an underscore."""
    return sorted(name for name in dir(item) if not name.startswith("_"))


def lost_of_backend() -> list[str]:
    """The functions that `keras.backend` had in Keras 2, and that Keras keeps for `tf.keras.backend` alone."""
    from keras.src.legacy import backend

    kept = {name for name in public_names(backend) if inspect.isfunction(getattr(backend, name))}
    return sorted(kept - set(public_names(keras.backend)))


def is_accepted(module: Any, name: str) -> bool:
    """Whether `module.get` takes a name for an object that needs no argument."""
    try:
        module.get(name)
    except (ValueError, TypeError, LookupError, ImportError, AttributeError):
        return False
    return True


def describe_training() -> dict[str, Any]:
    """What a model is compiled with: classes with their parameters, and the names that stand for an object."""
    groups = {
        "optimizers": (keras.optimizers, keras.optimizers.Optimizer),
        "schedules": (keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule),
        "losses": (keras.losses, keras.losses.Loss),
        "metrics": (keras.metrics, keras.metrics.Metric),
    }
    described = {}
    for group, (module, base) in groups.items():
        classes = {name: describe_parameters(cls)["parameters"] for name, cls in public_classes(module, base).items()}
        names = [*accepted_names(module), *filter(functools.partial(is_accepted, module), SHORT_NAMES)]
        described[group] = {"classes": classes, "names": sorted({*names} - {*classes})}
    return described


def describe_keras() -> dict[str, Any]:
    """The whole document."""
    layers = public_classes(keras.layers, keras.layers.Layer)
    others = {
        "initializers": public_classes(keras.initializers, keras.initializers.Initializer),
        "regularizers": public_classes(keras.regularizers, keras.regularizers.Regularizer),
        "constraints": public_classes(keras.constraints, keras.constraints.Constraint),
    }
    return {
        "keras": keras.__version__,
        "reserved": sorted({*public_names(keras.layers.Layer()), *public_names(keras.Model())}),
        "read_only": {"layer": read_only(keras.layers.Layer), "model": read_only(keras.Model)},
        "lost_of_backend": lost_of_backend(),
        "every_config": EVERY_CONFIG,
        "layers": {name: describe_layer(cls) for name, cls in layers.items()},
        **{group: {name: describe_parameters(cls) for name, cls in found.items()} for group, found in others.items()},
        "names": {group: accepted_names(getattr(keras, group)) for group in ("activations", *others)},
        "training": describe_training(),
        "functions": describe_functions(),
        "operations": describe_operations(),
        "quantizers": {
            name: describe_config(getattr(keras.quantizers, name)).get("config")
            for name in dir(keras.quantizers)
            if name.endswith(("Quantizer", "QuantizationConfig"))
        },
        "policies": [name for name in dir(keras.dtype_policies) if name.endswith(("Policy", "PolicyMap"))],
    }


def dump(document: dict[str, Any]) -> str:
    """JSON with a line for each class, so that a change of Keras reads well as a diff."""
    groups = []
    for group, entries in document.items():
        text = json.dumps(entries)
        if isinstance(entries, dict):
            lines = (f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
            text = "{\n" + ",\n".join(lines) + "\n }"
        groups.append(f" {json.dumps(group)}: {text}")
    return "{\n" + ",\n".join(groups) + "\n}\n"


MERGING = {
    cls
    for cls in public_classes(keras.layers, keras.layers.Layer).values()
    if any(base.__name__ in ("Merge", "Attention") for base in cls.__mro__[1:]) or cls is keras.layers.Attention
}
# What layers save of what every layer takes.
EVERY_CONFIG = {
    key: value
    for key, value in keras.saving.serialize_keras_object(keras.layers.Identity())["config"].items()
    if key in ("trainable", "dtype")
}


if __name__ == "__main__":
    gc.freeze()  # each clear_session() would search all of TensorFlow
    sys.stdout.write(dump(describe_keras()))
