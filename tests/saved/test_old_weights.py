"""Weights of Keras 1, cuDNN and Theano come into today's form, and only those that are in the file itself are read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kscaffold.probe.weights import hdf5
from kscaffold.probe.weights.fitting import fit
from kscaffold.probe.weights.leaves import Part
from kscaffold.probe.weights.old_forms import in_todays_form
from kscaffold.probe.weights.stored import Array, Misfit, Stored

pytestmark = pytest.mark.keras  # the names of layers are asked of Keras

GENERATOR = np.random.default_rng(0)


def layer(kind: str, *shapes: tuple[int, ...], **attributes: Any) -> Any:
    """What stands for a layer of a class, with weights of those shapes."""
    weights = [SimpleNamespace(shape=shape, trainable=True) for shape in shapes]
    return type(kind, (SimpleNamespace,), {})(weights=weights, **attributes)


def today(made: Any, arrays: list[Any], keras1: bool = False, theano: bool = False) -> list[Any]:
    return in_todays_form(made, [one.shape for one in made.weights], arrays, keras1, theano)


def random(*shape: int) -> Any:
    return GENERATOR.normal(size=shape).astype("float32")


def test_an_lstm_of_keras_1_has_twelve_arrays_by_gates() -> None:
    kernels, recurrent, biases = ([random(*shape) for _ in range(4)] for shape in ((3, 5), (5, 5), (5,)))
    i, f, c, o = 0, 1, 2, 3
    old = [part[gate] for gate in (i, c, f, o) for part in (kernels, recurrent, biases)]
    found = today(layer("LSTM", (3, 20), (5, 20), (20,), units=5), old, keras1=True)
    for one, parts in zip(found, (kernels, recurrent, biases), strict=True):
        assert np.array_equal(one, np.concatenate([parts[gate] for gate in (i, f, c, o)], axis=-1))


def test_a_gru_of_keras_1_has_nine() -> None:
    old = [random(*shape) for _ in range(3) for shape in ((3, 5), (5, 5), (5,))]
    found = today(layer("GRU", (3, 15), (5, 15), (15,), units=5), old, keras1=True)
    assert [one.shape for one in found] == [(3, 15), (5, 15), (15,)]
    assert np.array_equal(found[0][:, 5:10], old[3])


def test_cudnn_keeps_each_gate_the_other_way_round() -> None:
    for kind, gates, bias in (("LSTM", 4, (20,)), ("GRU", 3, (2, 15))):
        kernel, recurrent, biases = random(3, 5 * gates), random(5, 5 * gates), random(2, 5 * gates)
        turned = np.hstack([part.T for part in np.hsplit(recurrent, gates)])
        # In memory, the kernel of each gate is that of Keras with its axes changed.
        flat = np.hstack([part.T.copy().reshape(part.shape) for part in np.hsplit(kernel, gates)])
        found = today(layer(kind, kernel.shape, recurrent.shape, bias, units=5), [flat, turned, biases.reshape(-1)])
        assert np.array_equal(found[0], kernel)
        assert np.array_equal(found[1], recurrent)
        assert np.allclose(found[2], biases.sum(axis=0) if kind == "LSTM" else biases)


@pytest.mark.parametrize("theano", [False, True])
def test_a_convolution_of_keras_1_with_channels_first(theano: bool) -> None:
    kernel = random(3, 2, 4, 6)
    made = layer("Conv2D", kernel.shape, (6,), data_format="channels_first")
    found, _ = today(made, [kernel.transpose(3, 2, 0, 1), random(6)], keras1=True, theano=theano)
    assert np.array_equal(found, kernel[::-1, ::-1] if theano else kernel)


def test_square_kernels_are_turned_as_well() -> None:
    kernel = random(3, 3, 3, 3)
    made = layer("Conv2D", kernel.shape, data_format="channels_first")
    assert np.array_equal(today(made, [kernel.transpose(3, 2, 0, 1)], keras1=True)[0], kernel)
    made = layer("Conv2D", kernel.shape, data_format="channels_last")
    assert np.array_equal(today(made, [kernel], keras1=True)[0], kernel)


def test_a_one_dimensional_convolution_of_keras_1_is_an_image() -> None:
    kernel = random(3, 4, 6)
    made = layer("Conv1D", kernel.shape, data_format="channels_last")
    assert np.array_equal(today(made, [kernel[:, None]], keras1=True)[0], kernel)
    assert np.array_equal(today(made, [kernel[:, None].transpose(3, 2, 0, 1)], keras1=True)[0], kernel)


def test_a_deconvolution_of_keras_1() -> None:
    kernel = random(3, 2, 6, 4)
    made = layer("Conv2DTranspose", kernel.shape, data_format="channels_last")
    assert np.array_equal(today(made, [kernel.transpose(0, 1, 3, 2)], keras1=True)[0], kernel)
    made = layer("Conv2DTranspose", kernel.shape, data_format="channels_first")
    assert np.array_equal(today(made, [kernel.transpose(2, 3, 0, 1)], keras1=True)[0], kernel)


def stored(name: str, values: Any) -> Array:
    return Array(name, values.shape, lambda: values)


def dense(name: str, *shapes: tuple[int, ...]) -> Part:
    return Part(layer("Dense", *shapes), name)


def test_weights_go_to_layers_by_name_whatever_their_order() -> None:
    one, other = random(4, 4), random(4, 4)
    parts = [dense("a", (4, 4)), dense("b", (4, 4))]
    found = fit(parts, Stored({"b": (stored("b/kernel:0", other),), "a": (stored("a/kernel:0", one),)}))
    assert found[0][1] is one and found[1][1] is other


def test_weights_of_a_model_inside_go_by_name_and_else_in_the_order_of_the_file() -> None:
    kernels = [random(4, 4) for _ in range(2)]
    model = Part(layer("Functional", (4, 4)), "core", (dense("x", (4, 4)), dense("y", (4, 4))))
    for names, order in ((("y/kernel:0", "x/kernel:0"), (1, 0)), (("p/kernel:0", "q/kernel:0"), (0, 1))):
        arrays = tuple(stored(name, values) for name, values in zip(names, kernels, strict=True))
        found = fit([model], Stored({"core": arrays}))
        assert [values is kernels[place] for (_, values), place in zip(found, order, strict=True)] == [True, True]


def test_what_does_not_fit_is_named() -> None:
    parts = [dense("a", (4, 4))]
    kernel = stored("k", random(4, 4))
    for layers, message in (
        ({"a": (stored("a/kernel:0", random(4, 5)),)}, "the weights of 'a' have the shapes"),
        ({"a": (kernel,), "b": (kernel,)}, "weights of 'b', which the model does not have"),
        ({"a": ()}, "the file holds no weights of 'a'"),
    ):
        with pytest.raises(Misfit, match=message):
            fit(parts, Stored(layers))


def test_a_small_file_that_says_it_is_huge_is_not_read() -> None:
    huge = Array("a/kernel", (10**6, 10**6), lambda: pytest.fail("it is read"))
    with pytest.raises(Misfit, match="holds 1,000,000,000,000 numbers, the model has 16"):
        Stored({"a": (huge,)}).demand_size(16)


def write_group(file: Any, names: list[str]) -> Any:
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = [b"a"]
    group.create_group("a").attrs["weight_names"] = [name.encode() for name in names]
    return group["a"]


def test_nothing_outside_of_the_file_is_read(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["kernel"] = random(2)
    (tmp_path / "secret.bin").write_bytes(bytes(8))
    for number, message in ((0, "does not have 'kernel'"), (1, "does not have 'kernel'"), (2, "in another one")):
        with h5py.File(tmp_path / "model.h5", "w") as file:
            group = write_group(file, ["kernel"])
            if number == 0:
                group["kernel"] = h5py.ExternalLink("secret.h5", "/kernel")
            elif number == 1:
                group["kernel"] = h5py.SoftLink("/elsewhere")
            else:
                external = [(str(tmp_path / "secret.bin"), 0, 8)]
                group.create_dataset("kernel", (2,), "float32", external=external)
        with pytest.raises(Misfit, match=message), hdf5.open_stored(tmp_path / "model.h5"):
            pass
