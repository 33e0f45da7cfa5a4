"""`kscaffold model NAME`."""

import functools
from typing import Any

import click

from kscaffold.base.choices import Style
from kscaffold.cli._generating import Describe, generating, model_options
from kscaffold.cli._output import offers

EPILOG = """\b
Examples:
  kscaffold model autoencoder
  kscaffold model Classifier -t cnn --set classes=100 --style functional
  kscaffold model translator -t transformer --diagram translator.svg
"""


@click.command("model", short_help="A model from a preset, and its test.", epilog=EPILOG)
@click.argument("name", shell_complete=offers("templates"))
@model_options(Style.SUBCLASSED)
@generating("models")
def command(**flags: Any) -> Describe:
    """Write a module with a model NAME, and a test for it.

    The model comes from a preset: the one named with -t, else the one that has its name, else mlp. 'kscaffold list'
    names the presets, 'kscaffold show' says what --set can set.
    """
    from kscaffold.kinds.model import scaffold_model
    from kscaffold.kinds.model_spec import ModelFlags

    return functools.partial(scaffold_model, flags=ModelFlags(**flags))
