"""The input pipeline: examples as `tf.data` datasets, shuffled, batched and prefetched."""

import numpy as np
import tensorflow as tf

from .examples import INPUTS, TARGETS


def split_examples(examples, share):
    """Splits examples into those for training and those for validation, always in the same way."""
    count = len(examples[INPUTS[0].name])
    order = np.random.default_rng(0).permutation(count)
    validating = order[: max(1, round(count * share))]
    training = order[len(validating) :]
    return tuple({name: rows[chosen] for name, rows in examples.items()} for chosen in (training, validating))


def make_training_dataset(examples, batch_size, seed, first_epoch=0):
    """Endless shuffled batches, epoch by epoch.

    Each epoch has its own order, which follows from the seed and the number of the epoch, so a run that resumes after
    an interruption sees what it would have seen without it.
    """
    dataset = _make_dataset(examples)
    count = len(examples[INPUTS[0].name])

    def shuffled(epoch):
        return dataset.shuffle(count, seed=seed + epoch, reshuffle_each_iteration=False).batch(
            batch_size, drop_remainder=True
        )

    # Augmentation goes here: .map(augment, num_parallel_calls=tf.data.AUTOTUNE)
    epochs = tf.data.Dataset.counter(first_epoch).flat_map(shuffled)
    return _sharded(epochs.prefetch(tf.data.AUTOTUNE))


def make_validation_dataset(examples, batch_size, devices=1):
    """All examples once, in order, except those that the devices could not share evenly."""
    count = len(examples[INPUTS[0].name])
    dataset = _make_dataset(examples).take(count - count % devices)
    return _sharded(dataset.batch(batch_size).prefetch(tf.data.AUTOTUNE))


def model_inputs(examples):
    """The inputs as the model takes them: one array, or a list of them."""
    arrays = [examples[field.name] for field in INPUTS]
    return arrays[0] if len(arrays) == 1 else arrays


def _make_dataset(examples):
    inputs, targets = (tuple(examples[field.name] for field in fields) for fields in (INPUTS, TARGETS))
    return tf.data.Dataset.from_tensor_slices(
        (inputs[0] if len(inputs) == 1 else inputs, targets[0] if len(targets) == 1 else targets)
    )


def _sharded(dataset):
    """A dataset of which each of several workers takes its share of every batch."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.with_options(options)
