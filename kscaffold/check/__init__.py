"""Checks on real Keras, in another interpreter, and of the source alone."""

from kscaffold.check.process import CheckProcess, find_interpreter
from kscaffold.probe.protocol import (
    CalledLayer,
    CallStyle,
    Compared,
    Feed,
    FileVerdict,
    Finding,
    Job,
    Known,
    Limits,
    Saved,
    SavedKind,
    Severity,
    Subject,
    Verdict,
)

__all__ = [
    "CallStyle",
    "CalledLayer",
    "CheckProcess",
    "Compared",
    "Feed",
    "FileVerdict",
    "Finding",
    "Job",
    "Known",
    "Limits",
    "Saved",
    "SavedKind",
    "Severity",
    "Subject",
    "Verdict",
    "find_interpreter",
]
