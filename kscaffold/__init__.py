"""Scaffolding and conformance checks for Keras layers, models and repositories."""

__version__ = "0.1.0"
