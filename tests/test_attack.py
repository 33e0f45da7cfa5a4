"""A few of the random requests, damaged files and kills of `tests/attack.py`; see there for how many there can be."""

from __future__ import annotations

import pytest
from attack import KINDS, Broken, demand_harmless, repeat

COUNTS = {"requests": 60, "files": 25, "kills": 4}


@pytest.mark.parametrize("kind", COUNTS)
def test_nothing_breaks_the_contract(kind: str) -> None:
    ends = repeat(COUNTS[kind], 0, KINDS[kind], kind)
    assert ends.total() == COUNTS[kind]


@pytest.mark.parametrize("text", ["pwned()", "x = [pwned()]", "import pwned", "from pwned import x", "x.pwned()"])
def test_a_text_that_has_become_code_would_be_seen(text: str) -> None:
    with pytest.raises(Broken, match="a text became code"):
        demand_harmless(text, "an example")
    demand_harmless('x = "pwned()"  # pwned', "an example")
