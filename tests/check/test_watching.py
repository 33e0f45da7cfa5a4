"""Which watched files are told to have changed, as editors save them, and which import those."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kscaffold.check.watching import Imports, Watched


class Heard:
    """What is told of a folder, in a thread of its own."""

    def __init__(self, folder: Path, *paths: Path) -> None:
        self.folder, self.told = folder, [frozenset[Path]()][:0]
        self.watched = Watched(paths or (folder,), ("left_out/",), (folder / "pyproject.toml",))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for changed in self.watched.changes():
            self.told.append(changed)

    def after(self, *actions: Callable[[], object], wait: float = 1.0) -> list[set[str]]:
        """What is told after some things have been done, at once but for pauses among them."""
        self.told.clear()
        for action in actions:
            action()
        time.sleep(wait)
        return [{path.relative_to(self.folder).as_posix() for path in changed} for changed in self.told]


@pytest.fixture
def heard(folder: Path) -> Heard:
    (folder / "sub").mkdir()
    (folder / "a.py").write_text("A = 1\n")
    (folder / "sub/b.py").write_text("B = 1\n")
    (folder / "notes.txt").write_text("")
    time.sleep(0.1)
    return Heard(folder)


def pause(seconds: float) -> Callable[[], None]:
    return lambda: time.sleep(seconds)


def test_each_way_to_save_is_one_change(heard: Heard) -> None:
    path, other, backup = (heard.folder / name for name in ("a.py", "4913", "a.py~"))
    assert heard.after(lambda: path.write_text("A = 2\n")) == [{"a.py"}]
    vim = (
        lambda: other.write_text(""),
        other.unlink,
        lambda: path.rename(backup),
        pause(0.15),
        lambda: path.write_text("A = 3\n"),
        backup.unlink,
    )
    assert heard.after(*vim) == [{"a.py"}]
    over = (lambda: other.write_text("A = 4\n"), lambda: other.replace(path))
    assert heard.after(*over) == [{"a.py"}]
    truncated = (lambda: path.write_text(""), pause(0.2), lambda: path.write_text("A = 5\n"))
    assert heard.after(*truncated) == [{"a.py"}]
    assert heard.after(lambda: os.utime(path)) == [{"a.py"}]


def test_files_come_and_go_and_what_is_no_source_does_not_count(heard: Heard) -> None:
    folder = heard.folder
    assert heard.after(lambda: (folder / "notes.txt").write_text("x"), lambda: (folder / ".c.py.swp").touch()) == []
    assert heard.after(lambda: (folder / "sub/new").mkdir(), lambda: (folder / "sub/new/d.py").touch()) == [
        {"sub/new/d.py"}
    ]
    assert heard.after((folder / "sub/b.py").unlink) == [{"sub/b.py"}]
    assert folder / "sub/b.py" not in heard.watched.files
    assert heard.after(lambda: (folder / "left_out").mkdir(), lambda: (folder / "left_out/e.py").touch()) == []
    assert heard.after(lambda: (folder / "pyproject.toml").write_text("")) == [{"pyproject.toml"}]
    assert heard.after(lambda: (folder / ".gitignore").write_text("a.py\n")) == [{"a.py"}]


def test_a_file_that_was_named_is_watched_alone_and_may_be_gone_for_a_while(folder: Path) -> None:
    path = folder / "a.py"
    path.write_text("A = 1\n")
    (folder / "b.py").touch()
    heard = Heard(folder, path)
    assert heard.after(lambda: (folder / "b.py").write_text("B = 1\n")) == []
    assert heard.after(path.unlink) == [{"a.py"}]
    assert heard.after(lambda: path.write_text("A = 2\n")) == [{"a.py"}]


TREE = {
    "pkg/__init__.py": "from .gate import Gate\n",
    "pkg/gate.py": "import keras\n",
    "pkg/outer.py": "from pkg.gate import Gate\n",
    "pkg/deep/__init__.py": "",
    "pkg/deep/far.py": "from ..outer import Outer\nfrom ... import nothing\n",
    "pkg/deep/own.py": "from . import far\n",
    "script.py": "def run():\n    import pkg.deep.far as far\n",
    "alone.py": "import os, json\n",
    "gated.py": "import gate\n",
    "circle.py": "import script, circle\n",
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("alone.py", ""),
        ("script.py", "circle.py"),
        ("pkg/deep/far.py", "pkg/deep/own.py script.py circle.py"),
        ("pkg/outer.py", "pkg/deep/far.py pkg/deep/own.py script.py circle.py"),
        # A package is imported with whatever is in it, and it imports this one.
        (
            "pkg/gate.py",
            "pkg/__init__.py pkg/outer.py pkg/deep/far.py pkg/deep/own.py script.py circle.py gated.py",
        ),
    ],
)
def test_what_imports_a_file_is_found_by_way_of_others(folder: Path, changed: str, expected: str) -> None:
    imports = Imports()
    for name, text in TREE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    imports.read([folder / name for name in TREE])
    found = imports.importing([folder / changed])
    assert {path.relative_to(folder).as_posix() for path in found} == set(expected.split())
    (folder / changed).write_text("def broken(:")
    imports.read([folder / changed])
    assert imports.importing([folder / changed]) == found
    imports.forget(found)
    assert imports.importing([folder / changed]) == frozenset()
