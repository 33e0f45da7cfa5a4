"""Which files a check looks at, and under which names they are imported."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kscaffold.base.errors import RequestError

# What other tools leave out of folders too.
LEFT_OUT = ".*/ __pycache__/ venv/ env/ node_modules/ site-packages/ build/ dist/ *.egg-info/".split()
GITIGNORE = ".gitignore"


def find_python_files(
    paths: tuple[Path, ...], exclude: tuple[str, ...] = (), searched: list[Path] | None = None
) -> list[Path]:
    """The files that were named, and the Python files below the folders that were, each once.

    A file that is named is taken whatever it is called. Folders are searched without virtual environments, build and
    hidden folders, what `.gitignore` files there and above (up to the root of the repository) leave out, and `exclude`.
    `searched` gets the folders that were searched.
    """
    searched = [] if searched is None else searched
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(_search(path.resolve(), exclude, searched)))
        elif path.is_file():
            found[path.resolve()] = None
        else:
            raise RequestError(f"There is no file or folder {str(path)!r}.", where="PATH")
    return list(found)


def _search(folder: Path, exclude: tuple[str, ...], searched: list[Path]) -> Iterator[Path]:
    import pathspec

    def ignore(root: Path, lines: list[str]) -> tuple[Path, pathspec.PathSpec[Any]]:
        try:
            return root, pathspec.PathSpec.from_lines("gitignore", lines)
        except ValueError as error:
            raise RequestError(f"A pattern cannot be read: {error}.", where=str(root / GITIGNORE)) from error

    rules = [ignore(folder, [*LEFT_OUT, *exclude])]
    rules += [ignore(root, _lines(root / GITIGNORE)) for root in _repository_above(folder)]
    waiting = [(folder, rules)]
    while waiting:
        current, known = waiting.pop()
        searched.append(current)
        own = _lines(current / GITIGNORE) if current != folder else []
        known = [*known, ignore(current, own)] if own else known
        folders = []
        for entry in sorted(os.scandir(current), key=lambda entry: entry.name):
            path = current / entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if any(_matches(spec, root, path, is_folder) for root, spec in known):
                continue
            if is_folder:
                folders.append((path, known))
            elif entry.name.endswith(".py") and entry.is_file():
                yield path
        waiting += reversed(folders)


def _matches(spec: object, root: Path, path: Path, is_folder: bool) -> bool:
    relative = path.relative_to(root).as_posix() + ("/" if is_folder else "")
    return bool(spec.match_file(relative))  # type: ignore[attr-defined]


def _repository_above(folder: Path) -> list[Path]:
    """The folder and those above it up to the root of its repository, of which `.gitignore` files count."""
    above = [folder, *folder.parents]
    root = next((place for place in above if (place / ".git").exists()), folder)
    return [place for place in above[: above.index(root) + 1] if (place / GITIGNORE).is_file()]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def import_place(path: Path) -> tuple[str, Path]:
    """The dotted name of a module inside its packages, and the folder that they are imported from."""
    root = path.parent
    parts = [path.stem]
    while (root / "__init__.py").is_file() and root != root.parent and root.name.isidentifier():
        parts.insert(0, root.name)
        root = root.parent
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts), root
