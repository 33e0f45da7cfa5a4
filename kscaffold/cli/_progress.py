"""What a terminal shows while Keras is imported."""

from __future__ import annotations

import click


class Progress:
    """A line on the terminal while Keras is imported, gone when the results come."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self.shown = False

    def begin(self) -> None:
        """Shows it."""
        if self.enabled:
            click.echo("check   waiting for Keras …", nl=False, err=True)
            self.shown = True

    def end(self) -> None:
        """Takes it away."""
        if self.shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self.shown = False
