"""What a model was compiled with: optimizer, loss and metrics out of a file, as one writes them."""

from collections.abc import Mapping
from typing import Any

from kscaffold.keras_data import catalogue
from kscaffold.program.steps import Pairs
from kscaffold.program.tree import NONE, Listing, Object, Plain, Table, Tree
from kscaffold.saved.legacy.training import compile_config
from kscaffold.saved.legacy.values import shortened
from kscaffold.saved.names import is_of_keras, text
from kscaffold.saved.objects import Objects
from kscaffold.saved.value import Compiled

# The arguments of compile(), with what they are where nobody gives them. `jit_compile` is saved as what the machine
# made of "auto", so it says nothing.
USUAL: dict[str, Any] = {
    "optimizer": None, "loss": None, "loss_weights": None, "metrics": None, "weighted_metrics": None,
    "run_eagerly": False, "steps_per_execution": 1, "auto_scale_loss": True,
}  # fmt: skip
GROUPS = {"optimizer": "optimizers", "loss": "losses", "metrics": "metrics", "weighted_metrics": "metrics"}
TARGETS = {"schedules": "keras.optimizers.schedules"}


def read_compiled(objects: Objects, config: Mapping[str, Any], era: str) -> Compiled | None:
    """What the model of a file was compiled with; `None` if the file does not say that it was.

    Args:
        objects: Reads values; what the file does not hold becomes a stub of these.
        config: That of the whole file, with `compile_config` or `training_config`.
        era: What wrote the file, as in `Modern`.
    """
    given = config.get("compile_config")
    notes: list[str] = []
    training = config.get("training_config")
    if not isinstance(given, dict) and isinstance(training, dict):
        given = compile_config(training, notes)
    elif isinstance(given, dict) and given and era != "keras3":
        given = {key: value for key, value in {**given, **compile_config(given, notes)}.items() if value is not None}
    if not isinstance(given, dict) or not isinstance(given.get("optimizer"), dict):
        return None
    kept = {key: given[key] for key in USUAL if key in given}
    trees = ((key, _tree(objects, GROUPS.get(key, ""), value)) for key, value in kept.items() if value != USUAL[key])
    keywords = tuple((key, tree) for key, tree in trees if tree != NONE)
    return Compiled(keywords, kept, tuple(objects.stubs.found.values()), tuple(objects.used.items()), tuple(notes))


def _tree(objects: Objects, group: str, value: Any) -> Tree:
    """What a value is in code; `group` is the module of Keras that its objects are of."""
    if not group or value is None or isinstance(value, (bool, int, float)):
        return objects.value(value)
    if isinstance(value, str):
        return _named(objects, group, value)
    if isinstance(value, list):
        return Listing("[]", tuple(_tree(objects, group, item) for item in value))
    if "class_name" not in value:
        return Table(tuple((str(key), _tree(objects, group, item)) for key, item in value.items()))
    name, config = text(value["class_name"]), value.get("config")
    if name == "function":
        return _named(objects, group, text(config))
    if name.startswith("__"):
        return objects.value(value)
    parameters = catalogue.training_class(group, name) if is_of_keras(value) else None
    if parameters is None or not isinstance(config, dict):
        return objects.own_object(value, group.removesuffix("s"))
    return Object(f"{TARGETS.get(group, f'keras.{group}')}.{name}", _keywords(objects, group, name, parameters, config))


def _named(objects: Objects, group: str, name: str) -> Tree:
    """A loss or a metric by its name: one of Keras', or one of the user's."""
    plain = name.rpartition(">")[2]
    if catalogue.has_training_name(group, name):
        return Plain(name)
    if plain in objects.customs:
        return objects.custom(plain)
    kind = "loss" if group == "losses" else "metric"
    value = {"config": name}
    return objects.stubs.add("objective", f"the {kind} {plain}", plain, value, "the file holds its name alone")


def _keywords(
    objects: Objects, group: str, name: str, parameters: Mapping[str, tuple[Any, ...]], config: Mapping[str, Any]
) -> Pairs:
    found: list[tuple[str, Tree]] = []
    for key, default in parameters.items():
        value = shortened(config.get(key))
        if key not in config or (default and value == default[0]) or value is None:
            continue
        if key == "name" and _is_usual_name(str(value), name):
            continue
        if key == "dtype" and (value == "float32" or isinstance(value, dict)):
            continue
        inner = {"learning_rate": "schedules", "inner_optimizer": "optimizers"}.get(key, "")
        is_object = isinstance(value, dict) and "class_name" in value
        found.append((key, _tree(objects, inner, value) if is_object and inner else objects.value(value, key)))
    return tuple(found)


def _is_usual_name(name: str, class_name: str) -> bool:
    """Whether Keras gave an object its name."""
    plain = name.replace("_", "").lower()
    return plain.rstrip("0123456789") == class_name.lower().rstrip("0123456789")
