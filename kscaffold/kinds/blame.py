"""Which part of a spec an error in generated code comes from."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from kscaffold.base.place import Place
from kscaffold.check import CheckProcess, Finding, Job, Verdict
from kscaffold.library.places import statement_at
from kscaffold.library.render import Draft

Places = Mapping[int, Place]


def blame(
    verdicts: tuple[Verdict, ...],
    module: tuple[str, Places],
    plain: tuple[tuple[Draft, Places], Callable[[Path], Job]] | None,
    interpreter: str,
) -> tuple[Verdict, ...]:
    """The verdicts, each error with the place of the call in the spec that it comes from, where one is found.

    Args:
        verdicts: What the checks say of a model.
        module: The formatted module, and the places that its statements come from.
        plain: The same model as functions, which have a statement for each call, and what the checks are asked of it:
            tried where a class does not tell.
        interpreter: The interpreter that the checks ran in.
    """
    placed = tuple(_placed(verdict, *module) for verdict in verdicts)
    if plain is None or all(finding.place for verdict in placed for finding in verdict.findings):
        return placed
    ((text, _), places), job = plain
    with tempfile.TemporaryDirectory(prefix="kscaffold-staging-") as folder, CheckProcess(interpreter) as process:
        staged = Path(folder).resolve() / "plain.py"
        staged.write_text(text, encoding="utf-8")
        tried = process.finish((job(staged),))
    found = {
        _exception(finding): finding.place
        for verdict in reversed(tried)
        for finding in reversed(_placed(verdict, text, places).findings)
        if finding.place
    }

    def with_place(finding: Finding) -> Finding:
        return finding if finding.place else replace(finding, place=found.get(_exception(finding), ""))

    return tuple(replace(verdict, findings=tuple(map(with_place, verdict.findings))) for verdict in placed)


def _exception(finding: Finding) -> str:
    """The exception that a finding tells of: what fails in another way in another style is another defect."""
    match = re.search(r": (\w+(?:Error|Exception)\b)", finding.message)
    return match.group(1) if match else finding.rule


def _placed(verdict: Verdict, text: str, places: Mapping[int, Place]) -> Verdict:
    def locate(finding: Finding) -> Finding:
        number = statement_at(text, finding.line) if finding.line else None
        place = places.get(number) if number is not None else None
        return replace(finding, place=str(place) if place else "")

    return replace(verdict, findings=tuple(locate(finding) for finding in verdict.findings))
