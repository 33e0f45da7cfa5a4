"""Which files change while somebody works on them, and which others import those.

Files are looked at, again and again: that takes less than a millisecond for a hundred, works on every file system, and
needs no library. An editor may write a file in steps, or put another one in its place; so what changes is waited for
until it stays as it is, and a file that is gone, or empty, until it is likely to be meant.
"""

from __future__ import annotations

import ast
import contextlib
import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from kscaffold.base.errors import RequestError
from kscaffold.check.files import GITIGNORE, find_python_files
from kscaffold.probe.warm import Stamp, stamp

LOOK = 0.05  # seconds between looks, unless a look takes long
SHARE = 0.1  # of a processor, at the most, that looking takes
SETTLED = 0.03  # seconds for which a file has to stay as it is
COARSE = 50_000_000  # nanoseconds in which what is changed twice may show one time
GRACE = 0.4  # seconds for a file that is gone or empty to come back


class Watched:
    """The Python files of some paths, as they were last seen.

    Args:
        paths: Files and folders.
        exclude: Patterns of files that are left out.
        others: Further files, which decide how those are checked.
    """

    def __init__(self, paths: tuple[Path, ...], exclude: tuple[str, ...], others: tuple[Path, ...]) -> None:
        self._paths, self._exclude, self._others = paths, exclude, others
        self._folders: dict[Path, int] = {}
        self._found: list[Path] = []
        self.files = self._look()

    def changes(self) -> Iterator[frozenset[Path]]:
        """The files that were changed, made or removed, as soon as they stay as they are; again and again."""
        pause = LOOK
        while True:
            time.sleep(pause)
            started = time.monotonic()
            seen = self._look()
            pause = max(LOOK, (time.monotonic() - started) / SHARE)
            if seen != self.files:
                seen = self._settle(seen)
                changed = {path for path, _ in seen.items() ^ self.files.items()}
                self.files = seen
                if changed:
                    yield frozenset(changed)

    def _settle(self, seen: dict[Path, Stamp]) -> dict[Path, Stamp]:
        ends_at = time.monotonic() + GRACE
        while True:
            time.sleep(SETTLED)
            again = self._look()
            is_whole = all(path in again and (again[path][1] or not old[1]) for path, old in self.files.items())
            if again == seen and (is_whole or time.monotonic() > ends_at):
                return again
            seen = again

    def _look(self) -> dict[Path, Stamp]:
        if not self._folders or any(_time_of(folder) != seen for folder, seen in self._folders.items()):
            self._search()
        stamps = ((path, stamp(path)) for path in (*self._found, *self._others))
        return {path: stamp for path, stamp in stamps if stamp is not None}

    def _search(self) -> None:
        """Looks which files there are; done again when something in a folder has been made or removed."""
        searched: list[Path] = []
        started = time.time_ns()
        with contextlib.suppress(OSError, RequestError):  # a folder that is just being removed, a pattern half written
            self._found = find_python_files(
                tuple(path for path in self._paths if path.exists()), self._exclude, searched
            )
        named = [path.resolve() for path in self._paths if not path.is_dir()]
        self._found = list(dict.fromkeys((*self._found, *named)))  # one that is gone for a moment may come back
        self._folders = {}
        for folder in (*searched, *(path.parent for path in named)):
            for place in (folder, folder / GITIGNORE):
                changed = _time_of(place)
                self._folders[place] = changed if changed < started - COARSE else -1


def _time_of(place: Path) -> int:
    try:
        return os.stat(place).st_mtime_ns
    except OSError:
        return 0


class Imports:
    """Which files import which, as their sources say; what cannot be read has the imports that it had before."""

    def __init__(self) -> None:
        self._of: dict[Path, frozenset[tuple[str, ...]]] = {}

    def read(self, paths: Collection[Path]) -> None:
        """Takes note of what files import."""
        for path in paths:
            with contextlib.suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                tree = ast.parse(path.read_bytes())
                self._of[path] = frozenset(_imported(tree, path.parent))

    def forget(self, paths: Collection[Path]) -> None:
        """Takes note that files are gone."""
        for path in paths:
            self._of.pop(path, None)

    def importing(self, changed: Collection[Path]) -> frozenset[Path]:
        """The files that import one of those, themselves or by way of others."""
        found: set[Path] = set()
        waiting = list(changed)
        while waiting:
            path = waiting.pop()
            parts = path.parent.parts if path.name == "__init__.py" else (*path.parent.parts, path.stem)
            ends = {parts[start:] for start in range(len(parts))}
            for other, imported in self._of.items():
                if other not in found and not ends.isdisjoint(imported):
                    found.add(other)
                    waiting.append(other)
        return frozenset(found.difference(changed))


def _imported(tree: ast.AST, folder: Path) -> Iterator[tuple[str, ...]]:
    """What a source imports: ends of paths, where any folder may have it, and whole paths for what is relative."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_packages((), alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = (folder, *folder.parents)[node.level - 1].parts if 0 < node.level <= len(folder.parts) else ()
            if above:
                yield above
            for alias in node.names:
                yield from _with_packages(above, ".".join(filter(None, (node.module, alias.name))))


def _with_packages(above: tuple[str, ...], name: str) -> Iterator[tuple[str, ...]]:
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        yield (*above, *parts[:end])
