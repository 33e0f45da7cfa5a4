"""What the Jinja and the programs of a template are kept in."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any


def make_environment(context: Mapping[str, Any]) -> Any:
    """What cookiecutter renders with, in a sandbox."""
    from cookiecutter.environment import ExtensionLoaderMixin
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    class Environment(ExtensionLoaderMixin, SandboxedEnvironment):  # type: ignore[misc]
        """As cookiecutter's own, in a sandbox."""

    options = context.get("cookiecutter", {}).get("_jinja2_env_vars", {})
    return Environment(context=dict(context), undefined=StrictUndefined, keep_trailing_newline=True, **options)


@contextlib.contextmanager
def output_to_errors() -> Iterator[None]:
    """What hooks and git print goes to standard error: standard output is for results."""
    log = logging.getLogger("cookiecutter")
    log.addHandler(logging.NullHandler())
    log.propagate = False  # what goes wrong is said once, by us
    sys.stdout.flush()
    saved = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
