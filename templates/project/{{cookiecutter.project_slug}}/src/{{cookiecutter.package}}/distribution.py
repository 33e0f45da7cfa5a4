"""Where a model is trained: one device, all devices of a machine, or several machines."""

import keras
import tensorflow as tf

from .examples import UsageError


class WorkerLost(RuntimeError):
    """Another worker that no longer answers."""


def make_strategy(name, cpu_devices=None):
    """A TensorFlow strategy.

    Args:
        name: `none`, `mirrored` (the devices of this machine) or `multiworker` (the machines in `TF_CONFIG`).
        cpu_devices: The number of devices that the CPU should count as, to try `mirrored` without GPUs.
    """
    if cpu_devices:
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration()] * cpu_devices
        tf.config.set_logical_device_configuration(cpu, parts)
    if name == "mirrored":
        return tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(cpu_devices)] if cpu_devices else None)
    if name == "multiworker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.get_strategy()


def demand_shares(strategy, batch_size):
    """Refuses batches that the devices could not share evenly."""
    devices = strategy.num_replicas_in_sync
    if batch_size % devices:
        raise UsageError(f"--batch-size {batch_size} cannot be shared evenly by {devices} devices")


def is_chief(strategy):
    """Whether this process is the one that writes logs and checkpoints."""
    resolver = strategy.cluster_resolver
    return resolver is None or resolver.task_id in (None, 0)


def fit(model, strategy, training, validation, **options):
    """`model.fit`; on several workers, where Keras 3 does not support it, the same by hand.

    Args:
        model: A compiled model, made in the scope of the strategy.
        strategy: Where it is trained.
        training: Endless batches.
        validation: Batches of all examples, once.
        **options: `epochs`, `initial_epoch`, `steps_per_epoch`, `callbacks` and `verbose`, as `model.fit` takes them.
    """
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        try:
            return _fit_on_workers(model, strategy, training, validation, **options)
        except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
            raise WorkerLost(
                "another worker is gone; end all of them and start them again, they go on"
                " from the last checkpoint"
            ) from error
    return model.fit(training, validation_data=validation, shuffle=False, **options)


def _fit_on_workers(
    model, strategy, training, validation, epochs, initial_epoch, steps_per_epoch, callbacks, verbose
):
    batches = iter(strategy.experimental_distribute_dataset(training))
    validation = strategy.experimental_distribute_dataset(validation)
    callbacks = keras.callbacks.CallbackList(
        callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        model=model,
        verbose=verbose,
        epochs=epochs,
        steps=steps_per_epoch,
    )

    # Workers add up their gradients in train_step, and their metrics whenever these are read, so all of them must do
    # both equally often.
    @tf.function
    def train_step(batch):
        strategy.run(model.train_step, args=(batch,))

    @tf.function
    def test_step(batch):
        strategy.run(model.test_step, args=(batch,))

    model.stop_training = False
    callbacks.on_train_begin()
    for epoch in range(initial_epoch, epochs):
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        for step in range(steps_per_epoch):
            callbacks.on_train_batch_begin(step)
            train_step(next(batches))
            callbacks.on_train_batch_end(step)
        logs = _read_metrics(model)
        model.reset_metrics()
        for batch in validation:
            test_step(batch)
        logs.update({f"val_{name}": value for name, value in _read_metrics(model).items()})
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    callbacks.on_train_end()
    return model.history


def _read_metrics(model):
    return {name: float(value) for name, value in model.get_metrics_result().items()}
