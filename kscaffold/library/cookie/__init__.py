"""Cookiecutter templates: whole folders, whose names and contents are Jinja.

A template may come from anybody. Its Jinja is rendered in a sandbox, into a folder where nothing else is; its hooks,
which are programs, run only if the user accepts them.
"""

from kscaffold.library.cookie.baking import Baked, bake, read_baked
from kscaffold.library.cookie.template import Cookie, open_template, read_template
from kscaffold.library.cookie.variables import Ask, Question, resolve_variables

__all__ = [
    "Ask",
    "Baked",
    "Cookie",
    "Question",
    "bake",
    "open_template",
    "read_baked",
    "read_template",
    "resolve_variables",
]
