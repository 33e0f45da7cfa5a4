"""Checks on real Keras, in another interpreter, and of the source alone."""

from kscaffold.check.process import CheckProcess, Limits, find_interpreter
from kscaffold.check.values import CalledLayer, Feed, FileVerdict, Job, Known, Subject, Verdict
from kscaffold.findings import Finding

__all__ = [
    "CalledLayer",
    "CheckProcess",
    "Feed",
    "FileVerdict",
    "Finding",
    "Job",
    "Known",
    "Limits",
    "Subject",
    "Verdict",
    "find_interpreter",
]
