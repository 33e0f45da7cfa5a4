"""A saved model as a graph of calls, read from its file alone: nothing in the file is executed or imported."""

from kscaffold.saved.read import read_model

__all__ = ["read_model"]
