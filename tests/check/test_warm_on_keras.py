"""Checks by a warm process with Keras: they say what cold ones say, whatever the check before did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Kscaffold

from kscaffold.check import process, warm

pytestmark = [pytest.mark.keras, pytest.mark.own_keras]

SOUND = '''import keras
from keras import ops


@keras.saving.register_keras_serializable("warm")
class Gate(keras.layers.Layer):
    """Nothing is wrong with it."""

    def call(self, inputs):
        return ops.multiply(inputs, 2.0)

    def compute_output_shape(self, input_shape):
        return input_shape
'''
# What is done to all that the process shares with others, if it does.
POISONS = """

keras.backend.set_floatx("float16")
keras.config.enable_interactive_logging()
keras.layers.Dense.call = keras.layers.Layer.call = None
keras.utils.set_random_seed(1)
ops.multiply = None
"""
# In a process that was forked, on all threads that there are.
THREADS = """

import numpy as np
import tensorflow as tf

assert tf.config.threading.get_intra_op_parallelism_threads() == 0
generator = np.random.default_rng(1)
first, second = (generator.normal(size=(700, 700)) for _ in range(2))
np.testing.assert_allclose(tf.linalg.matmul(first, second).numpy(), first @ second, rtol=1e-9)
numbers = tf.data.Dataset.range(2000).map(lambda x: x * x, num_parallel_calls=8).batch(100).prefetch(2)
assert sum(int(tf.reduce_sum(batch)) for batch in numbers) == sum(x * x for x in range(2000))
model = keras.Sequential([keras.Input((32,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(1)])
model.compile("sgd", "mse", jit_compile=False)
inputs = generator.normal(size=(4096, 32)).astype("float32")
losses = model.fit(inputs, inputs[:, :1], batch_size=64, epochs=2, verbose=0).history["loss"]
assert losses[1] < losses[0]
"""
LOST = SOUND.replace(
    "    def call",
    "    def __init__(self, units=4, **kwargs):\n        super().__init__(**kwargs)\n        self.units = units\n\n"
    "    def get_config(self):\n        return super().get_config()\n\n    def call",
)


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    warm.stop()


def test_warm_checks_say_what_cold_ones_say_whatever_the_one_before_did(
    kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"sound": SOUND, "lost": LOST, "poisons": SOUND + POISONS, "threads": SOUND + THREADS, "after": SOUND}
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)

    def said(*flags: str) -> list[Any]:
        document = json.loads(kscaffold("check", *(f"{name}.py" for name in texts), "--json", *flags).out)
        (run,) = document["runs"]
        return [{key: value for key, value in file.items() if key != "megabytes"} for file in run["files"]]

    cold = said("--no-warm")
    assert [[one["rule"] for one in file["classes"][0]["findings"]] for file in cold[:2]] == [[], ["KS301"]]
    monkeypatch.setattr(process, "Server", lambda *arguments: pytest.fail("it is cold"))
    assert said("--warm") == cold
    one_by_one = [json.loads(kscaffold("check", f"{name}.py", "--json").out)["runs"][0]["files"][0] for name in texts]
    assert [{key: value for key, value in file.items() if key != "megabytes"} for file in one_by_one] == cold
    result = kscaffold("layer", "MyDense")
    assert result.exit_code == 0 and "544 params  ok" in result.out
    (one,) = warm.running()
    assert 100 < one.megabytes < 4000
