"""What the commands that check files share: their options, and the request that these become."""

import contextlib
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from kscaffold.base.choices import Backend
from kscaffold.base.errors import RequestError
from kscaffold.cli._output import PYTHON, TIMEOUT, TRUST, Command, OneOf, offers, value, values, with_options

if TYPE_CHECKING:
    from pathlib import Path

    from kscaffold.check.conformance import CheckRequest

OPTIONS = (
    values("--select", "RULES", "Rules that count: KS301, KS3, config-round-trip, ….", offers("rules")),
    values("--ignore", "RULES", "Rules that do not count.", offers("rules")),
    values("--arg arguments", "NAME=VALUE", "Constructor argument: units=8, or Gate.units=8 for one class."),
    values(
        "--input-shape shapes",
        "[NAME=]SHAPE[:DTYPE]",
        "One example of an input: 16, 8,8,3, 6:int32, or Gate:16 for one class; once for each input.",
    ),
    click.option(
        "--backend", multiple=True, type=OneOf(Backend), help="Backend of Keras; repeatable.  [default: tensorflow]"
    ),
    TIMEOUT,
    value(
        "--memory",
        "MB",
        "For each file, beyond Keras itself; 0 for no limit.  [default: 4096]",
        type=click.IntRange(min=0),
    ),
    value("--jobs", "N", "Files at once.  [default: one a core]", type=click.IntRange(min=1)),
    *(PYTHON, TRUST),
)


def checking(command: Command) -> Command:
    """Adds the options that say how files are checked."""
    return with_options(OPTIONS, command)


def request_of(
    paths: tuple[str, ...],
    arguments: tuple[str, ...],
    shapes: tuple[str, ...],
    jobs: int | None,
    python: str | None,
    static: bool = False,
    **settings: Any,
) -> "CheckRequest":
    """What the options ask for."""
    from pathlib import Path

    from kscaffold.check.conformance import CheckRequest
    from kscaffold.check.settings import parse_known

    return CheckRequest(
        tuple(Path(path.partition("::")[0]) for path in paths),
        static,
        {name: given if given != () else None for name, given in settings.items()},
        parse_known(arguments, shapes),
        _only(paths),
        workers=jobs or 0,
        python=python,
    )


def _only(paths: tuple[str, ...]) -> "dict[Path, tuple[str, ...]]":
    """The classes that `FILE::Class` names, by the files."""
    from pathlib import Path

    only: dict[Path, tuple[str, ...]] = {}
    for text in paths:
        file, colons, name = text.partition("::")
        if colons:
            path = Path(file).resolve()
            if not path.is_file() or not name.isidentifier():
                hint = "Write FILE::Class: layers.py::Gate."
                raise RequestError(f"{text!r} does not name a class in a file.", hint=hint, where="PATH")
            only[path] = (*only.get(path, ()), name)
    return only


@contextlib.contextmanager
def terminated_as_by_ctrl_c() -> Iterator[None]:
    """Inside, SIGTERM does what Ctrl-C does."""
    before = None
    with contextlib.suppress(ValueError):  # signals go to the main thread, and this is another
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
