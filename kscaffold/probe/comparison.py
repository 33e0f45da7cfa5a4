"""A model built from source against the saved model that the source was made from."""

import contextlib
import itertools
import json
import os
import re
import tempfile
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import keras
import numpy as np

from .arrays import difference, numbers, random_array
from .compiled import compare_compiled
from .configs import canonical, first_difference, shortened
from .leaves import give_words, input_shapes, match_leaves, saved_leaves
from .protocol import Compared, Feed, Saved, SavedKind
from .recording import recorded_calls
from .subject import Subject

BATCH = 2
SIZES = (7, 32, 96, 224)  # tried in turn for sizes that are not fixed
SUFFIXES = {SavedKind.KERAS: ".keras", SavedKind.H5: ".h5"}
# Before it, safe mode let through what runs code or fills the memory: CVE-2025-1550, -8747, -9905, -49655, 2026-0897.
SAFE_SINCE = (3, 12, 1)


def compare(subject: Subject, saved: Saved) -> str | None:
    """The first thing in which a model made from source differs from the saved one; or why they are not compared."""
    version = tuple(map(int, re.findall("[0-9]+", keras.__version__)[:3]))
    if version < SAFE_SINCE or version == (3, 13, 0):
        since = ".".join(map(str, SAFE_SINCE))
        return f"Keras {keras.__version__} is not given the file, which could make it run code: it takes Keras {since}"
    customs = {name: getattr(subject.module, name) for name in saved.customs}
    with tempfile.TemporaryDirectory() as folder:
        path = str(saved.path)
        if saved.kind in SUFFIXES:  # Keras goes by the name of a file
            path = os.path.join(folder, f"saved{SUFFIXES[saved.kind]}")
            os.symlink(saved.path, path)
        with frozen_chains(), keras.src.saving.serialization_lib.SafeModeScope(True):
            reference = load(path, saved.kind, customs)
        model = subject.make()
        subject.facts.parameters = int(reference.count_params()) if reference.built else None
        different = None
        if saved.compared not in (Compared.OUTPUTS, Compared.LEAVES):
            different = first_difference(canonical(reference, saved.compared), canonical(model, saved.compared))
        if not different and saved.compared is Compared.LEAVES:
            different = match_leaves(subject, model, reference, saved.order)
        elif not different:
            different = copy_weights(model, reference, path, saved)
    different = different or compare_outputs(subject, model, reference)
    return different or compare_compiled(subject, model, saved, customs)


def load(path: str, kind: SavedKind, customs: dict[str, Any]) -> Any:
    """The saved model. Its classes are Keras' own or those of the user's: anything else was found before."""
    if kind is SavedKind.JSON:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        parsed = json.loads(text)
        if isinstance(parsed, dict) and "module" not in parsed:
            from keras.src.legacy.saving import saving_options, saving_utils

            with saving_options.keras_option_scope(use_legacy_config=True):  # as Keras reads HDF5 files of Keras 2
                return saving_utils.model_from_config(parsed, custom_objects=customs)
        return keras.models.model_from_json(parsed if isinstance(parsed, str) else text, custom_objects=customs)
    return keras.saving.load_model(path, custom_objects={**operations(path), **customs}, compile=False, safe_mode=True)


def frozen_chains() -> contextlib.AbstractContextManager[Any]:
    """Has Keras load that a `Sequential` is frozen: it saves that, and forgets it when it loads."""
    kept = vars(keras.Sequential)["from_config"]

    def from_config(cls: Any, config: Any, custom_objects: Any = None) -> Any:
        model = kept.__get__(None, cls)(config, custom_objects=custom_objects)
        if config.get("trainable") is False:
            model.trainable = False
        return model

    return patch.object(keras.Sequential, "from_config", classmethod(from_config))


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


def copy_weights(model: Any, reference: Any, path: str, saved: Saved) -> str | None:
    """Gives a model the saved weights; what is wrong if they do not fit."""
    if not reference.built:
        return None
    if not model.built:
        model.build(input_shapes(reference))
    if saved.kind in SUFFIXES and saved.compared is Compared.WHOLE:
        model.load_weights(path)
        for own, other in zip(model._flatten_layers(), reference._flatten_layers(), strict=True):
            if type(own) is type(other):
                give_words(own, other)  # `load_weights` leaves them out
        return None
    weights = reference.weights
    in_order = saved.compared in (Compared.OUTPUTS, Compared.UNNAMED)
    if in_order:
        weights = [weight for layer in saved_leaves(reference, saved.order) for weight in layer.weights]
    shapes = [weight.shape for weight in model.weights]
    if saved.compared is Compared.UNNAMED and shapes != [weight.shape for weight in weights]:
        weights = reference.weights
    other = [weight.shape for weight in weights]
    if shapes != other:
        return f"its weights have the shapes {shortened(shapes)}, those of the saved model {shortened(other)}"
    model.set_weights([keras.ops.convert_to_numpy(weight) for weight in weights])
    if in_order:
        return None
    for one, two in zip(model.variables, reference.variables, strict=False):
        if one.shape == two.shape and one.dtype == two.dtype:
            one.assign(two)
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    return None


def compare_outputs(subject: Subject, model: Any, reference: Any) -> str | None:
    """How the outputs on random inputs differ, by a bit or more."""
    tensors = keras.tree.flatten(reference.inputs) if reference.built and reference.inputs else []
    if not tensors:
        return None
    structure = getattr(reference, "_inputs_struct", None)
    layers = list(reference._flatten_layers())
    for size in SIZES:
        arrays = [random_input(tensor, size, layers, index) for index, tensor in enumerate(tensors)]
        given = arrays[0] if structure is None else keras.tree.pack_sequence_as(structure, arrays)
        try:
            with recorded_calls(reference, BATCH) as calls:
                expected = numbers(reference(given, training=False))
            break
        except Exception:
            if size == SIZES[-1] or all(None not in tensor.shape[1:] for tensor in tensors):
                raise
    subject.facts.layers = tuple(calls)
    subject.facts.input_shapes = tuple(tuple(tensor.shape) for tensor in tensors)
    subject.facts.output_shapes = tuple(tuple(tensor.shape) for tensor in keras.tree.flatten(reference.outputs))
    different = difference(expected, numbers(model(given, training=False)), relative=0.0)
    if different and difference(expected, numbers(reference(given, training=False)), relative=0.0) is None:
        return f"its outputs differ from those of the saved model: {different}"
    return None


def random_input(tensor: Any, size: int, layers: list[Any], seed: int) -> Any:
    """Random values that a model can take for one input: numbers that its embeddings have, words that it knows."""
    generator = np.random.default_rng(seed)
    batch, *sizes = tensor.shape
    batch = BATCH if batch is None else batch
    shape = tuple(size if axis is None else axis for axis in sizes)
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    if dtype == "string":
        known = [layer.get_vocabulary()[:50] for layer in layers if hasattr(layer, "get_vocabulary")]
        words = ["text", *map(str, itertools.chain(*known))]
        return keras.ops.convert_to_tensor(generator.choice(words, size=(batch, *shape)).tolist(), dtype="string")
    embeds = any(isinstance(layer, keras.layers.Embedding) for layer in layers)
    bounds = [getattr(layer, name, None) for layer in layers for name in ("input_dim", "num_tokens")]
    below = min((bound for bound in bounds if isinstance(bound, int) and bound > 0), default=None)
    feed = Feed(shape, "int32" if embeds and dtype != "bool" else dtype, below)
    return keras.ops.convert_to_tensor(random_array(generator, batch, feed), dtype=dtype)
