"""From the file of a saved model to the model, and to those inside it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Ref
from kscaffold.saved.archive import read_config, read_words
from kscaffold.saved.axes import without_last_axes
from kscaffold.saved.compiled import read_compiled
from kscaffold.saved.entries import asset_paths, counted, read_input, read_layer, read_shape
from kscaffold.saved.functional import read_functional
from kscaffold.saved.legacy import modernize
from kscaffold.saved.names import Malformed
from kscaffold.saved.objects import Objects
from kscaffold.saved.value import Call, SavedFile, SavedInput, SavedLayer, SavedModel


def read_model(path: Path, shown: str, customs: Mapping[str, str] | None = None) -> SavedFile:
    """The model that a file or folder describes. Nothing in the file is executed or imported.

    Args:
        path: The file, or the folder.
        shown: How messages name it.
        customs: The module of each custom class, by its name.

    Raises:
        RequestError: The file is not a saved model, is damaged, or describes a model that has no graph.
    """
    kind, config = read_config(path, shown)
    objects = Objects(customs or {}, _read)
    objects.words = read_words(path, kind)
    try:
        modern = modernize(_graph(config, shown))
        objects.supplied = modern.supplied
        model = _read(objects, modern.config)
        compiled = read_compiled(Objects(customs or {}, _read), config, modern.era)
    except RequestError as error:
        raise error.at(shown) from error
    except Malformed as error:
        raise RequestError(f"The config is malformed: {error}.", where=shown) from error
    except RecursionError as error:
        raise RequestError("The config is nested too deep.", where=shown) from error
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A config that somebody made up may have anything anywhere.
        reason = f"it has no {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
        raise RequestError(f"The config is malformed: {reason[:200]}.", where=shown) from error
    used = tuple((module, name) for name, module in objects.used.items())
    return SavedFile(
        model, kind, tuple(objects.stubs.found.values()), used, (*modern.notes, *objects.notes), modern, compiled
    )


def _graph(entry: Mapping[str, Any], shown: str) -> Mapping[str, Any]:
    """The config of the model of a whole file, if it says what the model is made of."""
    name, config = str(entry["class_name"]), entry["config"]
    if isinstance(config, list):  # Keras 2.2 and before saved the layers of a Sequential alone
        return {**entry, "config": {"name": "sequential", "layers": config}}
    if "layers" not in config:
        raise RequestError(
            f"{name[:80]!r} is a subclassed model: its file holds its name and no graph.",
            hint="Only models made of layers (functional, Sequential) describe themselves.",
            where=shown,
        )
    return entry


def _read(objects: Objects, entry: Mapping[str, Any]) -> SavedModel:
    config = entry["config"]
    outside, objects.frozen = objects.frozen, objects.frozen or config.get("trainable") is False
    read = without_last_axes((read_functional if "input_layers" in config else _sequential)(objects, config))
    objects.frozen = outside
    return replace(read, frozen=read.frozen and not outside)


def _sequential(objects: Objects, config: Mapping[str, Any]) -> SavedModel:
    inputs: tuple[SavedInput, ...] = ()
    layers: list[SavedLayer] = []
    paths = iter(asset_paths(entry for entry in config["layers"] if entry["class_name"] != "InputLayer"))
    prefix = objects.prefix
    for entry in config["layers"]:
        if entry["class_name"] == "InputLayer":
            inputs = (read_input(entry),)
            continue
        inner = entry["config"]
        shape = inner.get("batch_input_shape") if isinstance(inner, dict) else None
        if shape and not layers and not inputs:  # Keras 2 kept it with the first layer
            inputs = (SavedInput("input_layer", read_shape(shape), str(inner.get("dtype") or "float32"), True),)
        layers.append(read_layer(objects, entry, f"{prefix}{next(paths)}"))
    name = str(config.get("name", "sequential"))
    generated = catalogue.is_made_up(name, "Sequential")
    calls = tuple(Call(number, (Ref(number - 1 if number else -1),)) for number in range(len(layers)))
    frozen = config.get("trainable") is False and bool(layers)
    built = config.get("build_input_shape")
    shape = read_shape(built) if built and not inputs else None
    ends = Ref(-1), Ref(len(layers) - 1)
    return SavedModel(name, generated, True, inputs, counted(layers, calls), calls, *ends, frozen, shape)
