"""Limits of time and memory for the Jinja of templates, which anybody may have written."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from jinja2 import TemplateRuntimeError

SECONDS = 20  # of the processor; the largest of the built-in templates takes 0.1
MEGABYTES = 1024


class OverLimit(TemplateRuntimeError):
    """A template takes more than a template may."""


@contextlib.contextmanager
def limited(memory: bool = True) -> Iterator[None]:
    """Ends, as `OverLimit`, what takes too long, where there are such signals, or too much memory, on Linux.

    Programs that are started inside would have the same limit of memory.
    """
    try:
        with _limited_time(), _limited_memory() if memory else contextlib.nullcontext():
            yield
    except MemoryError as error:
        problem = OverLimit(f"it takes more than {MEGABYTES} MB of memory")
        raise problem.with_traceback(error.__traceback__) from error  # which knows the line of the template


@contextlib.contextmanager
def _limited_time() -> Iterator[None]:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise OverLimit(f"it takes more than {SECONDS} seconds")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextlib.contextmanager
def _limited_memory() -> Iterator[None]:
    if sys.platform != "linux":
        yield
        return
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * os.sysconf("SC_PAGE_SIZE") + MEGABYTES * 2**20
    allowed = [limit for limit in (soft, hard, wanted) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(allowed), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
