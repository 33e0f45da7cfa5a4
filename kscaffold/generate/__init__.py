"""From a request to files on the disk, for each kind of module that is generated."""

from kscaffold.generate.destination import Request
from kscaffold.generate.pipeline import Outcome, SummaryRow

__all__ = ["Outcome", "Request", "SummaryRow"]
