"""Checks on real Keras, in another interpreter, and of the source alone."""

from kscaffold.check.findings import Finding
from kscaffold.check.process import CheckProcess, Limits, find_interpreter
from kscaffold.check.verdict import CalledLayer, Feed, FileVerdict, Job, Known, Saved, Subject, Verdict

__all__ = [
    "CalledLayer",
    "CheckProcess",
    "Feed",
    "FileVerdict",
    "Finding",
    "Job",
    "Known",
    "Limits",
    "Saved",
    "Subject",
    "Verdict",
    "find_interpreter",
]
