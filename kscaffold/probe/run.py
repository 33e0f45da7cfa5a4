"""Entry of the check process: `python -P run.py ANSWER`, with a `wire.Request` as JSON on standard input.

It imports Keras once while its caller still renders, reads the request, has each file looked at in a child of its own,
and writes a `wire.Answer` as JSON to the file ANSWER, which is there only when it is whole: checked code may print.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

PACKAGE = "kscaffold_probe"


def load_package() -> None:
    """Makes this folder importable under a name that no user's module has, without a new entry in `sys.path`."""
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


def import_keras() -> None:
    """Imports Keras.

    Raises:
        ImportError: There is none, or it is older than Keras 3.
    """
    import keras

    version = str(getattr(keras, "__version__", "unknown"))
    if not version.partition(".")[0].isdigit() or int(version.partition(".")[0]) < 3:
        raise ImportError(f"Keras 3 is needed, this is Keras {version}")


def part(name: str) -> Any:
    """A module of this folder."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def carry_out() -> Any:
    """The answer to the request on standard input."""
    inspection, isolation, wire = (part(name) for name in ("inspection", "isolation", "wire"))
    inspection.freeze()
    request = wire.from_json(wire.Request, json.load(sys.stdin))
    try:
        return wire.Answer(isolation.run_jobs(request.jobs, inspection.inspect_file, request.limits))
    except RuntimeError as error:
        return wire.Answer(broken=str(error))


def main() -> None:
    """Imports Keras while the caller still renders, then waits for the request."""
    load_package()
    wire = part("wire")
    try:
        import_keras()
    except Exception as error:  # whatever a broken installation raises is the answer
        answer = wire.Answer(no_keras=f"{type(error).__name__}: {error}")
    else:
        answer = carry_out()
    results = Path(sys.argv[1])
    partial = results.with_suffix(".partial")
    partial.write_text(json.dumps(wire.to_json(answer)), encoding="utf-8")
    os.replace(partial, results)
    sys.stdout.flush()
    os._exit(0)  # TensorFlow takes a tenth of a second to take itself down


if __name__ == "__main__":
    main()
