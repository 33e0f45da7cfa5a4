"""Models with an objective of their own: what they take, and that they learn, on Keras in few processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Kscaffold

from kscaffold.base.errors import ExitCode
from kscaffold.library.templates import Catalogue

TEMPLATES = [template.name for template in Catalogue().of_kind("model") if not template.is_spec]
SMALL = {  # on images of 8 by 8
    "gan": ("latent=4", "filters=4"),
    "diffusion": ("filters=4",),
    "contrastive": ("units=8", "projection=4"),
    "masked_autoencoder": ("patch_size=2", "units=8", "heads=2", "depth=1"),
}


def test_they_are_found_by_looking() -> None:
    assert sorted(TEMPLATES) == ["contrastive", "diffusion", "distillation", "gan", "masked_autoencoder"]


@pytest.mark.parametrize("style", ["functional", "sequential"])
def test_only_a_class_has_an_objective(kscaffold: Kscaffold, folder: Path, style: str) -> None:
    result = kscaffold("model", "gan", "--style", style)
    assert result.exit_code == ExitCode.USAGE
    assert f"only a subclassed model can, not a {style} one" in result.err
    assert not list(folder.rglob("*.py"))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--defer",), "--defer: model/gan"),
        (("--diagram", "gan.svg"), "--diagram: model/gan"),
        (("--set", "laten=8"), "Did you mean latent?"),
        (("--set", "latent=many"), "--set latent=many: The default of 'latent' is not of type int."),
        (("--set", "latent=0"), "--set latent=0: The default 0 of 'latent' must be positive."),
        (("--set", "image_shape=(8, 8)"), "3 positive whole numbers"),
        (("--set", "image_shape=(8, 0, 1)"), "3 positive whole numbers"),
    ],
)
def test_what_it_cannot_be_is_refused(kscaffold: Kscaffold, folder: Path, flags: tuple[str, ...], said: str) -> None:
    result = kscaffold("model", "gan", *flags)
    assert result.exit_code == ExitCode.USAGE and said in result.err


def test_pipelines_and_repositories_are_for_graphs(kscaffold: Kscaffold, folder: Path) -> None:
    pipeline = kscaffold("pipeline", "gan")
    assert pipeline.exit_code == ExitCode.USAGE and "Write kscaffold model NAME -t gan." in pipeline.err
    new = kscaffold("new", "thing", "--model", "gan", "--no-input")
    assert new.exit_code == ExitCode.USAGE and "model/gan says itself how it is trained" in new.err
    assert not (folder / "thing").exists()


def test_set_changes_the_defaults_and_the_shapes(kscaffold: Kscaffold, folder: Path) -> None:
    text = kscaffold(
        "model", "gan", "--no-check", "--stdout", "--set", "image_shape=(32, 32, 3)", "--set", "latent=16"
    ).out
    assert "image_shape=(32, 32, 3)" in text and "latent=16" in text and "(2, 32, 32, 3)" in text


def test_a_near_miss_is_no_mlp(kscaffold: Kscaffold, folder: Path) -> None:
    result = kscaffold("model", "diffuson")
    assert result.exit_code == ExitCode.USAGE and "Write -t diffusion" in result.err


@pytest.mark.parametrize("name", TEMPLATES)
def test_show_says_what_it_takes(kscaffold: Kscaffold, folder: Path, name: str) -> None:
    found = json.loads(kscaffold("show", f"model/{name}", "--json").out)["template"]
    assert found["styles"] == ["subclassed"] and found["arguments"] and not found["spec"]
    assert f"model/{name}" in kscaffold("list").out
    assert "Spec" not in kscaffold("show", f"model/{name}").out


def test_one_that_is_ejected_is_used(kscaffold: Kscaffold, folder: Path) -> None:
    assert kscaffold("eject", "model/gan", "-q").exit_code == ExitCode.DONE
    own = folder / ".kscaffold/templates/model/gan"
    assert sorted(path.name for path in own.iterdir()) == ["module.py.jinja", "template.toml", "test.py.jinja"]
    manifest = own / "template.toml"
    manifest.write_text(manifest.read_text().replace("latent:int=64", "latent:int=77"))
    assert "latent=77" in kscaffold("model", "gan", "--no-check", "--stdout").out
    (own / "test.py.jinja").unlink()
    assert kscaffold("model", "gan", "--no-check", "-q").exit_code == ExitCode.DONE
    assert "test_training_lowers_the_loss" in (folder / "test_gan.py").read_text()


@pytest.mark.keras
def test_the_strict_check_finds_nothing(kscaffold: Kscaffold, folder: Path) -> None:
    for name in TEMPLATES:
        settings = ("image_shape=(8, 8, 1)", *SMALL[name]) if name in SMALL else ()
        flags = [part for setting in settings for part in ("--set", setting)]
        assert kscaffold("model", name, "--no-check", "--no-test", "-q", *flags).exit_code == ExitCode.DONE
    result = kscaffold("check", "--strict", "--input-shape", "8,8,1", str(folder))
    assert result.exit_code == ExitCode.DONE, result.out
    assert "5 classes in 5 files: nothing found" in result.out


@pytest.mark.keras
def test_the_generated_tests_train_save_and_resume(kscaffold: Kscaffold, folder: Path) -> None:
    for name in TEMPLATES:
        assert kscaffold("model", name, "--no-check", "-q").exit_code == ExitCode.DONE
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.keras
def test_each_network_of_a_gan_gets_the_gradient_of_its_own_loss(
    kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = pytest.importorskip("keras")
    tensorflow = pytest.importorskip("tensorflow")
    assert kscaffold("model", "adversarial", "-t", "gan", "--no-check", "--no-test", "-q").exit_code == ExitCode.DONE
    monkeypatch.syspath_prepend(str(folder))
    import adversarial  # type: ignore[import-not-found]

    model = adversarial.Adversarial(image_shape=(8, 8, 1), latent=4, filters=4, seed=0)
    images = keras.random.uniform((6, 8, 8, 1), -1, 1, seed=1)
    model(images)
    state = keras.ops.convert_to_numpy(model.random_state).copy()
    with tensorflow.GradientTape() as tape:
        loss = model.compute_loss(images, None, model(images, training=True))
    variables = model.trainable_variables
    found = {id(variable): one for variable, one in zip(variables, tape.gradient(loss, variables), strict=True)}

    model.random_state.assign(state)
    noise = keras.random.normal((6, 4), seed=model.seed_generator)
    ones, zeros = keras.ops.ones((6, 1)), keras.ops.zeros((6, 1))
    with tensorflow.GradientTape() as tape:
        judged = model.discriminator(model.generator(noise))
        loss = model.crossentropy(ones, model.discriminator(images)) + model.crossentropy(zeros, judged)
    discriminator = model.discriminator.trainable_variables
    expected = list(zip(discriminator, tape.gradient(loss, discriminator), strict=True))
    with tensorflow.GradientTape() as tape:
        loss = model.crossentropy(ones, model.discriminator(model.generator(noise)))
    generator = model.generator.trainable_variables
    expected += zip(generator, tape.gradient(loss, generator), strict=True)

    assert len(expected) == len(variables)
    for variable, gradient in expected:
        assert float(keras.ops.max(keras.ops.abs(gradient))) > 0
        difference = keras.ops.max(keras.ops.abs(gradient - found[id(variable)]))
        assert float(difference) < 1e-6, variable.path
