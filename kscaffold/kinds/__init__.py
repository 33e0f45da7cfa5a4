"""From a request to files on the disk, for each kind of module that is generated."""

from kscaffold.kinds.destination import Request
from kscaffold.kinds.pipeline import Outcome, SummaryRow

__all__ = ["Outcome", "Request", "SummaryRow"]
