"""Which part of a spec an error in generated code comes from."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kscaffold.base.place import Place
from kscaffold.check import CheckProcess, Finding, Verdict
from kscaffold.kinds.scaffold import Scaffold
from kscaffold.library.places import statement_at


def blame(
    verdicts: tuple[Verdict, ...], text: str, places: Mapping[int, Place], plain: Scaffold | None, interpreter: str
) -> tuple[Verdict, ...]:
    """The verdicts, each error with the place of the call in the spec that it comes from, where one is found.

    Args:
        places: The places that its statements come from, by their number.
        plain: The same model as functions, which have a statement for each call: tried where a class does not tell.
    """
    placed = tuple(_placed(verdict, text, places) for verdict in verdicts)
    if plain is None or all(finding.place for verdict in placed for finding in verdict.findings):
        return placed
    draft, places = plain.module()
    with tempfile.TemporaryDirectory(prefix="kscaffold-staging-") as folder, CheckProcess(interpreter) as process:
        staged = Path(folder).resolve() / "plain.py"
        staged.write_text(draft.text, encoding="utf-8")
        tried = process.finish((plain.job(staged, staged.name),))
    located = [finding for verdict in tried for finding in _placed(verdict, draft.text, places).findings]
    found = {_exception(finding): finding.place for finding in reversed(located) if finding.place}

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

    return replace(verdict, findings=tuple(map(locate, verdict.findings)))
