"""A class is added to what a package exports, and the rest of `__init__.py` stays exactly as it is."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.source.exports import add_export


def added(
    text: str, module: str = "foo", names: tuple[str, ...] = ("Foo",), package: str = "shop.layers"
) -> str | None:
    return add_export(text, module, names, package).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'from .foo import Foo\n\n__all__ = ["Foo"]\n'),
        ('"""Layers."""\n', '"""Layers."""\n\nfrom .foo import Foo\n\n__all__ = ["Foo"]\n'),
        ('"""Layers."""', '"""Layers."""\n\nfrom .foo import Foo\n\n__all__ = ["Foo"]\n'),
        ("# ours\n", '# ours\nfrom .foo import Foo\n\n__all__ = ["Foo"]\n'),
        (
            'from .bar import Bar\nfrom .zoo import Zoo\n\n__all__ = ["Bar", "Zoo"]\n',
            'from .bar import Bar\nfrom .foo import Foo\nfrom .zoo import Zoo\n\n__all__ = ["Bar", "Foo", "Zoo"]\n',
        ),
        (
            "from .zoo import Zoo\nfrom .bar import Bar\n\n__all__ = ['Zoo', 'Bar']\n",
            "from .zoo import Zoo\nfrom .bar import Bar\nfrom .foo import Foo\n\n__all__ = ['Zoo', 'Bar', \"Foo\"]\n",
        ),
        (
            'from .bar import Bar\n\n__all__ = [\n    "Bar",  # the first\n]\n',
            'from .bar import Bar\nfrom .foo import Foo\n\n__all__ = [\n    "Bar",  # the first\n    "Foo",\n]\n',
        ),
        (
            'from .bar import Bar\n\n__all__ = [\n    "Bar"  # the first\n]\n',
            'from .bar import Bar\nfrom .foo import Foo\n\n__all__ = [\n    "Bar",  # the first\n    "Foo",\n]\n',
        ),
        (
            'from shop.layers.bar import Bar\n\n__all__ = ("Bar",)\n',
            'from shop.layers.bar import Bar\nfrom shop.layers.foo import Foo\n\n__all__ = ("Bar", "Foo",)\n',
        ),
        (
            'from .mlp import MLP\n\n__all__ = ["MLP", "VAE", "Resnet", "build_unet"]\n',
            'from .foo import Foo\nfrom .mlp import MLP\n\n__all__ = ["MLP", "VAE", "Foo", "Resnet", "build_unet"]\n',
        ),
        (
            'from .mlp import MLP\n\n__all__ = ["Aa", "MLP"]\n',
            'from .foo import Foo\nfrom .mlp import MLP\n\n__all__ = ["Aa", "Foo", "MLP"]\n',
        ),
        (
            'from .a import A\n\n__all__ = ["Fo2", "Fo10"]\n',
            'from .a import A\nfrom .foo import Foo\n\n__all__ = ["Fo2", "Fo10", "Foo"]\n',
        ),
        ('"""Doc."""; x = 1\n', '"""Doc."""; x = 1\n\nfrom .foo import Foo\n'),
        ('"""Doc."""; import os\n', '"""Doc."""; import os\nfrom .foo import Foo\n'),
        ("from .bar import Bar as Bar\n", "from .bar import Bar as Bar\nfrom .foo import Foo as Foo\n"),
        ("import os\n\nVERSION = 1\n", "import os\nfrom .foo import Foo\n\nVERSION = 1\n"),
        ("VERSION = 1\n", "from .foo import Foo\n\nVERSION = 1\n"),
        ("__all__ = []\n", 'from .foo import Foo\n\n__all__ = ["Foo"]\n'),
        ("__all__: tuple[str, ...] = ()\n", 'from .foo import Foo\n\n__all__: tuple[str, ...] = ("Foo",)\n'),
        ("from .bar import Bar\r\n", "from .bar import Bar\r\nfrom .foo import Foo\r\n"),
        ('from .foo import Foo\n\n__all__ = ["Foo"]\n', 'from .foo import Foo\n\n__all__ = ["Foo"]\n'),
        ('from .foo import Foo\n\n__all__ = ["Bar"]\n', 'from .foo import Foo\n\n__all__ = ["Bar", "Foo"]\n'),
        ('NAME = "é"; from .bar import Bar\n', 'NAME = "é"; from .bar import Bar\nfrom .foo import Foo\n'),
        ('__all__ = ["é", "b"]\n', 'from .foo import Foo\n\n__all__ = ["é", "b", "Foo"]\n'),
    ],
)
def test_a_class_is_added_where_its_like_is_and_a_second_time_changes_nothing(before: str, after: str) -> None:
    assert added(before) == after
    assert added(after) == after


@pytest.mark.parametrize(
    "text",
    [
        "def broken(:\n",
        "Foo = 1\n",
        "from .other import Foo\n",
        "try:\n    from .foo import Foo\nexcept ImportError:\n    Foo = None\n",
        '__all__ = ["Bar"]\n__all__ += ["Zoo"]\n',
        "__all__ = [name for name in dir()]\n",
        "__all__ = sorted(globals())\n",
        'if True:\n    __all__ = ["Bar"]\n',
        'ALL = __all__ = ["Bar"]\n__all__.append("x")\n',
        "\0",
    ],
)
def test_where_it_cannot_be_done_safely_the_lines_to_add_are_printed(text: str) -> None:
    export = add_export(text, "foo", ("Foo",), "shop.layers")
    assert export.text is None
    assert export.by_hand == ("from .foo import Foo", '__all__ += ["Foo"]')
    reasons = ("no Python that can be read", "Foo is something else there", "its __all__ is more than a list of names")
    assert any(reason in export.reason for reason in reasons)


def test_several_functions_of_a_module_are_added_together() -> None:
    text = added("", "ae", ("build_ae", "build_encoder"))
    assert text == 'from .ae import build_ae, build_encoder\n\n__all__ = ["build_ae", "build_encoder"]\n'
    assert added("__all__ = []\n", "ae", ("build_ae", "build_encoder")) == text


words = st.sampled_from(["Alpha", "Beta", "Gate", "Mix", "Zoom"])
statements = st.one_of(
    st.builds(lambda word: f"from .{word.lower()} import {word}", words),
    st.builds(lambda word: f"from .{word.lower()} import {word} as {word}", words),
    st.builds(lambda word: f"from shop.layers.{word.lower()} import {word}", words),
    st.sampled_from(
        [
            "import os",
            "import os.path as path; VERSION = 1",
            '"""ü"""; X = 2',
            "if True:\n    Y = 1",
            "# a comment\n",
            "Z = (\n    1,\n)",
            "W = 1 + \\\n    2",
            "",
        ]
    ),
)
lists = st.one_of(
    st.just(""),
    st.builds(
        lambda items, before, between, after: f"__all__ = [{before}{between.join(map(repr, items))}{after}]",
        st.lists(words, unique=True),
        st.sampled_from(["", "\n    "]),
        st.sampled_from([", ", ",", ",\n    "]),
        st.sampled_from(["", "\n"]),
    ),
)


@given(
    before=st.lists(statements, max_size=5),
    listed=lists,
    after=st.lists(statements, max_size=2),
    newline=st.sampled_from(["\n", "\r\n"]),
    end=st.booleans(),
    names=st.lists(st.sampled_from(["Foo", "Alpha", "Zoom"]), min_size=1, max_size=2, unique=True),
)
def test_whatever_is_there_keeps_its_lines_and_gains_the_names_once(
    before: list[str], listed: str, after: list[str], newline: str, end: bool, names: list[str]
) -> None:
    text = newline.join([*before, listed, *after] + [""] * end).replace("\r\n", "\n").replace("\n", newline)
    given_names = tuple(names)
    export = add_export(text, "foo", given_names, "shop.layers")
    if export.text is None:
        assert export.by_hand[0] == f"from .foo import {', '.join(names)}"
        return
    imported = [
        alias.name
        for node in ast.parse(export.text).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("foo")
        for alias in node.names
    ]
    assert sorted(imported) == sorted(names)
    old, new = text.splitlines(keepends=True), export.text.splitlines(keepends=True)
    kept = [line for line in new if line in old]
    missing = [line for line in old if line not in new and "__all__" not in line and not line.strip().startswith("'")]
    assert not [line for line in missing if line != old[-1]], "a line that has nothing to do with it is gone"
    assert len(kept) >= len(old) - len(listed.splitlines()) - 1
    assert add_export(export.text, "foo", given_names, "shop.layers").text == export.text
