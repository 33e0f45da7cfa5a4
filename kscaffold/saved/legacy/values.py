"""Values of arguments: initializers, regularizers, constraints and activations as Keras 1 and 2 saved them."""

from typing import Any

from kscaffold.saved import constants

HARD_SIGMOID = "hard_sigmoid_of_keras_2"  # clip(0.2 x + 0.5, 0, 1), where that of Keras 3 is clip(x / 6 + 0.5, 0, 1)
# What the classes take that are written beside a model.
SUPPLIED_ARGUMENTS = (
    "filters", "kernel_size", "strides", "padding", "data_format", "activation", "use_bias", "kernel_initializer",
    "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
    "bias_constraint",
)  # fmt: skip
LONG, SHORT = 12, 9  # characters of a number that nobody typed, and of one that somebody may have
PADDINGS = {"half": "same"}
DTYPES = {"float": "float32", "int": "int32"}  # what NumPy calls otherwise
ORDERINGS = {"tf": "channels_last", "th": "channels_first", "default": "channels_last"}
INITIALIZERS = {"uniform": "random_uniform", "normal": "random_normal", "zero": "zeros", "one": "ones"}
# What Keras 2 saved of initializers that have a name: scale, mode and distribution.
SCALINGS = {
    (1.0, "fan_avg", "uniform"): "glorot_uniform", (1.0, "fan_avg", "truncated_normal"): "glorot_normal",
    (2.0, "fan_in", "uniform"): "he_uniform", (2.0, "fan_in", "truncated_normal"): "he_normal",
    (1.0, "fan_in", "uniform"): "lecun_uniform", (1.0, "fan_in", "truncated_normal"): "lecun_normal",
}  # fmt: skip
DISTRIBUTIONS = {"normal": "truncated_normal"}
REGULARIZERS = ("WeightRegularizer", "L1L2Regularizer", "ActivityRegularizer")
NORMS = {"m": "max_value", "low": "min_value", "high": "max_value"}
CONSTRAINTS = {"maxnorm": "MaxNorm", "nonneg": "NonNeg", "unitnorm": "UnitNorm", "minmaxnorm": "MinMaxNorm"}


def plain(key: str, value: Any) -> Any:
    """A value that is no object: modes by their new names, numbers out of arrays."""
    if isinstance(value, dict) and value.get("type") == "ndarray" and "value" in value:
        value = value["value"]  # what Keras 2 made of a number of NumPy
    if key == "padding" and isinstance(value, str):
        return PADDINGS.get(value, value)
    if key == "data_format" and isinstance(value, str):
        return ORDERINGS.get(value, value)
    if key == "dtype" and isinstance(value, str):
        return DTYPES.get(value, value)
    if key == "unit_forget_bias" and isinstance(value, str):
        return value in ("one", "ones")
    if key in ("kernel_size", "strides", "dilation_rate", "pool_size") and isinstance(value, float):
        return int(value)
    if key == "negative_slope" and isinstance(value, list) and len(value) == 1:
        return value[0]
    return value


def shortened(value: Any) -> Any:
    """A value in which numbers that went through 32 bits have the digits that somebody typed: 0.1, not 0.100000001."""
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in value]
    is_long = isinstance(value, float) and len(repr(value)) > LONG
    short = constants.shortened(value, "float32") if is_long else value
    return short if is_long and len(repr(short)) <= SHORT else value


def activation(value: Any) -> Any:
    """An activation."""
    names = {"softmax_v2": "softmax", "swish_v2": "swish", "gelu_v2": "gelu"}
    return names.get(value, value) if isinstance(value, str) else value


def is_old_hard_sigmoid(value: Any) -> bool:
    """Whether an activation is the hard sigmoid."""
    return value == "hard_sigmoid" or (isinstance(value, dict) and value.get("config") == "hard_sigmoid")


def function(name: str) -> dict[str, Any]:
    """The entry of a function that a module brings along."""
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def initializer(value: Any) -> Any:
    """An initializer, without what it says of types and with today's names."""
    if isinstance(value, str):
        return INITIALIZERS.get(value, value)
    if not isinstance(value, dict) or not isinstance(value.get("config"), dict):
        return value
    config = {key: item for key, item in value["config"].items() if key not in ("dtype", "verify_shape")}
    if value.get("class_name") == "VarianceScaling":
        drawn = str(config.get("distribution", "normal"))
        config["distribution"] = DISTRIBUTIONS.get(drawn, drawn)
        kind = (config.get("scale"), config.get("mode"), config["distribution"])
        if kind in SCALINGS and config.get("seed") is None:
            return SCALINGS[kind]
    return {**value, "config": config}


def regularizer(value: Any) -> Any:
    """A regularizer, that of both kinds as the one that counts; Keras 1 said `name` where others say `class_name`."""
    if isinstance(value, dict) and "class_name" not in value and value.get("name") in REGULARIZERS:
        value = {"class_name": "L1L2", "config": {key: value.get(key, 0.0) for key in ("l1", "l2")}}
    if not isinstance(value, dict) or value.get("class_name") != "L1L2" or not isinstance(value.get("config"), dict):
        return value
    given = {key: item for key, item in value["config"].items() if item}
    if len(given) > 1:
        return value
    return {**value, "class_name": next(iter(given)).upper(), "config": given} if given else None


def constraint(value: Any) -> Any:
    """A constraint; Keras 1 said `name` where others say `class_name`, and `m` for the largest norm."""
    if not isinstance(value, dict):
        return value
    if "class_name" not in value and "name" in value:
        given = {NORMS.get(key, key): item for key, item in value.items() if key != "name"}
        return {"class_name": CONSTRAINTS.get(str(value["name"]).lower(), value["name"]), "config": given}
    config = value.get("config")
    if isinstance(config, dict) and NORMS.keys() & config:
        return {**value, "config": {NORMS.get(key, key): item for key, item in config.items()}}
    return value
