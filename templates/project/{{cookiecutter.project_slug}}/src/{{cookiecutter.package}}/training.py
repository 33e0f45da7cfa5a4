"""A training run: the model, its training with logs and checkpoints, and what it leaves behind."""

import dataclasses

import keras
import tensorflow as tf

from .checkpoints import Checkpoints, cut_log
from .data import make_training_dataset, make_validation_dataset, model_inputs, split_examples
from .distribution import WorkerLost, demand_shares, fit, is_chief, make_strategy
from .examples import INPUTS
from .export import WrongExport, draw_curves, export_model
from .models import {{ cookiecutter._model.made }}
from .pipelines import {{ cookiecutter._baseline.made }}
from .run_callbacks import Diverged, WriteCheckpoints

TrainingFailed = (Diverged, WorkerLost, WrongExport)
MODELS = {
    "{{ cookiecutter._model.module }}": {{ cookiecutter._model.made }},
    "{{ cookiecutter._baseline.module }}": {{ cookiecutter._baseline.made }},
}


def compile_model(model, learning_rate):
    """Gives a model its optimizer, and a loss and metrics for each output."""
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
{% if cookiecutter._targets | length == 1 %}
        loss=keras.losses.{{ cookiecutter._targets[0].loss }},
        metrics=[keras.metrics.{{ cookiecutter._targets[0].metric }}],
{% else %}
        loss=[
{% for target in cookiecutter._targets %}
            keras.losses.{{ target.loss }},
{% endfor %}
        ],
        metrics=[
{% for target in cookiecutter._targets %}
            [keras.metrics.{{ target.metric }}],
{% endfor %}
        ],
{% endif %}
    )


def run(arguments, settings, examples):
    """Trains, or resumes where a run in the same folder was interrupted, and exports the best model.

    Args:
        arguments: What `train.py` was given.
        settings: What stays the same when a run resumes.
        examples: Arrays by the names of their fields.
    """
    keras.utils.set_random_seed(settings["seed"])
    if arguments.seed is not None:
        tf.config.experimental.enable_op_determinism()
    keras.config.set_dtype_policy(choose_policy(settings["precision"]))
    strategy = make_strategy(arguments.strategy, arguments.cpu_devices)
    demand_shares(strategy, settings["batch_size"])
    checkpoints = Checkpoints(arguments.run_dir / "checkpoints")
    state = checkpoints.read_last()
    training, validation = split_examples(examples, settings["validation_share"])
    sample = model_inputs({name: rows[:8] for name, rows in validation.items()})

    with strategy.scope():
        model = MODELS[settings["model"]]()
        model(sample)  # creates all weights
        compile_model(model, settings["learning_rate"])
        if state.epoch:
            checkpoints.restore(model, state)
    state = dataclasses.replace(state, settings=settings)
    if state.epoch < arguments.epochs and state.wait < arguments.patience:
        state = train(arguments, model, strategy, checkpoints, state, training, validation)
    elif is_chief(strategy):
        print(f"{arguments.run_dir}: training is finished; --fresh begins anew")
    if is_chief(strategy):
        finish(arguments.run_dir, checkpoints, state, sample)


def train(arguments, model, strategy, checkpoints, state, training, validation):
    """Trains for the remaining epochs, and returns the state after the last."""
    chief = is_chief(strategy)
    batch_size = state.settings["batch_size"]
    early_stopping = keras.callbacks.EarlyStopping("val_loss", patience=arguments.patience)
    callbacks: list[keras.callbacks.Callback] = [early_stopping]
    if chief:
        if state.epoch:
            print(f"{arguments.run_dir}: going on after epoch {state.epoch}")
        log = arguments.run_dir / "log.csv"
        cut_log(log, state.epoch)
        callbacks.append(keras.callbacks.CSVLogger(log, append=True))
        callbacks.append(keras.callbacks.TensorBoard(arguments.run_dir / "tensorboard"))
    # Comes last: a checkpoint says that an epoch is finished, logs and all.
    writer = WriteCheckpoints(checkpoints, state, early_stopping, writes=chief)
    fit(
        model,
        strategy,
        make_training_dataset(training, batch_size, state.settings["seed"], state.epoch),
        make_validation_dataset(validation, batch_size, strategy.num_replicas_in_sync),
        epochs=arguments.epochs,
        initial_epoch=state.epoch,
        steps_per_epoch=len(training[INPUTS[0].name]) // batch_size,
        callbacks=[*callbacks, writer],
        verbose=1 if chief else 0,
    )
    if chief and writer.state.epoch < arguments.epochs:
        print(f"stopped early: epoch {writer.state.best_epoch} was the best")
    return writer.state


def finish(folder, checkpoints, state, sample):
    """Draws the curves, and exports the model of the best epoch, rebuilt outside of the strategy."""
    draw_curves(folder / "log.csv", folder / "curves.png")
    model = MODELS[state.settings["model"]]()
    model(sample)
    checkpoints.restore_best(model, state)
    model.save(folder / "model.keras")
    difference = export_model(model, folder / "saved_model", sample)
    print(f"best epoch: {state.best_epoch}, val_loss {state.best:.4f}")
    print(f"{folder / 'saved_model'}: predicts as the model does, to {difference:.1e}")


def choose_policy(precision):
    """The dtype policy of Keras.

    `mixed` is bfloat16. It has the range of float32, so no gradient is lost and no loss has to be scaled, and CPUs,
    TPUs and GPUs since NVIDIA's Ampere compute with it. On older GPUs `mixed` is float16, and Keras scales the loss.
    """
    if precision != "mixed":
        return precision
    details = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    old = any(item.get("compute_capability", (8, 0)) < (8, 0) for item in details)
    return "mixed_float16" if old else "mixed_bfloat16"
