"""How properties are tried: on a fixed number of fixed examples or, with `HYPOTHESIS_PROFILE=thorough`, on ten times as
many random ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


def examples(number: int) -> settings:
    """The settings of a test that tries this many examples."""
    return settings(
        max_examples=number * (10 if THOROUGH else 1),
        deadline=None,
        derandomize=not THOROUGH,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def work_of(call: Callable[[], object]) -> int:
    """How many functions something calls: its cost, measured without a clock."""
    count = 0

    def note(*event: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count
