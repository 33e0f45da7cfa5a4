"""Measures the source for saved models: `python -m tests.bench_saved [MODEL…]`.

For each model of keras.applications with random weights: the lines of the flat and of the factored source, the seconds
that writing takes without a check, and whether the check confirms that it builds the same model (the whole config, and
outputs that are equal to the last bit). `Dense200` is a chain of as many dense layers of varying widths.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODELS = (
    "ConvNeXtBase ConvNeXtLarge ConvNeXtSmall ConvNeXtTiny ConvNeXtXLarge DenseNet121 DenseNet169 DenseNet201"
    " EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 EfficientNetB5 EfficientNetB6"
    " EfficientNetB7 EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2L"
    " EfficientNetV2M EfficientNetV2S InceptionResNetV2 InceptionV3 MobileNet MobileNetV2 MobileNetV3Large"
    " MobileNetV3Small NASNetLarge NASNetMobile ResNet101 ResNet101V2 ResNet152 ResNet152V2 ResNet50 ResNet50V2"
    " VGG16 VGG19 Xception"
).split()
SAVE = """
import sys, keras
name, file = sys.argv[1:]
if name[5:].isdigit():
    widths = (8 + number * number * 7 % 61 for number in range(int(name[5:])))
    model = keras.Sequential([keras.Input((16,)), *map(keras.layers.Dense, widths)])
else:
    model = getattr(keras.applications, name)(weights=None)
model.save(file)
"""
KSCAFFOLD = [sys.executable, "-m", "kscaffold"]


def lines_and_seconds(file: Path, folder: Path, *flags: str) -> tuple[int, float]:
    """The lines of the source for a model, and the seconds that it takes to write it."""
    start = time.perf_counter()
    command = [
        *KSCAFFOLD,
        "from",
        str(file),
        "model",
        "--no-check",
        "--no-test",
        "-q",
        "--force",
        "-o",
        str(folder),
        *flags,
    ]
    subprocess.run(command, check=True)
    seconds = time.perf_counter() - start
    return len((folder / "model.py").read_text(encoding="utf-8").splitlines()), seconds


def measure(name: str) -> str:
    """A line of the table."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        file = folder / "model.keras"
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        subprocess.run([sys.executable, "-c", SAVE, name, str(file)], check=True, capture_output=True, env=environment)
        flat, _ = lines_and_seconds(file, folder, "--flat")
        factored, seconds = lines_and_seconds(file, folder)
        checked = subprocess.run(
            [*KSCAFFOLD, "from", str(file), "checked", "--no-test", "-o", str(folder)], capture_output=True, text=True
        )
        reason = (checked.stderr.strip() or checked.stdout.strip()).splitlines()
        same = "same" if checked.returncode == 0 else (reason[-1] if reason else "failed")
    return f"{name:<18} {flat:>5} {factored:>9} {seconds:>8.1f}  {same}"


def main() -> None:
    """Prints the table, line by line as each model is done."""
    print(f"{'model':<18} {'flat':>5} {'factored':>9} {'seconds':>8}  check")
    for name in sys.argv[1:] or MODELS:
        print(measure(name), flush=True)


if __name__ == "__main__":
    main()
