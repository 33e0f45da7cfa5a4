"""What is generated, compared with the text that was generated before: `tests/golden/generated/`.

A folder there is a case, with its files as they were written and `.txt` after their names, so that nothing takes them
for Python; where a request is refused, `refused.txt` says how. The cases are found by looking: each layer template with
its defaults, each model with an objective of its own, each preset and each spec of `tests/golden/specs` and
`helpers/worked_specs.py` in each style, each saved model of `tests/golden/saved` in each style and as a spec, and each
line of `tests/golden/commands.txt`.

    python tests/test_golden.py

writes all of them again, and removes what no case produces any more. Read the diff before you commit it: it shows what
your change does to the code that users get.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import black  # noqa: F401 - once, rather than in the process that each command starts to format
import pytest
from helpers.worked_specs import ALL_STYLES, WORKED

from kscaffold.base.errors import ExitCode
from kscaffold.base.kinds import find_kinds
from kscaffold.cli import run

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests/golden"
GENERATED = GOLDEN / "generated"
SUFFIX = ".txt"
REFUSED = "refused"


@dataclass(frozen=True)
class Case:
    """A command, and the folder of its golden files.

    Attributes:
        name: Its folder below `generated`.
        arguments: What `kscaffold` is given, besides `--no-check`.
        given: The files that it reads, by their names.
    """

    name: str
    arguments: tuple[str, ...]
    given: dict[str, str] = field(default_factory=dict)

    def render(self, folder: Path) -> dict[str, str]:
        """What the command writes into an empty folder, or the message that refuses it, by names of golden files."""
        for name, text in self.given.items():
            (folder / name).write_text(text, encoding="utf-8")
        printed = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            exit_code = run([*self.arguments, "--no-check", "-q"])
        assert "kscaffold itself failed" not in printed.getvalue(), f"{self.name}: {printed.getvalue()}"
        paths = (path for path in folder.rglob("*") if path.is_file())
        written = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths}
        files = {f"{name}{SUFFIX}": text for name, text in written.items() if name not in self.given}
        if exit_code == ExitCode.DONE:
            return files
        assert not files, f"{self.name}: refused, and yet {', '.join(files)} was written"
        return {f"{REFUSED}{SUFFIX}": f"exit code {exit_code}\n{printed.getvalue()}"}


def cases() -> Iterator[Case]:
    """All cases, the quick ones first."""
    for path in sorted((ROOT / "templates/layer").iterdir()):
        if path.is_dir() or path.suffix == ".yaml":
            yield Case(f"layer/{path.stem}", ("layer", f"my_{path.stem}", "-t", path.stem))
    for kind in find_kinds():
        for path in sorted((ROOT / "templates" / kind).glob("*/template.toml")):
            name = path.parent.name
            yield Case(f"{kind}/{name}", (kind, f"my_{name}", "-t", name))
    specs = {worked.name: (worked.arguments, worked.files) for worked in WORKED}
    for path in sorted((GOLDEN / "specs").iterdir()):
        specs[path.stem] = ((path.name,), {path.name: path.read_text(encoding="utf-8")})
    for path in sorted((ROOT / "templates/model").iterdir()):
        if path.is_dir():
            yield Case(f"model/{path.name}", ("model", path.name))
    for style in ALL_STYLES:
        for path in sorted((ROOT / "templates/model").glob("*.yaml")):
            yield Case(f"model/{path.stem}/{style}", ("model", path.stem, "--style", style))
        for name, (arguments, given) in specs.items():
            yield Case(f"pipeline/{name}/{style}", ("pipeline", name, *arguments, "--style", style), given)
    saved = {path.name: path.read_text(encoding="utf-8") for path in sorted((GOLDEN / "saved").iterdir())}
    for file, text in saved.items():
        for form, flags in (*((style, ("--style", style)) for style in ALL_STYLES), ("spec", ("--to-spec",))):
            yield Case(f"from/{Path(file).stem}/{form}", ("from", file, *flags), {file: text})
    for line in (GOLDEN / "commands.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, *arguments = shlex.split(line)
            given = {file: text for file, text in saved.items() if file in arguments}
            yield Case(name.removesuffix(":"), tuple(arguments), given)


CASES = {case.name: case for case in cases()}


def golden_files(folder: Path) -> dict[str, str]:
    """The golden files of a case, by their names."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("name", CASES)
def test_what_is_generated_is_as_before(name: str, tmp_path: Path) -> None:
    written, expected = CASES[name].render(tmp_path), golden_files(GENERATED / name)
    for file in sorted(written.keys() | expected.keys()):
        old, new = (files.get(file) for files in (expected, written))
        if old != new:
            lines = [(text or "").splitlines(keepends=True) for text in (old, new)]
            path = f"tests/golden/generated/{name}/{file}"
            diff = "".join(
                difflib.unified_diff(
                    *lines,
                    path if old is not None else "there is no such golden file",
                    "generated now" if new is not None else "nothing is generated now",
                )
            )
            pytest.fail(f"{path} differs; `python tests/test_golden.py` writes it again.\n{diff}", pytrace=False)


def test_every_golden_file_belongs_to_a_case() -> None:
    folders = {str(path.parent.relative_to(GENERATED)) for path in GENERATED.rglob("*") if path.is_file()}
    assert sorted(folders ^ CASES.keys()) == [], "stale, or missing; `python tests/test_golden.py` writes them again"


def test_no_golden_file_names_a_place_of_this_machine() -> None:
    for name, text in golden_files(GENERATED).items():
        assert [place for place in (ROOT, Path.home(), tempfile.gettempdir()) if f"{place}/" in text] == [], name


def write_all() -> None:
    """Writes the golden files of all cases, and removes all others; if a case fails, they stay as they are."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(XDG_STATE_HOME=f"{home}/state", XDG_CONFIG_HOME=f"{home}/config")
        rendered = {}
        for name, case in CASES.items():
            with tempfile.TemporaryDirectory() as folder:
                rendered.update({f"{name}/{file}": text for file, text in case.render(Path(folder)).items()})
    shutil.rmtree(GENERATED, ignore_errors=True)
    for file, text in rendered.items():
        (GENERATED / file).parent.mkdir(parents=True, exist_ok=True)
        (GENERATED / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_all()
