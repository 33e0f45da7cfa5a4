"""Repeated parts of a saved model as functions and loops: from calls to a program that a person would write."""
