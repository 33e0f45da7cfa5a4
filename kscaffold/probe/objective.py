"""What rules are given of a loss or a metric: how to make one, and targets and predictions that it takes."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from .arrays import UNFIXED_SIZE, alone, numbers, random_array
from .classes import Class, misses_a_name
from .exceptions import explain
from .protocol import Feed, Known
from .rule import CannotBeTried
from .trying import show_input

BATCH, CLASSES = 6, 4
IDS = r"sparse|triplet|contrastive|arcface|cosface|simclr|n_?pair|supcon|center"
PIXELS = r"image|ssim|psnr|segmentation|pixel|perceptual|style|tversky"
STEPS = r"sequence|token|perplexity|masked|padded"


@dataclass(frozen=True)
class Samples:
    """Targets and predictions of one batch; of what takes values alone, such as a mean, the targets are nothing."""

    targets: Any
    predictions: Any

    @property
    def tensors(self) -> tuple[Any, ...]:
        """What it is called on."""
        return tuple(keras.ops.convert_to_tensor(one) for one in (self.targets, self.predictions) if one is not None)

    def part(self, chosen: slice) -> "Samples":
        """Some of the examples."""
        return Samples(None if self.targets is None else self.targets[chosen], self.predictions[chosen])


@dataclass(eq=False)
class Objective(Class):
    """A loss or metric under check.

    Attributes:
        samples: What it was called on without an error.
        trouble: What it raised for the likeliest targets and predictions, if it took none of those that were tried.
    """

    samples: Samples | None = field(default=None, kw_only=True)
    trouble: BaseException | None = field(default=None, kw_only=True)

    @property
    def given(self) -> Samples:
        """What it is called on.

        Raises:
            CannotBeTried: It took nothing that was tried.
            BaseException: What it raised then, if that is wrong for any targets.
        """
        if self.trouble is not None and (self.is_described or misses_a_name(self.trouble, self.cls)):
            raise self.trouble
        if self.samples is None:
            reason = explain(self.trouble) if self.trouble else "nothing fits its arguments"
            raise CannotBeTried(f"it took none of the targets and predictions that were tried ({reason})")
        return self.samples

    def fit(self, made: Any, known: Known) -> tuple[str, ...]:
        """Looks for targets and predictions that it takes, the likeliest first, and for such that give numbers."""
        for samples in likely_samples(made, known):
            try:
                values = self.value(self.make(), samples)
            except (Exception, SystemExit) as error:
                self.trouble = self.trouble or error
                continue
            if self.samples is None or all(np.all(np.isfinite(value)) for value in values):
                self.samples = samples
            if self.samples is samples:
                break
        if self.samples is None:
            return ()
        self.trouble = None
        given = () if known.feeds else (self.samples.targets, self.samples.predictions)
        arrays = [one for one in given if one is not None]
        return tuple(f"--input-shape {show_input(Feed(one.shape[1:], str(one.dtype)))}" for one in arrays)

    @property
    def fits(self) -> bool:
        """Whether it took some."""
        return self.samples is not None

    def value(self, made: Any, samples: Samples, weights: Any = None) -> list[Any]:
        """What a loss gives, or a metric after it has seen the samples, as arrays."""
        keywords = {} if weights is None else {"sample_weight": keras.ops.convert_to_tensor(weights)}
        return numbers(made(*samples.tensors, **keywords))


def likely_samples(made: Any, known: Known) -> Iterator[Samples]:
    """Targets and predictions to be tried, the likeliest first."""
    generator = np.random.default_rng(0)
    yield from given_samples(generator, known.feeds)
    if isinstance(made, keras.metrics.Metric):
        taken = inspect.signature(made.update_state).parameters.values()
        needed = [one for one in taken if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
        if len(needed) == 1:
            yield Samples(None, generator.uniform(size=BATCH).astype("float32"))
            return
    classes = np.arange(BATCH) % CLASSES
    scores = [Samples(classes.astype("int32"), _scores(generator, BATCH, CLASSES))]
    one_hot = [Samples(np.eye(CLASSES, dtype="float32")[classes], scores[0].predictions)]
    signs = np.array([0, 1, 1, 0, 1, 0], "float32")
    binary = [Samples(signs[:, None], generator.uniform(0.1, 0.9, (BATCH, 1)).astype("float32"))]
    masks = generator.integers(0, 2, (BATCH, 12, 12, 1)).astype("float32")
    pixels = [Samples(masks, generator.uniform(0.1, 0.9, masks.shape).astype("float32"))]
    tokens = generator.integers(0, CLASSES, (BATCH, 5))
    steps = [
        Samples(np.eye(CLASSES, dtype="float32")[tokens], _scores(generator, BATCH, 5, CLASSES)),
        Samples(tokens.astype("int32"), _scores(generator, BATCH, 5, CLASSES)),
    ]
    name = type(made).__name__.lower()
    kinds = [one_hot, scores, binary, pixels, steps]
    for pattern, likeliest in ((IDS, scores), (PIXELS, pixels), (STEPS, steps)):
        if re.search(pattern, name):
            kinds.sort(key=lambda one, first=likeliest: one is not first)  # type: ignore[misc]
    for samples in kinds:
        yield from samples
    yield Samples(signs, generator.uniform(0.1, 0.9, BATCH).astype("float32"))


def given_samples(generator: Any, feeds: tuple[Feed, ...]) -> Iterator[Samples]:
    """What the user says of targets and predictions, or of values alone; predictions are probabilities."""
    arrays = []
    for feed in feeds:
        shape = [UNFIXED_SIZE if size is None else size for size in feed.shape]
        is_float = feed.dtype.startswith("float")
        arrays.append(_scores(generator, BATCH, *shape) if is_float else random_array(generator, BATCH, feed))
    if 1 <= len(arrays) <= 2:
        yield Samples(arrays[0] if arrays[1:] else None, arrays[-1])


def takes_weights(metric: Any) -> bool:
    """Whether a metric can be given `sample_weight`."""
    taken = inspect.signature(metric.update_state).parameters
    return "sample_weight" in taken or any(one.kind is one.VAR_KEYWORD for one in taken.values())


def _scores(generator: Any, *shape: int) -> Any:
    """Random probabilities that add up to one."""
    raw = np.exp(generator.normal(size=shape))
    return (raw / raw.sum(axis=-1, keepdims=True)).astype("float32")


class Elementwise(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types here
    """Multiplies each number of an example by a trainable one."""

    def build(self, input_shape: Any) -> None:
        """Creates the numbers."""
        self.gain = self.add_weight(name="gain", shape=input_shape[1:], initializer="ones")

    def call(self, inputs: Any) -> Any:
        """The inputs times the numbers."""
        return inputs * self.gain


def gains_model(samples: Samples) -> Any:
    """A model that gives its inputs, and can be trained not to."""
    inputs = keras.Input(samples.predictions.shape[1:])
    return keras.Model(inputs, Elementwise()(inputs))


def shown(values: list[Any]) -> str:
    """Values for a message: `0.25`, or `[0.25, 0.5]`."""
    return str(alone([float(value) if value.ndim == 0 else value.shape for value in values]) if values else "nothing")
