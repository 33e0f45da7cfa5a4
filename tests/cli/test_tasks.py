"""What people come for, in the words that they type: each gives the layer, model or class that was meant, whole."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from conftest import Kscaffold
from helpers.pages import README

# What is typed after `kscaffold`, and the template that it is to come from.
BY_NAME = {
    "layer SqueezeExcite": "layer/squeeze_excite",
    "layer LayerScale": "layer/layer_scale",
    "layer DropPath": "layer/drop_path",
    "layer StochasticDepth": "layer/drop_path",
    "layer RMSNorm": "layer/rms_norm",
    "layer SpectralNorm": "layer/spectral_norm",
    "layer SwiGLU": "layer/gated_linear",
    "layer GatedLinear": "layer/gated_linear",
    "layer SinusoidalPosition": "layer/sinusoidal_position",
    "layer RoPE": "layer/rotary_embedding",
    "layer GroupedQueryAttention": "layer/grouped_query_attention",
    "layer MoE": "layer/mixture_of_experts",
    "layer MixtureOfExperts": "layer/mixture_of_experts",
    "layer PatchEmbed": "layer/patch_embed",
    "layer ConvBlock": "layer/conv_block",
    "layer InvertedResidual": "layer/inverted_residual",
    "layer FiLM": "layer/film",
    "layer CrossAttention": "layer/cross_attention",
    "layer FourierFeatures": "layer/fourier_features",
    "layer MaskedSoftmax": "layer/masked_softmax",
    "layer AttentionPooling": "layer/attention_pooling",
    "layer QuantileHead": "layer/quantile_head",
    "layer PeepholeCell": "layer/peephole_cell",
    "layer VectorQuantizer": "layer/vector_quantizer",
    "layer GradientReversal": "layer/gradient_reversal",
    "model ViT": "model/vit",
    "model GPT": "model/gpt",
    "model ConvNeXt": "model/convnext",
    "model TCN": "model/tcn",
    "model DLRM": "model/dlrm",
    "model MMoE": "model/mmoe",
    "model Tabular": "model/tabular",
    "model Detector": "model/detector",
    "model ddpm_unet": "model/ddpm_unet",
    "model unet --set depth=3": "model/unet",
    "model GAN": "model/gan",
    "model Distillation": "model/distillation",
    "model Contrastive": "model/contrastive",
    "model Diffusion": "model/diffusion",
    "model MaskedAutoencoder": "model/masked_autoencoder",
    "loss Focal": "loss/focal",
    "loss Contrastive": "loss/contrastive",
    "loss QuantileLoss": "loss/quantile",
    "metric F1": "metric/f1",
    "metric CalibrationError": "metric/calibration_error",
    "metric TopKPerClass": "metric/top_k_per_class",
    "callback EmaWeights": "callback/ema_weights",
    "callback WarmupCosine": "callback/warmup_cosine",
    "callback GradientNorms": "callback/gradient_norms",
    "optimizer Yogi": "optimizer/yogi",
    "initializer Siren": "initializer/siren",
    "regularizer GroupLasso": "regularizer/group_lasso",
    "constraint Simplex": "constraint/simplex",
}
# What has no template is said in a line: bodies that are no chains.
DESCRIBED = (
    'layer Scale "inputs * gamma" --weight "gamma: input_dim, ones"',
    'layer Excite "inputs * gate" --arg ratio:int=4 --input-shape 12,12,8'
    ' --node "gate: inputs -> GlobalAveragePooling2D(keepdims=True)'
    ' -> Dense(input_dim // ratio, relu) -> Dense(input_dim, sigmoid)"',
    'layer Swish "down(ops.silu(gate(inputs)) * up(inputs))" --arg units:int=32 --sublayer "gate = Dense(units)"'
    ' --sublayer "up = Dense(units)" --sublayer "down = Dense(input_dim)"',
    'layer Causal "inputs + attend(x, x, use_causal_mask=True, attention_mask=mask)" --node "x: norm(inputs)"'
    ' --arg heads:int=2 --sublayer "attend = MultiHeadAttention(heads, 8)" --sublayer "norm = LayerNormalization()"'
    " --input-shape 8,16",
    'layer Highway --node "gate: Dense(input_dim, sigmoid)(inputs)"'
    ' --output "gate * Dense(input_dim, relu)(inputs) + (1 - gate) * inputs"',
    'layer Both --input query=8,16 --input context=6,16 --output "attend(query, context)"'
    ' --sublayer "attend = MultiHeadAttention(2, 8)"',
    'layer Ends --input x=16 --output "first: Dense(8)(x)" --output "second: Dense(4)(x)"',
    "pipeline Gated --input x=16 --input y=16"
    ' --output "z: ops.silu(x -> Dense(8)) * (y -> Dense(8, tanh)) -> Dense(1)"',
)


@pytest.mark.parametrize("command", BY_NAME)
def test_a_name_gives_what_it_says_with_nothing_left_to_write(kscaffold: Kscaffold, folder: Path, command: str) -> None:
    result = kscaffold(*command.split(), "--no-check", "--no-test")
    assert result.exit_code == 0, result
    assert f"from    {BY_NAME[command]}\n" in result.out and result.err == ""
    (module,) = folder.glob("*.py")
    # Networks and augmentations are there to be replaced, and say so.
    assert command.startswith("model") or "Edit here" not in module.read_text()


def cookbook() -> list[list[str]]:
    """The commands of the README's cookbook, without `kscaffold`."""
    block = README.partition("## Cookbook\n\n```sh\n")[2].partition("```")[0].replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in block.splitlines() if line.startswith("kscaffold ")]


def test_the_cookbook_has_ten_tasks_that_can_be_typed(kscaffold: Kscaffold, folder: Path) -> None:
    assert [f"# {number}. " in README for number in range(1, 11)] == [True] * 10
    for command in cookbook():
        more = ["--no-input", "--no-git"] if command[0] == "new" else []
        made = kscaffold(*command, *more, "--no-check")
        assert made.exit_code == 0 and made.err == "", made


@pytest.mark.keras
def test_all_of_them_pass_the_check(kscaffold: Kscaffold, folder: Path) -> None:
    commands = [*map(shlex.split, (*BY_NAME, *DESCRIBED)), *(made for made in cookbook() if made[0] != "new")]
    for number, (kind, name, *rest) in enumerate(commands):
        where = f"task_{number}"  # some have one name, and those of one module are registered under one
        made = kscaffold(kind, name, *rest, "--no-check", "--no-test", "--json", "-o", where, "--package", where)
        assert made.exit_code == 0, made
        (file,) = json.loads(made.out)["files"]
        assert kind == "model" or "Edit here" not in (folder / file["path"]).read_text(), name
    result = kscaffold("check", ".", "--strict", "--json", "--arg", "x=[[1.0, 0.0, 0.5, 0.0]]", "--arg", "y=[[1.0]]")
    document = json.loads(result.out)
    (run,) = document["runs"]
    found = {one["name"]: one["findings"] for file in run["files"] for one in file["classes"] if one["findings"]}
    assert found == {} and len(run["files"]) == len(commands)
    assert result.exit_code == 0, result
