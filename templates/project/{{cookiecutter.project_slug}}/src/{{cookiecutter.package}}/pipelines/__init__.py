"""Pipelines of {{ cookiecutter.project_name }}."""

from .{{ cookiecutter._baseline.module }} import {{ cookiecutter._baseline.made }}

__all__ = ["{{ cookiecutter._baseline.made }}"]
