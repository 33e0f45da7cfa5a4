"""Entry of the check process: `python -P run.py RESULTS`, with the jobs as a JSON document on standard input.

The document read is `{"limits": {"seconds": …, "megabytes": …, "workers": …}, "jobs": [job, …]}` with a job as in
`inspection.inspect_file`. The document written is `{"keras": version, "backend": name, "results": [result, …]}` with
results as in `isolation.run_jobs`, `{"error": text}` if Keras cannot be
imported, or `{"broken": traceback}` if this program itself fails. It goes to a file of its own,
because checked code may print.
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


def import_keras() -> str:
    """Imports Keras and gives its version.

    Raises:
        ImportError: There is none, or it is older than Keras 3.
    """
    import keras

    version = str(getattr(keras, "__version__", "unknown"))
    if not version.partition(".")[0].isdigit() or int(version.partition(".")[0]) < 3:
        raise ImportError(f"Keras 3 is needed, this is Keras {version}")
    return version


def keras_backend() -> str:
    """The backend that Keras runs on."""
    import keras

    return str(keras.backend.backend())


def run(jobs_text: str) -> dict[str, Any]:
    """Carries out the jobs of a document; see the top of this file."""
    request = json.loads(jobs_text)
    isolation = importlib.import_module(f"{PACKAGE}.isolation")
    inspection = importlib.import_module(f"{PACKAGE}.inspection")
    inspection.freeze()
    limits = isolation.Limits(**request["limits"])
    return {"results": isolation.run_jobs(request["jobs"], inspection.inspect_file, limits)}


def main() -> None:
    """Imports Keras while the caller still renders, then waits for the jobs."""
    results = Path(sys.argv[1])
    load_package()
    try:
        version = import_keras()
    except Exception as error:  # whatever a broken installation raises is the answer
        document: dict[str, Any] = {"error": f"{type(error).__name__}: {error}"}
    else:
        try:
            document = {"keras": version, "backend": keras_backend(), **run(sys.stdin.read())}
        except RuntimeError as error:
            document = {"broken": str(error)}
    partial = results.with_suffix(".partial")
    partial.write_text(json.dumps(document), encoding="utf-8")
    os.replace(partial, results)
    sys.stdout.flush()
    os._exit(0)  # TensorFlow takes a tenth of a second to take itself down


if __name__ == "__main__":
    main()
