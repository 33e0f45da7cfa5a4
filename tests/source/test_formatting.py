"""Formatting in a separate process: texts come back in order, however long they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kscaffold.base.errors import RequestError
from kscaffold.source import formatting
from kscaffold.source.formatting import Formatter

SEND_LONG_TEXTS = """
from kscaffold.source.formatting import Formatter

texts = ['x = "' + letter * 300_000 + '"' + chr(10) for letter in "abc"]
with Formatter() as formatter:
    for text in texts:
        formatter.send(text, {}, "a template")
    assert [formatter.receive() for _ in texts] == texts
"""


def test_long_texts_do_not_block_each_other() -> None:
    # In a separate process, because the failure here is to wait forever.
    subprocess.run([sys.executable, "-c", SEND_LONG_TEXTS], check=True, timeout=120)


def test_texts_come_back_in_order_each_with_its_own_settings() -> None:
    with Formatter() as formatter:
        formatter.send("x = [1,2]", {}, "first")
        formatter.send("x = [1,2]", {"line-length": 4}, "second")
        assert formatter.receive() == "x = [1, 2]\n"
        assert formatter.receive() == "x = [\n    1,\n    2,\n]\n"


def test_what_is_not_python_blames_its_template_and_not_the_others() -> None:
    with Formatter() as formatter:
        formatter.send("x = (", {}, "layer/broken")
        formatter.send("y=1", {}, "layer/good")
        with pytest.raises(RequestError, match="layer/broken"):
            formatter.receive()
        assert formatter.receive() == "y = 1\n"


def test_without_fork_the_texts_are_formatted_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatting, "HAS_FORK", False)
    with Formatter() as formatter:
        formatter.send("x=1", {}, "a template")
        assert formatter.receive() == "x = 1\n"
