"""Configs of random networks, and the programs that they become."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from helpers.properties import examples
from helpers.saved_configs import Entry, entry, functional, layer, write_json
from kscaffold.program.passes import rewrite
from kscaffold.saved import read_model
from kscaffold.saved.flat import flat_program

PROPERTY = examples(40)


def programs(config: Entry, folder: Path) -> tuple[Any, Any]:
    """The flat and the factored program of a config."""
    file = read_model(write_json(folder / "model.json", config), "model.json")
    flat = flat_program(file, "model")
    return flat, rewrite(flat)


@st.composite
def networks(draw: st.DrawFn) -> Entry:
    """Networks with repeated parts, each time with other values, and sometimes with other layers."""
    chooser = random.Random(draw(st.integers(0, 10**6)))
    layers = [entry("input_layer", [8])]
    named = chooser.random() < 0.5
    counts: dict[str, int] = {}

    def add(kind: str, name: str, *takes: str, **config: Any) -> str:
        if not named:
            stem = {"LayerNormalization": "layer_normalization"}.get(kind, kind.lower())
            counts[stem] = counts.get(stem, -1) + 1
            name = f"{stem}_{counts[stem]}" if counts[stem] else stem
        layers.append(layer(kind, name, *takes, **config))
        return name

    x = add("Dense", "stem", "input_layer", units=16)
    for stage in range(draw(st.integers(1, 4))):
        recipe = [
            chooser.choice(("Dense", "Dropout", "LayerNormalization", "Activation"))
            for _ in range(chooser.randint(1, 5))
        ]
        wide = chooser.choice((1, 2, 4))
        for block in range(chooser.randint(1, 5)):
            before, units = x, 8 * (stage + 1)
            for place, kind in enumerate(recipe):
                config: dict[str, Any] = {}
                if kind == "Dense":
                    config = {"units": units * wide, "activation": chooser.choice(("relu", "linear"))}
                elif kind == "Dropout":
                    config = {"rate": chooser.choice((0.1, 0.2))}
                elif kind == "Activation":
                    config = {"activation": "relu"}
                x = add(kind, f"stage{stage}_block{block}_{place}", x, **config)
            if chooser.random() < 0.3:
                x = add("Dropout", f"stage{stage}_block{block}_extra", x, rate=0.5)
            if chooser.random() < 0.7:
                merge = chooser.choice(("Add", "Concatenate"))
                takes = (before, x) if chooser.random() < 0.5 else (x, before)
                x = add(merge, f"stage{stage}_block{block}_merge", *takes)
    return functional(layers, add("Dense", "head", x, units=3))
