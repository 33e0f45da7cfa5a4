"""A model built from source against the saved model that the source was made from."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import keras
import numpy as np

from .leaves import give_state, give_words, input_shapes, own_leaves, saved_leaves
from .recording import recorded_calls
from .subject import Subject

BATCH = 2
SIZES = (7, 32, 96, 224)  # tried in turn for sizes that are not fixed
SUFFIXES = {"keras": ".keras", "h5": ".h5"}
STEMS = {
    "InputLayer": ("input_layer", "input"),
    "Functional": ("functional", "model"),
    "Model": ("functional", "model"),
}
Shape = tuple[int | None, ...]


def compare(subject: Subject, saved: dict[str, Any]) -> Iterator[str]:
    """Gives the first thing in which a model differs from the saved one.

    Args:
        subject: The model made from source.
        saved: `path` and `kind` of the file, `customs` that its classes are found by, and `config`: "whole" where the
            config is to be the same, "layers" where the classes of models may differ, "unnamed" without names, "" where
            only outputs count; `order`, the layers of the saved model in the order of the other one's weights.
    """
    customs = {name: getattr(subject.module, name) for name in saved["customs"]}
    with tempfile.TemporaryDirectory() as folder:
        path = saved["path"]
        if saved["kind"] in SUFFIXES:  # Keras goes by the name of a file
            path = os.path.join(folder, f"saved{SUFFIXES[saved['kind']]}")
            os.symlink(saved["path"], path)
        with frozen_chains():
            reference = load(path, saved["kind"], customs)
        model = subject.make()
        subject.facts["parameters"] = int(reference.count_params()) if reference.built else None
        if saved["config"] not in ("", "leaves"):
            different = first_difference(canonical(reference, saved["config"]), canonical(model, saved["config"]))
            if different:
                yield different
                return
        problem = (
            match_leaves(subject, model, reference, saved["order"])
            if saved["config"] == "leaves"
            else copy_weights(model, reference, path, saved)
        )
    if problem:
        yield problem
        return
    yield from compare_outputs(subject, model, reference)


def load(path: str, kind: str, customs: dict[str, Any]) -> Any:
    """The saved model. Its classes are Keras' own or those of the user's: anything else was found before."""
    if kind == "json":
        with open(path, encoding="utf-8") as file:
            text = file.read()
        parsed = json.loads(text)
        if isinstance(parsed, dict) and "module" not in parsed:
            return load_legacy(parsed, customs)
        return keras.models.model_from_json(parsed if isinstance(parsed, str) else text, custom_objects=customs)
    return keras.saving.load_model(path, custom_objects={**operations(path), **customs}, compile=False, safe_mode=True)


@contextlib.contextmanager
def frozen_chains() -> Iterator[None]:
    """Has Keras load that a `Sequential` is frozen: it saves that, and forgets it when it loads."""
    kept = vars(keras.Sequential)["from_config"]

    def from_config(cls: Any, config: Any, custom_objects: Any = None) -> Any:
        model = kept.__get__(None, cls)(config, custom_objects=custom_objects)
        if config.get("trainable") is False:
            model.trainable = False
        return model

    keras.Sequential.from_config = classmethod(from_config)
    try:
        yield
    finally:
        keras.Sequential.from_config = kept


def operations(path: str) -> dict[str, Any]:
    """The operations of a `.h5` file by their names: Keras 3 saves them there without their modules, and finds none."""
    if not path.endswith((".h5", ".hdf5")):
        return {}
    import h5py
    from keras.src.ops import core, image, linalg, math, nn, numpy

    with h5py.File(path) as file:
        names = set(bare_operations(json.loads(file.attrs["model_config"])))
    modules = (numpy, nn, core, math, linalg, image)
    found = {name: getattr(module, name) for name in names for module in modules if hasattr(module, name)}
    return {name: either(name, operation) for name, operation in found.items()}


def either(name: str, operation: Any) -> Any:
    """What makes an operation, or the layer of the same name, which says whether it is trained."""

    def from_config(config: dict[str, Any]) -> Any:
        made = getattr(keras.layers, name) if "trainable" in config else operation
        return made.from_config(config)

    return type(name, (), {"from_config": staticmethod(from_config)})


def bare_operations(entry: Any) -> Iterator[str]:
    """The classes in a config of Keras 3 that have no module, and do not say whether they are trained."""
    if isinstance(entry, list):
        for item in entry:
            yield from bare_operations(item)
    elif isinstance(entry, dict):
        config, nodes = entry.get("config"), entry.get("inbound_nodes")
        of_keras_3 = isinstance(nodes, list) and nodes and isinstance(nodes[0], dict)
        if of_keras_3 and isinstance(config, dict) and "module" not in entry and "trainable" not in config:
            yield str(entry["class_name"])
        for part in entry.values():
            yield from bare_operations(part)


def load_legacy(config: dict[str, Any], customs: dict[str, Any]) -> Any:
    """A model of an architecture that Keras 2 saved, as Keras reads it from its HDF5 files."""
    from keras.src.legacy.saving import saving_options, saving_utils

    with saving_options.keras_option_scope(use_legacy_config=True):
        return saving_utils.model_from_config(config, custom_objects=customs)


def canonical(model: Any, mode: str) -> Any:
    """The config of a model in which names that Keras made up are replaced by where they stand.

    Args:
        model: The model.
        mode: "whole", "unnamed" without names, or "layers" for the configs of its layers alone.
    """
    if mode == "layers":
        entries = [keras.saving.serialize_keras_object(layer) for layer in keras.Sequential.layers.fget(model)]
        entries = [entry for entry in entries if entry["class_name"] != "InputLayer"]
        config: Any = [{key: entry[key] for key in ("class_name", "config")} for entry in entries]
    else:
        config = keras.saving.serialize_keras_object(model)
        config.pop("compile_config", None)
    config = json.loads(json.dumps(config))
    every = mode == "unnamed"
    return renamed(config, scope_names(config if isinstance(config, list) else [config], every), every)


def scope_names(entries: list[Any], every: bool) -> dict[str, str]:
    """New names for the layers of one model that Keras named, or for all, in the order in which they stand.

    Names in the models inside it are another matter: each model has names of its own.
    """
    names: dict[str, str] = {}
    counts: dict[str, int] = {}

    def visit(value: Any) -> None:
        if isinstance(value, dict):
            inner = value.get("config")
            name = inner.get("name") if isinstance(inner, dict) else None
            kind = str(value.get("class_name"))
            if isinstance(name, str) and (every or is_made_up(name, kind)) and name not in names:
                counts[kind] = counts.get(kind, 0) + 1
                names[name] = f"<{kind} {counts[kind]}>"
            for part in () if is_model_config(inner) else value.values():
                visit(part)
        elif isinstance(value, list):
            for part in value:
                visit(part)

    visit(entries)
    return names


def is_model_config(config: Any) -> bool:
    """Whether a config is that of a model made of layers."""
    return isinstance(config, dict) and isinstance(config.get("layers"), list)


def is_made_up(name: str, kind: str) -> bool:
    """Whether Keras gives such a name to a layer of that class; the layers of Bidirectional begin with a direction."""
    words = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))).lower()
    stem = re.sub(r"_[0-9]+$", "", re.sub("^((forward|backward)_)+", "", name))
    return stem in STEMS.get(kind, (words,))


def renamed(value: Any, names: dict[str, str], every: bool) -> Any:
    """A config with other names, without what says where it was made and not what it is."""
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, part in value.items():
            if key in ("build_config", "registered_name", "vocabulary_size"):
                continue
            if key == "name" and isinstance(part, str):
                found[key] = names.get(part, part)
            elif key == "config" and is_model_config(part):
                inner = scope_names(part["layers"], every)
                own = renamed({inside: item for inside, item in part.items() if inside != "name"}, inner, every)
                found[key] = {"name": names.get(part.get("name"), part.get("name")), **own}
            else:
                found[key] = renamed(part, names, every)
        if found.get("bin_boundaries") is not None and "num_bins" in found:
            found["num_bins"] = None  # how many adapt() was to find: no layer can be made with both
        return found
    if isinstance(value, list):
        if len(value) == 3 and isinstance(value[0], str) and all(type(part) is int for part in value[1:]):
            return [names.get(value[0], value[0]), *value[1:]]
        return [renamed(part, names, every) for part in value]
    return value


def leaf_config(layer: Any, module: ModuleType, name: str) -> Any:
    """The config of a layer under another name; models in it, which classes of the module stand for, are left out."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            is_model = is_model_config(value.get("config")) or value.get("module") == module.__name__
            return "a model" if is_model else {key: plain(part) for key, part in value.items()}
        return [plain(part) for part in value] if isinstance(value, list) else value

    config = plain(json.loads(json.dumps(keras.saving.serialize_keras_object(layer))))
    config = renamed(config, scope_names([config], True), True)
    config["config"]["name"] = name
    return config


def match_leaves(subject: Subject, model: Any, reference: Any, order: list[list[str]]) -> str | None:
    """Holds the layers in a model against those of the saved one, and gives them the saved weights.

    Returns:
        What differs, in words.
    """
    own, leaves = list(own_leaves(model, subject.module)), list(saved_leaves(reference, order))
    if len(own) != len(leaves):
        return f"it has {len(own)} layers, the saved model {len(leaves)}"

    def different() -> Iterator[str]:
        for layer, other in zip(own, leaves, strict=True):
            configs = (leaf_config(one, subject.module, other.name) for one in (other, layer))
            if found := first_difference(*configs):
                yield found

    try:
        if reference.built and not model.built:
            model.build(input_shapes(reference))
    except Exception:
        if found := next(different(), None):
            return found
        raise
    return next(different(), None) or (give_state(own, leaves) if reference.built else None)


def first_difference(saved: Any, made: Any, place: str = "") -> str | None:
    """Where two configs differ first, in words; `None` where they are equal."""
    if isinstance(saved, dict) and isinstance(made, dict):
        here = place
        config = saved.get("config")
        if isinstance(config, dict) and isinstance(config.get("name"), str):
            here = f"the {saved.get('class_name')} {config['name']!r}"
        for key in (*saved, *(key for key in made if key not in saved)):
            if key not in saved or key not in made:
                owner = "the saved model" if key in saved else "the new one"
                return f"{here or 'the config'} has {key!r} in {owner} alone"
            found = first_difference(
                saved[key], made[key], here if key in ("config", "layers") else f"{here}: {key}" if here else key
            )
            if found:
                return found
        return None
    if isinstance(saved, list) and isinstance(made, list):
        if len(saved) != len(made):
            return f"{place} has {len(saved)} entries in the saved model, {len(made)} in the new one"
        return next(
            (found for one, two in zip(saved, made, strict=True) if (found := first_difference(one, two, place))), None
        )
    if type(saved) is type(made) and (saved == made or (saved != saved and made != made)):
        return None
    return f"{place} is {shortened(saved)} in the saved model, {shortened(made)} in the new one"


def shortened(value: Any) -> str:
    """A value for a message."""
    text = json.dumps(value)
    return text if len(text) <= 120 else text[:119] + "…"


def copy_weights(model: Any, reference: Any, path: str, saved: dict[str, Any]) -> str | None:
    """Gives a model the saved weights; what is wrong if they do not fit."""
    if not reference.built:
        return None
    if not model.built:
        model.build(
            keras.tree.map_structure(
                lambda tensor: tuple(tensor.shape),
                getattr(reference, "_inputs_struct", reference.inputs[0]),
            )
        )
    if saved["kind"] in SUFFIXES and saved["config"] == "whole":
        model.load_weights(path)
        copy_assets(model, reference)
        return None
    weights = ordered_weights(reference, saved["order"]) if saved["config"] in ("", "unnamed") else reference.weights
    own, other = [weight.shape for weight in model.weights], [weight.shape for weight in weights]
    if saved["config"] == "unnamed" and own != other:
        weights = reference.weights
        other = [weight.shape for weight in weights]
    if own != other:
        return f"its weights have the shapes {shortened(own)}, those of the saved model {shortened(other)}"
    model.set_weights([keras.ops.convert_to_numpy(weight) for weight in weights])
    if saved["config"] in ("", "unnamed"):
        return None
    for one, two in zip(model.variables, reference.variables, strict=False):
        if one.shape == two.shape and one.dtype == two.dtype:
            one.assign(two)
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    return None


def ordered_weights(reference: Any, order: list[list[str]]) -> list[Any]:
    """The weights of a model, layer by layer in another order."""
    weights = []
    for path in order:
        layer = reference
        for name in path:
            layer = layer.get_layer(name)
        weights += layer.weights
    return weights


def copy_assets(model: Any, reference: Any) -> None:
    """Gives the lookup layers of a model the vocabularies that others learned; `load_weights` leaves them out."""
    for own, other in zip(model._flatten_layers(), reference._flatten_layers(), strict=True):
        if type(own) is type(other):
            give_words(own, other)


def compare_outputs(subject: Subject, model: Any, reference: Any) -> Iterator[str]:
    """Demands equal outputs on random inputs, to the last bit."""
    tensors = keras.tree.flatten(reference.inputs) if reference.built and reference.inputs else []
    if not tensors:
        return
    structure = getattr(reference, "_inputs_struct", None)
    for size in SIZES:
        arrays = [random_input(tensor, size, reference, index) for index, tensor in enumerate(tensors)]
        given = arrays[0] if structure is None else keras.tree.pack_sequence_as(structure, arrays)
        try:
            with recorded_calls(reference, BATCH) as calls:
                expected = subject.numbers(reference(given, training=False))
            break
        except Exception:
            if size == SIZES[-1] or all(None not in tensor.shape[1:] for tensor in tensors):
                raise
    subject.facts["layers"] = calls
    subject.facts["inputs"] = [list(tensor.shape) for tensor in tensors]
    subject.facts["outputs"] = [list(tensor.shape) for tensor in keras.tree.flatten(reference.outputs)]
    found = subject.numbers(model(given, training=False))
    different = outputs_differ(expected, found)
    if different and outputs_differ(expected, subject.numbers(reference(given, training=False))) is None:
        yield f"its outputs differ from those of the saved model: {different}"


def outputs_differ(expected: list[Any], found: list[Any]) -> str | None:
    """How outputs differ; `None` where they are equal to the last bit."""
    if [array.shape for array in expected] != [array.shape for array in found]:
        return f"shapes {[array.shape for array in expected]} became {[array.shape for array in found]}"
    for one, two in zip(expected, found, strict=True):
        if one.dtype != two.dtype:
            return f"{one.dtype} became {two.dtype}"
        if one.dtype.kind not in "fiub":
            if not np.array_equal(one, two):
                return "they hold other texts"
        elif not np.array_equal(one, two, equal_nan=one.dtype.kind == "f"):
            worst = float(np.nanmax(np.abs(one.astype("float64") - two.astype("float64"))))
            return f"the largest difference is {worst:.3g}"
    return None


def random_input(tensor: Any, size: int, reference: Any, seed: int) -> Any:
    """Random values that a model can take for one input: numbers that its embeddings have, words that it knows."""
    generator = np.random.default_rng(seed)
    sizes = [size if axis is None else axis for axis in tensor.shape[1:]]
    shape = (BATCH if tensor.shape[0] is None else tensor.shape[0], *sizes)
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    layers = list(reference._flatten_layers())
    if dtype == "string":
        words = ["text"]
        for layer in layers:
            if hasattr(layer, "get_vocabulary"):
                words += [str(word) for word in layer.get_vocabulary()[:50]]
        return keras.ops.convert_to_tensor(generator.choice(words, size=shape).tolist(), dtype="string")
    if dtype == "bool":
        return keras.ops.convert_to_tensor(generator.integers(0, 2, size=shape).astype(bool))
    if "int" in dtype:
        bounds = [
            getattr(layer, name) for layer in layers for name in ("input_dim", "num_tokens") if hasattr(layer, name)
        ]
        whole = [bound for bound in bounds if isinstance(bound, int) and bound > 0]
        return keras.ops.convert_to_tensor(generator.integers(0, min(whole, default=10), size=shape).astype(dtype))
    bounds = [layer.input_dim for layer in layers if isinstance(layer, keras.layers.Embedding)]
    values = generator.uniform(0, min(bounds), size=shape) if bounds else generator.normal(size=shape)
    return keras.ops.convert_to_tensor(values.astype("float32"), dtype=dtype)
