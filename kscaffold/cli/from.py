"""`kscaffold from FILE`."""

import functools
from typing import Any

import click

from kscaffold.cli._generating import DIAGRAM, Describe, generating, style_option
from kscaffold.cli._output import flag, values

EPILOG = """\b
Examples:
  kscaffold from model.keras
  kscaffold from weights_and_all.h5 classifier --style subclassed
  kscaffold from model.keras --custom my_package.layers:MyDense
  kscaffold from model.keras --to-spec
"""


@click.command("from", short_help="Source code for a saved model, and its test.", epilog=EPILOG)
@click.argument("file")
@click.argument("name", required=False)
@style_option("as it was saved")
@flag("--flat", "A statement for each call: no functions and loops for what is repeated.")
@values(
    "--custom customs",
    "PACKAGE.MODULE:CLASS",
    "A class or function of your own that the model uses: the code imports it. Repeatable.",
)
@flag("--allow-stubs", "Write stubs for what the file does not hold, to be filled in.")
@flag("--to-spec", "Write a spec for 'kscaffold pipeline' instead of Python.")
@DIAGRAM
@generating("models")
def command(**flags: Any) -> Describe:
    """Write a module with a function or a class for the model in FILE, and a test for it.

    FILE is a .keras or .h5 file of any Keras, the architecture as .json, the folder form of .keras, or a SavedModel of
    tf.keras. Nothing in it is executed. The module is named NAME; without it, as the model or the file. What is written
    is held against the saved model: the same config, the same outputs with the saved weights. What cannot be compared
    is "not verified", which is no error. Weights that load_weights cannot read are written as NAME.keras.
    """
    from kscaffold.kinds.saved import describe_saved
    from kscaffold.kinds.saved_module import SavedFlags

    return functools.partial(describe_saved, flags=SavedFlags(**flags))
