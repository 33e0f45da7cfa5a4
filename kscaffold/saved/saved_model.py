"""The config of the model in a SavedModel folder of tf.keras, read without TensorFlow.

From TensorFlow 2.5 on the folder has `keras_metadata.pb`, a list of what Keras knows of each object; before that, the
same texts stand with the objects in `saved_model.pb`. The first object is the model.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.saved.wire import inside

GRAPH, METADATA = "saved_model.pb", "keras_metadata.pb"
LARGEST = 512 * 1024 * 1024  # bytes: a SavedModel has a graph of operations beside the config
OF_KERAS = "_tf_keras_"
# The numbers of fields: of SavedMetadata, and on the way from SavedModel to its objects.
NODES, IDENTIFIER, TEXT = 1, 4, 5
META_GRAPHS, OBJECT_GRAPH, OBJECTS, USER_OBJECT, USER_IDENTIFIER, USER_TEXT = 2, 7, 1, 4, 1, 3
LACKS = "It has no Keras config: model.export(), or a program of TensorFlow's own, has written it."
NO_GRAPH = "Only models made of layers (functional, Sequential) describe themselves."


def read_saved_model(folder: Path, shown: str) -> dict[str, Any]:
    """The config of the model in a folder.

    Raises:
        RequestError: The folder does not have it, or is damaged.
    """
    file = METADATA if (folder / METADATA).is_file() else GRAPH
    try:
        found = next(_objects(_content(folder / file, shown), file), None)
        metadata = json.loads(bytes(found[1])) if found else None
    except RecursionError as error:
        raise RequestError("The config is nested too deep.", where=shown) from error
    except ValueError as error:  # a damaged message, bad JSON and bad UTF-8 are
        raise RequestError(
            f"{file} is damaged: {str(error)[:200]}.", hint="Save the model again.", where=shown
        ) from error
    if not isinstance(metadata, Mapping):
        raise RequestError("This SavedModel does not say what it is made of.", hint=LACKS, where=shown)
    config = _plain(metadata.get("model_config"))
    if not isinstance(config, dict):
        name = str(metadata.get("class_name", "The model"))
        raise RequestError(f"{name[:80]!r} is saved without its layers.", hint=NO_GRAPH, where=shown)
    return {"keras_version": str(metadata.get("keras_version", "")), **config}


def _content(path: Path, shown: str) -> memoryview:
    try:
        if path.stat().st_size > LARGEST:
            raise RequestError(f"{path.name} is larger than {LARGEST // 1024**2} MB.", where=shown)
        return memoryview(path.read_bytes())
    except OSError as error:
        raise RequestError(f"{path.name} cannot be read: {error.strerror}.", where=shown) from error


def _objects(content: memoryview, file: str) -> Iterator[tuple[str, memoryview]]:
    """What Keras calls the kind of each of its objects, and what it says of it: the model comes first."""
    if file == METADATA:
        for node in inside(content, NODES):
            yield from _described(node, IDENTIFIER, TEXT)
        return
    for meta in inside(content, META_GRAPHS):
        for graph in inside(meta, OBJECT_GRAPH):
            for node in islice(inside(graph, OBJECTS), 1):
                for found in inside(node, USER_OBJECT):
                    yield from _described(found, USER_IDENTIFIER, USER_TEXT)


def _described(node: memoryview, identifier: int, text: int) -> Iterator[tuple[str, memoryview]]:
    kind = next((bytes(value).decode("utf-8", "replace") for value in inside(node, identifier)), "")
    metadata = next(inside(node, text), None)
    if kind.startswith(OF_KERAS) and metadata:
        yield kind, metadata


def _plain(value: Any) -> Any:
    """A value with lists where TensorFlow has written tuples and shapes."""
    if isinstance(value, dict):
        if value.get("class_name") in ("__tuple__", "TensorShape") and isinstance(value.get("items"), list):
            return [_plain(item) for item in value["items"]]
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
