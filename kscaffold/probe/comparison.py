"""A model built from source against the saved model that the source was made from."""

import itertools
import os
import re
import tempfile
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from .arrays import difference, numbers, random_array
from .compiled import compare_compiled
from .configs import canonical, first_difference, shortened
from .exceptions import explain
from .kept_weights import keep_weights
from .leaves import give_words, input_shapes, match_leaves, saved_leaves
from .protocol import Compared, Feed, Saved, SavedKind
from .recording import recorded_calls
from .reference import frozen_chains, load, load_modern
from .rule import CannotBeTried
from .subject import Subject
from .tensorflow_graph import has_graph, tensorflow
from .weights.reading import give_saved_weights
from .weights.stored import Misfit

BATCH = 2
SIZES = (7, 32, 96, 224)  # tried in turn for sizes that are not fixed
SUFFIXES = {SavedKind.KERAS: ".keras", SavedKind.H5: ".h5"}
# Before it, safe mode let through what runs code or fills the memory: CVE-2025-1550, -8747, -9905, -49655, 2026-0897.
SAFE_SINCE = (3, 12, 1)


def compare(subject: Subject, saved: Saved) -> str | None:
    """The first thing in which a model made from source differs from the saved one; or why they are not compared.

    Raises:
        CannotBeTried: No difference was found, but not all could be compared.
    """
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
        keras.utils.set_random_seed(0)  # what is random in the files that are written is always the same
        with frozen_chains(), keras.src.saving.serialization_lib.SafeModeScope(True):
            reference = load_modern(saved.config, customs) if saved.config else load(path, saved.kind, customs)
        doubt = give_weights(reference, path, saved) if saved.config else ""
        model = subject.make()
        subject.facts.parameters = int(reference.count_params()) if reference.built else None
        different = None
        if saved.compared not in (Compared.OUTPUTS, Compared.LEAVES):
            different = first_difference(canonical(reference, saved.compared), canonical(model, saved.compared))
        if not different and saved.compared is Compared.LEAVES:
            different = match_leaves(subject, model, reference, saved.order)
        elif not different:
            different = copy_weights(model, reference, path, saved)
        if different:
            return different
        unable = None
        try:
            different = compare_outputs(subject, model, reference)
        except CannotBeTried as reason:
            unable = reason
        different = different or compare_compiled(subject, model, saved, customs)
        if not different and saved.keep is not None and not doubt:
            keep_weights(subject, model, saved)
    if different:
        return different
    if doubt or unable:
        raise CannotBeTried(doubt or str(unable))
    return None


def give_weights(reference: Any, path: str, saved: Saved) -> str:
    """Gives a model that was made from the config of an old file the weights in it; else says why it has others."""
    if saved.kind is SavedKind.JSON:
        return ""
    if not reference.built:
        return "the file does not say the shape of its inputs, without which a model has no weights"
    try:
        give_saved_weights(reference, path, saved)
    except Misfit as reason:
        return f"{reason}; only the config was compared, and outputs with other weights"
    return ""


def copy_weights(model: Any, reference: Any, path: str, saved: Saved) -> str | None:
    """Gives a model the saved weights; what is wrong if they do not fit."""
    if not reference.built:
        return None
    if not model.built:
        model.build(input_shapes(reference))
    if saved.kind in SUFFIXES and saved.compared is Compared.WHOLE and not saved.config:
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
    run: Callable[..., Any] = run_eagerly
    sizes = SIZES if any(None in tensor.shape[1:] for tensor in tensors) else SIZES[:1]
    for size in sizes:
        arrays = [random_input(tensor, size, layers, index) for index, tensor in enumerate(tensors)]
        given = arrays[0] if structure is None else keras.tree.pack_sequence_as(structure, arrays)
        try:
            with recorded_calls(reference, BATCH) as calls:
                expected = run(reference, given)
            break
        except Exception as error:
            if size != sizes[-1]:
                continue
            run = run_compiled
            try:
                with recorded_calls(reference, BATCH) as calls:
                    expected = run(reference, given)
            except Exception:
                raise CannotBeTried(f"Keras cannot run the saved model here: {explain(error)}") from error
    subject.facts.layers = tuple(calls)
    subject.facts.input_shapes = tuple(tuple(tensor.shape) for tensor in tensors)
    subject.facts.output_shapes = tuple(tuple(tensor.shape) for tensor in keras.tree.flatten(reference.outputs))
    different = difference(expected, run(model, given), relative=0.0)
    if different and difference(expected, run(reference, given), relative=0.0) is None:
        return f"its outputs differ from those of the saved model: {different}"
    return None


def run_eagerly(model: Any, given: Any) -> list[Any]:
    """The outputs of a model, as arrays."""
    return numbers(model(given, training=False))


def run_compiled(model: Any, given: Any) -> list[Any]:
    """The same by XLA, which can do more than TensorFlow on a CPU: convolutions of channels that come first."""
    if not has_graph():
        return run_eagerly(model, given)
    return numbers(tensorflow().function(lambda values: model(values, training=False), jit_compile=True)(given))


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
