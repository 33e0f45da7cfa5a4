"""Templates that tests put into folders."""

from __future__ import annotations

from pathlib import Path

MANIFEST = """\
summary = "Scales each feature."
weights = ["factor: input_dim, ones"]
output = "batch_size, ..., input_dim"

[[input]]
shape = "batch_size, ..., input_dim"
example = "16"
"""

BODY = """\
{% extends "layer/base.py.jinja" %}
{% block notes %}
    From TITLE.
{% endblock %}
{% block result %}ops.multiply(inputs, self.factor){% endblock %}
{% block output_shape %}input_shape{% endblock %}
"""

PRESET = "summary: From TITLE.\ninputs: {x: 4}\noutputs: {y: x -> Dense(2)}\n"


def write_layer(root: Path, title: str, name: str = "scale") -> None:
    """A layer template in a folder with templates."""
    folder = root / "layer" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "template.toml").write_text(MANIFEST)
    (folder / "module.py.jinja").write_text(BODY.replace("TITLE", title))


def write_preset(root: Path, title: str, name: str) -> None:
    """A preset in a folder with templates."""
    (root / "model").mkdir(parents=True, exist_ok=True)
    (root / "model" / f"{name}.yaml").write_text(PRESET.replace("TITLE", title))
