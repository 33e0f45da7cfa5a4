"""Graphs of every shape that users may describe: arguments of `kscaffold pipeline`, with the specs that they name."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

TWO_TOWER = """\
inputs:
  category: {shape: [16], dtype: int32}
  numeric: 32
shared:
  embedding: Embedding(100, 64)
nodes:
  category_features: category -> embedding -> Flatten
  numeric_features: numeric -> Dense(64, relu)
  merged: (category_features, numeric_features) -> Concatenate -> Dense(128, relu)
outputs:
  binary: merged -> Dense(1, sigmoid)
  label: merged -> Dense(3, softmax)
"""
CUT = """\
models:
  tower:
    inputs: [category]
    outputs: [category_features]
"""
AUTOENCODER = """\
models:
  encoder:
    inputs: {x: 16}
    outputs:
      code: x -> Dense(32, relu) -> Dense(64, relu) -> Dense(128, relu)
  decoder:
    inputs: {code: 128}
    outputs:
      y: code -> Dense(64, relu) -> Dense(32, relu) -> Dense(16, relu)
inputs: {x: 16}
outputs:
  y: x -> encoder -> decoder
"""
TICKETS = """\
inputs:
  title: {shape: [10], dtype: int32}
  numbers: 6
structure: {inputs: dict, outputs: dict}
models:
  core:
    inputs: {a: 6}
    outputs:
      code: a -> Dense(6, relu) -> Dropout(0.5)
    trainable: false
nodes:
  lstm: title -> Embedding(50, 8) -> LSTM(8, return_state=True)
  first: numbers[:, :3]
  rest: numbers[:, 3:] -> ops.square -> ops.multiply(2.0)
  decoded: title -> Embedding(40, 6) -> LSTM(8)(initial_state=[lstm.1, lstm.2])
  kept: ops.stack([numbers, numbers], axis=1) -> TimeDistributed(core) -> ops.mean(axis=1)
outputs:
  score: ops.concatenate([first, rest, decoded, kept], axis=-1) -> Dropout(0.5)(training=False) -> Dense(1)
  label: ops.subtract(1, lstm.0) -> Dense(3) -> ops.softmax
"""
ALL_STYLES = ("subclassed", "functional", "sequential")


@dataclass(frozen=True)
class Worked:
    """A graph, the command that asks for it, and what it must produce.

    Attributes:
        name: Its name.
        arguments: What `kscaffold pipeline NAME` is given.
        parameters: The number of its parameters.
        outputs: The shapes of its outputs for two examples.
        styles: The styles that can hold it.
        files: The specs that it names.
    """

    name: str
    arguments: tuple[str, ...]
    parameters: int
    outputs: tuple[tuple[int, ...], ...]
    styles: tuple[str, ...] = ALL_STYLES
    files: dict[str, str] = field(default_factory=dict)

    def write_files(self, folder: Path) -> None:
        """Writes its specs to a folder."""
        for name, text in self.files.items():
            (folder / name).write_text(text)


WORKED = (
    Worked("chain", ("16 -> Dense(64, relu) -> Dense(64, relu) -> Dense(10)",), 5_898, ((2, 10),)),
    Worked(
        "images",
        ("(28, 28, 1) -> Conv2D(8, 3, activation=relu) -> MaxPooling2D -> Flatten -> Dense(10)",),
        80 + (13 * 13 * 8 + 1) * 10,
        ((2, 10),),
    ),
    Worked(
        "flags",
        (
            *("--input", "category=16:int32", "--input", "numeric=32"),
            *(
                "--node",
                "ids: category -> Embedding(100, 64) -> Flatten",
                "--node",
                "numbers: numeric -> Dense(64, relu)",
            ),
            *("--node", "merged: (ids, numbers) -> Concatenate -> Dense(128, relu)"),
            *("--output", "binary: merged -> Dense(1, sigmoid)", "--output", "label: merged -> Dense(3, softmax)"),
        ),
        148_420,
        ((2, 1), (2, 3)),
        ALL_STYLES[:2],
    ),
    Worked("two_tower", ("two_tower.yaml",), 148_420, ((2, 1), (2, 3)), ALL_STYLES[:2], {"two_tower.yaml": TWO_TOWER}),
    Worked("cut", ("cut.yaml",), 148_420, ((2, 1), (2, 3)), ALL_STYLES[:2], {"cut.yaml": TWO_TOWER + CUT}),
    Worked("tickets", ("tickets.yaml",), 1_754, ((2, 3), (2, 1)), ALL_STYLES[:2], {"tickets.yaml": TICKETS}),
    Worked("parts", ("parts.yaml",), 21_840, ((2, 16),), ALL_STYLES, {"parts.yaml": AUTOENCODER}),
)
