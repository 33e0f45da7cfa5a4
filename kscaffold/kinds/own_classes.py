"""Classes of the user's own that a spec names as if they were Keras': where they are, and how they are written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from kscaffold.base.errors import RequestError
from kscaffold.kinds.destination import Request, find_destination, package_root

LONGEST_FILE = 1_000_000  # bytes
MOST_FILES = 500  # of a folder


def explained(error: RequestError, request: Request) -> RequestError:
    """An error of a class that Keras does not have, with how it is written if a module of the user's defines it."""
    if error.missing is None or not error.missing.isidentifier():
        return error
    found = sorted({f"{module}:{error.missing}" for module in _modules_with(error.missing, request)})
    if not found:
        return error
    return error.changed(hint=f"It is your own: write {' or '.join(f'{name}(…)' for name in found)}.")


def _modules_with(name: str, request: Request) -> Iterator[str]:
    """The modules that define a class, as they are imported: in the folders of the settings, and where files go."""
    destination = find_destination(request)
    settings, root = destination.settings, destination.project.root
    folders = [root / folder for folder in (settings.layers, settings.models, settings.pipelines) if folder]
    for folder in dict.fromkeys(map(os.path.realpath, (*folders, destination.output_dir, Path.cwd()))):
        files = sorted(Path(folder).glob("*.py"))[:MOST_FILES]
        for path in files:
            if _defines(path, name):
                top = package_root(path.parent)
                yield ".".join(path.relative_to(top).with_suffix("").parts)


def _defines(path: Path, name: str) -> bool:
    try:
        if path.stat().st_size > LONGEST_FILE:
            return False
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return re.search(rf"^class {name}\b", text, re.MULTILINE) is not None
