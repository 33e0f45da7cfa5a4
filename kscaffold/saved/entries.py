"""The entries of a model's config: its inputs and layers, and where in a file what belongs to them is kept."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Object, Plain
from kscaffold.saved.names import Malformed, own_name, text
from kscaffold.saved.objects import Objects
from kscaffold.saved.value import Call, SavedInput, SavedLayer, embedded

Entry: TypeAlias = Mapping[str, Any]
LOOKUPS = ("StringLookup", "TextVectorization", "IntegerLookup")


def read_layer(objects: Objects, entry: Entry, path: str) -> SavedLayer:
    """A layer, read by `objects`, from its entry; `path` is where Keras keeps what belongs to it."""
    name = own_name(entry)
    before, objects.prefix = objects.prefix, f"{path}/"
    made = objects.layer(entry)
    objects.prefix = before
    generated = catalogue.is_made_up(name, str(entry["class_name"]))
    given = dict(made.keywords)
    if made.target == "model":
        return SavedLayer(name, Object("model"), generated, next(embedded(made)))
    learns = made.class_name in LOOKUPS and given.get("output_mode") != Plain("tf_idf")
    words: tuple[str | int, ...] = objects.words.get(path, ()) if learns else ()
    if made.class_name == "IntegerLookup":
        numbers = all(re.fullmatch("-?[0-9]{1,19}", str(word)) for word in words)
        words = tuple(int(word) for word in words) if numbers else ()
    if made.class_name in LOOKUPS and "vocabulary" not in given and not words:
        objects.notes.append(f"{name[:60]!r} learned words that the source does not have: adapt() it again.")
    return SavedLayer(name, made, generated, words=words)


def is_operation(entry: Entry) -> bool:
    """Whether an entry is no layer, but an operation of `keras.ops`."""
    return ".ops." in str(entry.get("module"))


def counted(layers: Sequence[SavedLayer], calls: Iterable[Call]) -> tuple[SavedLayer, ...]:
    """Layers that know how often they are called."""
    counts = Counter(call.layer for call in calls)
    return tuple(replace(layer, calls=counts[number]) for number, layer in enumerate(layers))


def read_shape(value: Any) -> tuple[int | None, ...]:
    """A shape; raises `Malformed` for anything else."""
    if not isinstance(value, (list, tuple)) or not all(size is None or type(size) is int for size in value):
        raise Malformed(f"{str(value)[:60]} is not a shape")
    return tuple(value)


def read_input(entry: Entry) -> SavedInput:
    """An input."""
    config = entry["config"]
    name = own_name(entry)
    shape = read_shape(config.get("batch_shape") or config.get("batch_input_shape"))
    dtype = config.get("dtype") or "float32"
    if isinstance(dtype, dict):
        dtype = dtype["config"]["name"]
    options = tuple(key for key in ("sparse", "ragged", "optional") if config.get(key))
    return SavedInput(name, shape, str(dtype), catalogue.is_made_up(name, "InputLayer"), options)


def asset_paths(entries: Iterable[Entry]) -> list[str]:
    """Where Keras keeps what belongs to the layers of a model, in their order: `layers/dense`, `layers/dense_1`."""
    counts: Counter[str] = Counter()
    paths = []
    for entry in entries:
        stem = catalogue.made_up_stem(text(entry["class_name"]))
        paths.append(f"layers/{stem}_{counts[stem]}" if counts[stem] else f"layers/{stem}")
        counts[stem] += not is_operation(entry)
    return paths
