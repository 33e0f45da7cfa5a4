"""From a request to files on the disk, for each kind of module that is generated."""

from kscaffold.kinds.destination import Request
from kscaffold.kinds.pipeline import generate
from kscaffold.kinds.scaffold import Outcome, Scaffold, SummaryRow

__all__ = ["Outcome", "Request", "Scaffold", "SummaryRow", "generate"]
