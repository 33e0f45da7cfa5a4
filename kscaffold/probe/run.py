"""Entry of the check process: `python -P run.py`, with a socket as standard input.

It imports Keras once, while its caller still renders, and says so; then it forks a child for each file that it is told
(see `isolation`). The user's code runs in these alone. With arguments it stays for further checks (see `warm`).
"""

import importlib
import importlib.util
import os
import socket
import sys
from pathlib import Path
from typing import Any

PACKAGE = "kscaffold_probe"


def load_package() -> None:
    """Makes this folder importable under a name that no user's module has, without a new entry in `sys.path`."""
    file = Path(__file__).resolve().with_name("__init__.py")
    spec = importlib.util.spec_from_file_location(PACKAGE, file, submodule_search_locations=[str(file.parent)])
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


def import_keras() -> None:
    """Imports Keras; an `ImportError` if there is none, or it is older than Keras 3."""
    import keras

    version = str(getattr(keras, "__version__", "unknown"))
    if not version.partition(".")[0].isdigit() or int(version.partition(".")[0]) < 3:
        raise ImportError(f"Keras 3 is needed, this is Keras {version}")


def part(name: str) -> Any:
    """A module of this folder."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def main() -> None:
    """Imports Keras while the caller still renders, then waits for orders."""
    load_package()
    if len(sys.argv) > 1:
        name, seconds, has_parent = sys.argv[1:]
        try:
            part("warm").stay(name, float(seconds), has_parent == "True", import_keras)
        finally:
            os._exit(0)
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    wire = part("wire")
    try:
        import_keras()
    except Exception as error:  # whatever a broken installation raises is the answer
        control.sendall(wire.to_line(wire.Notice(no_keras=f"{type(error).__name__}: {error}")))
    else:
        inspection, isolation = part("inspection"), part("isolation")
        inspection.freeze()
        control.sendall(wire.to_line(wire.Notice(server=os.getpid())))
        isolation.serve(control, inspection.inspect_file)
    os._exit(0)  # TensorFlow takes a tenth of a second to take itself down


if __name__ == "__main__":
    main()
