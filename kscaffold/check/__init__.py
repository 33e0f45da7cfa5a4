"""Checks on real Keras, in another interpreter, and of the source alone."""

from kscaffold.check.process import CheckProcess as CheckProcess
from kscaffold.check.process import find_interpreter as find_interpreter
from kscaffold.probe.protocol import FEW as FEW
from kscaffold.probe.protocol import CalledLayer as CalledLayer
from kscaffold.probe.protocol import CallStyle as CallStyle
from kscaffold.probe.protocol import Compared as Compared
from kscaffold.probe.protocol import Feed as Feed
from kscaffold.probe.protocol import FileVerdict as FileVerdict
from kscaffold.probe.protocol import Finding as Finding
from kscaffold.probe.protocol import Job as Job
from kscaffold.probe.protocol import Known as Known
from kscaffold.probe.protocol import Limits as Limits
from kscaffold.probe.protocol import Saved as Saved
from kscaffold.probe.protocol import SavedKind as SavedKind
from kscaffold.probe.protocol import Severity as Severity
from kscaffold.probe.protocol import Subject as Subject
from kscaffold.probe.protocol import Verdict as Verdict
