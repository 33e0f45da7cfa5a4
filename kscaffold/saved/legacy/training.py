"""What a model was compiled with, as `training_config` of Keras 1 and 2 says it: as Keras 3 would have saved it."""

from collections.abc import Mapping
from typing import Any

from kscaffold.keras_data import catalogue, migration
from kscaffold.saved.legacy.values import shortened

WRAPPERS = ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper", "LossFunctionWrapper")
MODULES = {"optimizers": "keras.optimizers", "losses": "keras.losses", "metrics": "keras.metrics"}
ACCURACIES = ("binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy")
DECAY = 1  # steps between two values of the learning rate that fell by itself


def compile_config(training: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """The config of `compile` for a `training_config`; `notes` gains what could not be kept."""
    found = {
        "optimizer": _optimizer(training.get("optimizer_config") or training.get("optimizer"), notes),
        "loss": _each(training.get("loss"), "losses", notes),
        "loss_weights": training.get("loss_weights") or None,
        "metrics": _each(training.get("metrics") or None, "metrics", notes),
        "weighted_metrics": _each(training.get("weighted_metrics") or None, "metrics", notes),
    }
    if training.get("sample_weight_mode"):
        notes.append("compile(): sample_weight_mode is gone; Keras 3 goes by the shape of the weights.")
    return found


def _each(value: Any, group: str, notes: list[str]) -> Any:
    if isinstance(value, list):
        items = [_each(item, group, notes) for item in value]
        kept = [item for item in items if item is not None]
        alone = group == "metrics" and len(kept) == 1 and isinstance(kept[0], list)  # that of a single output
        return kept[0] if alone else kept if group == "metrics" else items
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _each(item, group, notes) for key, item in value.items()}
    if isinstance(value, str):
        return _name(value, group, notes)
    return _object(value, group, notes) if isinstance(value, dict) else value


def _name(name: str, group: str, notes: list[str]) -> str | None:
    now: str = migration.read("training")[group].get(name, name)
    if not now:
        notes.append(f"compile(): the metric {name!r} was removed with Keras 2: keras.metrics has classes for it.")
    return now or None


def _object(value: dict[str, Any], group: str, notes: list[str]) -> Any:
    name, config = str(value["class_name"]), value.get("config")
    if name == "function" or not isinstance(config, dict):
        return _name(str(config), group, notes) if name == "function" else value
    config = {key: shortened(item) for key, item in config.items()}
    function = config.pop("fn", None)
    if name in WRAPPERS:
        plain = function.get("config") if isinstance(function, dict) else function
        plain = migration.read("training")[group].get(plain, plain)
        if config.get("name") in ("accuracy", "acc") and plain in ACCURACIES:
            return "accuracy"  # which Keras took for that one, by the loss
        classes = catalogue.training_classes(group)
        same = next((one for one in classes if catalogue.made_up_stem(one) == plain), None)
        if same is None:
            return plain
        name = same
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"
    if isinstance(config.get("dtype"), dict):
        config.pop("dtype")
    parameters = catalogue.training_class(group, name)
    if parameters is None:
        return value
    kept = {key: item for key, item in config.items() if key in parameters}
    notes += [
        f"compile(): {name} had {key}={str(item)[:40]}, which Keras 3 does not take."
        for key, item in config.items()
        if key not in parameters and item not in (None, False)
    ]
    return {"module": MODULES[group], "class_name": name, "config": kept, "registered_name": None}


def _optimizer(value: Any, notes: list[str]) -> Any:
    if not isinstance(value, dict):
        return value
    data = migration.read("training")["optimizers"]
    name = str(value["class_name"]).rpartition(">")[2]
    parameters = catalogue.training_class("optimizers", name)
    if parameters is None or not isinstance(value.get("config"), dict):
        return value
    given = {data["arguments"].get(key, key): shortened(item) for key, item in value["config"].items()}
    decay = given.pop("decay", 0.0)
    if name == "LossScaleOptimizer":
        inner = given.pop("inner_optimizer", None) or given.pop("optimizer", None)
        scale = {key: item for key, item in given.items() if key in parameters}
        return _serialized(name, {"inner_optimizer": _optimizer(inner, notes), **scale})
    kept = {key: item for key, item in given.items() if key in parameters and item is not None}
    for key, item in given.items():
        if key not in parameters and key not in data["dropped"] and item is not None:
            lost = data["noted"].get(key, f"{name} had {key}={str(item)[:40]}, which Keras 3 does not take")
            notes.append(f"compile(): {lost}.")
    if decay and isinstance(kept.get("learning_rate"), dict):
        notes.append(f"compile(): {name} had decay={decay} besides a schedule, and has the schedule alone now.")
    elif decay:
        schedule = {
            "initial_learning_rate": kept.get("learning_rate", 0.001),
            "decay_steps": DECAY,
            "decay_rate": decay,
        }
        kept["learning_rate"] = {**_serialized("InverseTimeDecay", schedule), "module": "keras.optimizers.schedules"}
    return _serialized(name, kept)


def _serialized(name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": MODULES["optimizers"], "class_name": name, "config": config, "registered_name": None}
