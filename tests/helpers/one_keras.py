"""One process that has imported Keras for all the checks of a test run: importing it takes longer than most checks.

Nothing is left of one check in the next one: whatever a file does, it does in a child.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from kscaffold.check.child import Child, Outcome
from kscaffold.check.server import Server
from kscaffold.probe.protocol import Limits

KEPT = 2  # processes at once
OF_EACH_TEST = ("PYTEST_CURRENT_TEST", "XDG_STATE_HOME", "XDG_CONFIG_HOME")

kept: dict[tuple[object, ...], KeptServer] = {}  # by what they are started with, the latest last


class KeptServer(Server):
    """The process of a check, for the next check as well where nothing of this one is at work any more."""

    def __init__(self, interpreter: str, backend: str) -> None:
        self._ready = False
        self._begun: list[Child] = []
        super().__init__(interpreter, backend)

    def await_keras(self) -> None:
        if not self._ready:
            super().await_keras()
            self._ready = True

    def begin(self, outcome: Outcome, limits: Limits, resources: ExitStack) -> Child:
        child = super().begin(outcome, limits, resources)
        self._begun.append(child)
        return child

    def end(self) -> None:
        is_idle = self._ready and self._process.poll() is None and all(child.is_over for child in self._begun)
        self._begun.clear()
        if not is_idle:
            self.end_for_good()

    def end_for_good(self) -> None:
        """Ends it, as a check does at its end otherwise."""
        for key in [key for key, server in kept.items() if server is self]:
            del kept[key]
        super().end()


def kept_server(interpreter: str, backend: str) -> KeptServer:
    """The process that was started with the same program, backend and environment, or a new one."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_EACH_TEST}
    key = (interpreter, backend, *sorted(environment.items()))
    server = kept.pop(key, None) or KeptServer(interpreter, backend)
    kept[key] = server
    for oldest in list(kept.values())[:-KEPT]:
        oldest.end_for_good()
    return server


def end_all_kept() -> None:
    """Ends all of them."""
    for server in list(kept.values()):
        server.end_for_good()
