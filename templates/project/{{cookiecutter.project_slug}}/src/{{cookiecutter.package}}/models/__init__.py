"""Models of {{ cookiecutter.project_name }}."""

from .{{ cookiecutter._model.module }} import {{ cookiecutter._model.made }}

__all__ = ["{{ cookiecutter._model.made }}"]
