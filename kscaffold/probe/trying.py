"""What a class is constructed with and called on where nobody said it: tried until a call works."""

import contextlib
import inspect
import time
from collections.abc import Mapping
from types import ModuleType

import keras

from . import protocol
from .arguments import guesses, parameters
from .inputs import input_guesses
from .protocol import Feed, Known
from .subject import Subject
from .subjects import Found, NotASubject

TRIED_BATCH = 5  # a size that no argument is likely to have
SECONDS = 20.0  # for all trials of one class
# A subject, and what was assumed to make it, as flags would say it.
Way = tuple[Subject, tuple[str, ...]]


def try_out(module: ModuleType, found: Found, known: Known, path: str) -> Way:
    """How a class or function of the file at `path` can be made and called.

    Raises:
        NotASubject: It is a function that builds no model, or that needs to be told its arguments.
        BaseException: What the likeliest arguments raise if it cannot be made at all.
    """
    deadline = time.monotonic() + SECONDS
    is_builder = inspect.isfunction(found.item)
    best: Way | None = None
    most = -1
    failure: BaseException | None = None
    for arguments in guesses(found.item, dict(known.args)):
        construct = f"{found.name}({', '.join(f'{key}={source}' for key, source in arguments.items())})"
        try:
            made = Subject(module, protocol.Subject(found.name, construct), path).make()
        except (Exception, SystemExit) as error:
            failure = error if failure is None or isinstance(failure, SystemExit) else failure
            continue
        if is_builder and not isinstance(made, keras.Model):
            raise NotASubject("it builds no model")
        for feeds, call in input_guesses(made, known.feeds):
            wanted = protocol.Subject(found.name, construct, feeds, call)
            subject = Subject(module, wanted, path, found.lines[0])
            ways = ways_to_call(subject)
            if ways > most:
                best, most = (subject, _assumed(subject, arguments, known)), ways
            if best and (most == 2 or time.monotonic() > deadline):
                return best
    if best:
        return best
    assert failure is not None, "there is always a first guess"
    required = [one.name for one in parameters(found.item) if one.default is one.empty]
    if is_builder and required:
        flags = " ".join(f"--arg {name}=…" for name in required)
        raise NotASubject(f"it needs to be told its arguments: {flags}") from failure
    raise failure


def _assumed(subject: Subject, arguments: Mapping[str, str], known: Known) -> tuple[str, ...]:
    """What was chosen and not given, as flags would say it."""
    given = dict(known.args)
    assumed = [f"--arg {name}={source}" for name, source in arguments.items() if name not in given]
    if not known.feeds and subject.is_made_by_class:  # a model that a function builds says what its inputs are
        assumed += [f"--input-shape {show_input(feed)}" for feed in subject.feeds]
    return tuple(assumed)


def ways_to_call(subject: Subject) -> int:
    """In how many of two ways a new layer takes these inputs: as data, and as symbolic tensors."""
    ways = 0
    for symbolic in (False, True):
        with contextlib.suppress(Exception, SystemExit):
            values = subject.symbolic_inputs() if symbolic else subject.arrays(TRIED_BATCH)
            subject.call(subject.make(), values)
            ways += 1
    return ways


def show_input(feed: Feed) -> str:
    """An input as after `--input-shape`."""
    shape = ",".join("" if size is None else str(size) for size in feed.shape) or "()"
    name = f"{feed.name}=" if feed.name else ""
    return f"{name}{shape}" + ("" if feed.dtype == "float32" else f":{feed.dtype}")
