"""The commands of the kinds that are folders of templates: `kscaffold loss NAME` and the like."""

import functools
from typing import Any

import click

from kscaffold.base.kinds import Kind
from kscaffold.cli._generating import Describe, generating
from kscaffold.cli._output import offers, values


def make_command(kind: Kind) -> click.Command:
    """The command that writes a module of a kind."""

    @values(
        "--arg arguments",
        "NAME[:TYPE][=DEFAULT]",
        "Constructor argument, or another default of one that the template has. Types: int float bool str tuple list"
        " activation initializer regularizer constraint layer any. Repeatable.",
    )
    @values("--doc docs", '"NAME: TEXT"', "What an argument is, for the docstring. Repeatable.")
    @generating(kind.folder)
    def command(**flags: Any) -> Describe:
        from kscaffold.kinds.extension import scaffold_extension
        from kscaffold.spec.layer.describe import LayerFlags

        return functools.partial(scaffold_extension, kind=kind, flags=LayerFlags(**flags))

    command.__doc__ = kind.description
    epilog = "\b\nExamples:\n" + "".join(f"  {example}\n" for example in kind.examples)
    argument = click.argument("name", shell_complete=offers("templates"))
    return click.command(kind.name, short_help=kind.summary, help=kind.description, epilog=epilog)(argument(command))
