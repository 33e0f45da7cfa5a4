"""SavedModel folders: the config of a Keras model is read out of them without TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Kscaffold
from helpers.properties import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kscaffold.base.errors import RequestError
from kscaffold.saved.archive import read_config
from kscaffold.saved.wire import fields

CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": "net",
        "layers": [
            {
                "class_name": "InputLayer",
                "config": {"batch_input_shape": {"class_name": "__tuple__", "items": [None, 8]}, "name": "input_1"},
            },
            {"class_name": "Dense", "config": {"name": "dense", "units": 4, "activation": "relu"}},
        ],
    },
}


def number(value: int) -> bytes:
    """A whole number of a message."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def field(place: int, content: bytes) -> bytes:
    """A field of a message that holds bytes."""
    return number(place << 3 | 2) + number(len(content)) + content


def metadata(model: Any, kind: str = "_tf_keras_sequential") -> bytes:
    """What Keras writes of a model: node 0, after a field that is a number, and before an object that is another."""
    text = json.dumps({"class_name": "Sequential", "keras_version": "2.15.0", **model}).encode()
    node = number(2 << 3) + number(300) + field(3, b"root") + field(4, kind.encode()) + field(5, text)
    return field(1, node) + field(1, field(4, b"_tf_keras_layer") + field(5, b"{}"))


def test_the_model_is_read_from_keras_metadata(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "net").mkdir()
    (folder / "net/saved_model.pb").write_bytes(b"")
    (folder / "net/keras_metadata.pb").write_bytes(metadata({"model_config": CONFIG}))
    done = kscaffold("from", "net", "--no-check", "--no-test")
    assert done.exit_code == 0, done.err
    text = (folder / "net.py").read_text()
    assert "keras.Input((8,))" in text and 'layers.Dense(4, activation="relu")' in text


def test_before_tensorflow_2_5_it_stands_in_the_graph(kscaffold: Kscaffold, folder: Path) -> None:
    text = json.dumps({"model_config": CONFIG}).encode()
    user_object = field(4, field(1, b"_tf_keras_sequential") + field(3, text))
    (folder / "net").mkdir()
    (folder / "net/saved_model.pb").write_bytes(field(2, field(7, field(1, user_object))))
    assert kscaffold("from", "net", "--no-check", "--no-test").exit_code == 0
    assert "layers.Dense(4" in (folder / "net.py").read_text()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("saved_model.pb", b"", "does not say what it is made of. It has no Keras config: model.export()"),
        ("saved_model.pb", field(2, field(7, field(1, field(5, b"")))), "does not say what it is made of"),
        ("keras_metadata.pb", metadata({"class_name": "Mine"}), "'Mine' is saved without its layers. Only models made"),
        ("keras_metadata.pb", metadata({"model_config": CONFIG})[:-60], "keras_metadata.pb is damaged"),
        ("keras_metadata.pb", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "is damaged: a number is too long"),
        ("keras_metadata.pb", field(1, field(4, b"_tf_keras_x") + field(5, b"[" * 10**5)), "nested too deep"),
        ("keras_metadata.pb", field(1, field(4, b"_tf_keras_x") + field(5, b"{")), "keras_metadata.pb is damaged"),
    ],
)
def test_what_a_folder_lacks_is_said(
    kscaffold: Kscaffold, folder: Path, file: str, content: bytes, message: str
) -> None:
    (folder / "net").mkdir()
    (folder / "net" / file).write_bytes(content)
    done = kscaffold("from", "net", "--no-check")
    assert done.exit_code == 2
    assert message in done.err


def test_a_folder_of_something_else(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "net").mkdir()
    assert "has no config.json, and no saved_model.pb." in kscaffold("from", "net", "--no-check").err


@settings(examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_is_one_message(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(metadata({"model_config": CONFIG}))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "keras_metadata.pb").write_bytes(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    try:
        kind, config = read_config(tmp_path, "net")
    except RequestError:
        return
    assert kind == "saved_model" and "config" in config


@given(st.lists(st.tuples(st.integers(1, 2**20), st.binary(max_size=200))))
def test_fields_come_as_they_were_written(items: list[tuple[int, bytes]]) -> None:
    message = b"".join(field(place, content) for place, content in items)
    assert [
        (place, bytes(value)) for place, value in fields(memoryview(message)) if not isinstance(value, int)
    ] == items
