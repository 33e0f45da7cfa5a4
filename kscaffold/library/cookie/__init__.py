"""Cookiecutter templates: whole folders, whose names and contents are Jinja.

A template may come from anybody. Its Jinja is rendered in a sandbox, into a folder where nothing else is; its hooks,
which are programs, run only if the user accepts them.
"""
