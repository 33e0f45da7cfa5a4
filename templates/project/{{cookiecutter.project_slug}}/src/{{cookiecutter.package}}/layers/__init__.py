"""Layers of {{ cookiecutter.project_name }}."""

from .my_layer import MyLayer

__all__ = ["MyLayer"]
