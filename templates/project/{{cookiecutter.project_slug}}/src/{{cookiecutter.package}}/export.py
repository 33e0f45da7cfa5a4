"""What a run leaves behind: the model for serving, and a picture of its training."""

import csv
import os
import shutil

import keras
import matplotlib
import numpy as np
import tensorflow as tf

class WrongExport(RuntimeError):
    """A SavedModel whose predictions differ from those of its model."""


TOLERANCES = {"float32": 1e-4, "bfloat16": 5e-2, "float16": 1e-2}


def export_model(model, folder, inputs):
    """Exports a SavedModel, loads it, and compares its predictions with those of the model.

    Args:
        model: The model.
        folder: Where the SavedModel goes; replaced if it exists.
        inputs: A few examples, as the model takes them.

    Returns:
        The largest difference between two predictions.

    Raises:
        WrongExport: The predictions differ; nothing is left in the folder.
    """
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    arrays = inputs if isinstance(inputs, list) else [inputs]
    signature = [keras.InputSpec(shape=(None, *array.shape[1:]), dtype=array.dtype.name) for array in arrays]
    model.export(
        unfinished, format="tf_saved_model", verbose=False, input_signature=[signature if len(arrays) > 1 else signature[0]]
    )
    loaded = tf.saved_model.load(unfinished)  # must live as long as what it serves
    served = loaded.serve(inputs)
    difference = 0.0
    for expected, found in zip(
        keras.tree.flatten(model.predict(inputs, verbose=0)), keras.tree.flatten(served), strict=True
    ):
        difference = max(difference, float(np.abs(np.float32(expected) - np.float32(found)).max()))
    if not difference <= TOLERANCES[model.compute_dtype]:
        shutil.rmtree(unfinished)
        raise WrongExport(f"the SavedModel predicts otherwise than the model: the difference is {difference}")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(unfinished, folder)
    return difference


def draw_curves(log, picture):
    """Draws the losses and metrics of a CSV log, training and validation together."""
    matplotlib.use("Agg")  # needs no screen
    from matplotlib import pyplot

    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = [int(row["epoch"]) + 1 for row in rows]
    names = [name for name in rows[0] if f"val_{name}" in rows[0]]
    names.sort(key=lambda name: (name != "loss", name))
    figure, axes = pyplot.subplots(1, len(names), figsize=(5 * len(names), 4), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        for column, label in ((name, "training"), (f"val_{name}", "validation")):
            axis.plot(epochs, [float(row[column]) for row in rows], marker="o", markersize=3, label=label)
        axis.set(title=name, xlabel="epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend()
    figure.tight_layout()
    figure.savefig(picture, dpi=100)
    pyplot.close(figure)
