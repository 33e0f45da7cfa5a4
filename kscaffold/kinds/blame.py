"""Which part of a spec an error in generated code comes from."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.place import Place
from kscaffold.check import CheckProcess, Finding, Verdict
from kscaffold.library import render
from kscaffold.source.functional import functional_parts

if TYPE_CHECKING:
    from kscaffold.kinds.model import ModelScaffold


def blame(scaffold: ModelScaffold, verdicts: tuple[Verdict, ...], interpreter: str, text: str) -> tuple[Verdict, ...]:
    """The verdicts, each error with the place of the call in the spec that it comes from, where one is found.

    Args:
        scaffold: The model.
        verdicts: What the checks say of it.
        interpreter: The interpreter that the checks ran in.
        text: The formatted module.
    """
    from kscaffold.kinds.model import Style

    if scaffold.style is Style.FUNCTIONAL:
        places = scaffold.text(scaffold.style, scaffold.parts)[1]
        return tuple(_placed(verdict, text, places) for verdict in verdicts)
    parts = functional_parts(scaffold.graph, scaffold.facts)
    other = replace(scaffold, style=Style.FUNCTIONAL)
    plain, places = other.text(Style.FUNCTIONAL, parts)
    with tempfile.TemporaryDirectory(prefix="kscaffold-staging-") as folder, CheckProcess(interpreter) as process:
        staged = Path(folder).resolve() / scaffold.destination.module.name
        staged.write_text(plain, encoding="utf-8")
        tried = process.finish((other.job(staged, staged.name),))
    found = {
        _exception(finding): finding.place
        for verdict in reversed(tried)
        for finding in reversed(_placed(verdict, plain, places).findings)
        if finding.place
    }
    return tuple(
        replace(
            verdict,
            findings=tuple(replace(finding, place=found.get(_exception(finding), "")) for finding in verdict.findings),
        )
        for verdict in verdicts
    )


def _exception(finding: Finding) -> str:
    """The exception that a finding tells of: what fails in another way in another style is another defect."""
    match = re.search(r": (\w+(?:Error|Exception)\b)", finding.message)
    return match.group(1) if match else finding.rule


def _placed(verdict: Verdict, text: str, places: Mapping[int, Place]) -> Verdict:
    def locate(finding: Finding) -> Finding:
        number = render.statement_at(text, finding.line) if finding.line else None
        place = places.get(number) if number is not None else None
        return replace(finding, place=str(place) if place else "")

    return replace(verdict, findings=tuple(locate(finding) for finding in verdict.findings))
