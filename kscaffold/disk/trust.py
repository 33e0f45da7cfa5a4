"""The repositories whose own programs and templates the user lets run, kept in the user's folder for program states.

Who clones a repository has not read it yet. Its `pyproject.toml` may name an interpreter, and its templates become
code that a check runs: neither is used before the user has said once, for that folder, that it may be.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.disk.entry import writing

_all_trusted: ContextVar[bool] = ContextVar("whether --trust was given", default=False)


class Untrusted(RequestError):
    """A repository brings something that would be run, and nobody has said that it may be."""

    def __init__(self, root: Path, what: str, where: str) -> None:
        super().__init__(
            f"The repository {root} brings {what}, and you have not said yet that you trust it.",
            hint="Look at it. Then add --trust, or answer on a terminal, where you are asked once for each repository.",
            where=where,
            exit_code=ExitCode.REFUSED,
        )
        self.root = root


@contextlib.contextmanager
def trusting_all() -> Iterator[None]:
    """Inside, every repository is trusted: what `--trust` says."""
    token = _all_trusted.set(True)
    try:
        yield
    finally:
        _all_trusted.reset(token)


def demand_trust(root: Path, what: str, where: str) -> None:
    """Refuses, as `Untrusted`, what a repository brings in the file `where`, unless the user trusts it."""
    if not _all_trusted.get() and os.path.realpath(root) not in _trusted():
        raise Untrusted(root, what, where)


def remember(root: Path) -> None:
    """Trusts a repository from now on; a `RequestError` if that cannot be written down."""
    path = _file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with writing(path) as write:
            write(json.dumps(os.path.realpath(root)).encode() + b"\n")
    except OSError as error:
        message = f"That {root} is trusted cannot be kept: {error.strerror}."
        raise RequestError(message, hint="Give --trust instead.", where=str(path)) from error


def _trusted() -> set[str]:
    try:
        lines = _file().read_bytes().splitlines()
    except OSError:
        return set()
    found = set()
    for line in lines:
        with contextlib.suppress(ValueError):  # a line that was cut short trusts nobody
            found.add(str(json.loads(line)))
    return found


def _file() -> Path:
    from platformdirs import user_state_path

    return user_state_path("kscaffold", appauthor=False) / "trusted.jsonl"
