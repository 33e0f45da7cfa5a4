"""What Keras' own `run_layer_test` finds in the corpus, next to `kscaffold check`: `python -m tests.run_layer_test`.

It gets each defective class with the arguments and shapes that `kscaffold check` infers. Whatever it raises counts as
found. Functions that build models are left out.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
TESTS = Path(__file__).resolve().parent
sys.path += [str(TESTS), str(TESTS / "corpus")]


def arguments_of(assumed: tuple[str, ...], keras: Any) -> tuple[dict[str, Any], tuple[int, ...], str]:
    """Constructor arguments, the shape of a batch and its dtype, from the flags that a check assumed."""
    arguments: dict[str, Any] = {}
    shape, dtype = (2, 16), "float32"
    for flag in assumed:
        option, _, value = flag.partition(" ")
        if option == "--arg":
            name, _, source = value.partition("=")
            arguments[name] = eval(source, {"keras": keras})
        else:
            sizes, _, kind = value.partition(":")
            shape = (2, *(int(size) for size in sizes.split(",") if size.isdigit()))
            dtype = kind or "float32"
    return arguments, shape, dtype


def main() -> None:
    """Prints how many defects each of them finds."""
    from helpers.corpus import CORPUS, expectations

    from kscaffold.check.conformance import CheckRequest, check_files

    report = check_files(CheckRequest((CORPUS,)))
    verdicts = {
        (Path(file.shown).name, verdict.subject.name.rpartition(".")[2]): verdict
        for file in report.runs[0].files
        for verdict in file.verdicts
    }
    import keras
    from keras.src.testing import TestCase

    class Case(TestCase):  # type: ignore[misc]  # Keras has no types here
        def runTest(self) -> None:
            """Does nothing: only `run_layer_test` is needed."""

    warnings.simplefilter("ignore")
    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for item in expectations():
        verdict = verdicts[item.file, item.name]
        total[str(item.rule)] += 1
        ours[str(item.rule)] += [finding.rule for finding in verdict.findings] == [item.rule]
        if item.name.startswith("build_"):
            continue
        cls: Any = importlib.import_module(item.file[:-3])
        for part in verdict.subject.name.split("."):
            cls = getattr(cls, part)
        arguments, shape, dtype = arguments_of(verdict.assumed, keras)
        known = {item.name: cls} if item.rule != "KS305" else None
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                Case().run_layer_test(
                    cls, init_kwargs=arguments, input_shape=shape, input_dtype=dtype, custom_objects=known
                )
        except BaseException:  # whatever it raises is what it finds
            theirs[str(item.rule)] += 1
    print(f"defects {total.total()}, kscaffold check {ours.total()}, run_layer_test {theirs.total()}")
    for rule in sorted(total):
        print(f"{rule}  defects {total[rule]}  kscaffold check {ours[rule]}  run_layer_test {theirs[rule]}")


if __name__ == "__main__":
    main()
