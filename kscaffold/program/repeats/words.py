"""Names for functions, parameters and loop variables: what they mean, as far as steps tell."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from kscaffold.base.naming import identifier, unique
from kscaffold.program.repeats.texts import Column
from kscaffold.program.repeats.unify import Unified
from kscaffold.program.steps import layer_names
from kscaffold.program.tree import Object, Plain, plain_text
from kscaffold.program.value import Step, StepKind, every_step

ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax")
SHORT = {
    "Conv1D": "conv", "Conv2D": "conv", "Conv3D": "conv", "BatchNormalization": "bn",
    "DepthwiseConv2D": "depthwise_conv", "SeparableConv2D": "separable_conv", "LayerNormalization": "norm",
    "MultiHeadAttention": "attention", "Conv2DTranspose": "upconv", "UpSampling2D": "upsample", "ZeroPadding2D": "pad",
    "Dropout": "dropout", "MaxPooling2D": "pool", "AveragePooling2D": "pool", "GlobalAveragePooling2D": "pool",
    "Dense": "dense",
}  # fmt: skip
BLOCKS = ("_block", "_residual", "_cell", "stage")
MANY_BRANCHES = 4
MOST_WORDS = 3
# What numbers in names count, where the word before them does not say so.
COUNTED = {"conv": "stage", "pool": "stage", "block": "block", "stage": "stage", "mixed": "block", "unit": "unit"}
# What a part of a loop is called that differs from one loop to the next.
OF_LOOPS = {"last": "repeats", "count": "repeats", "start": "first", "over": "letters", "rows": "settings"}
PLAIN_WORDS = ("conv", "bn", "dense", "fc", "relu", "norm", "dwconv", "x", "a", "b")
MODULE_NAMES = {"keras", "layers", "ops", "np"}
# What variables of values are called in functions.
RESERVED = {*MODULE_NAMES, "x", "skip", "other", "further", "shortcut", "outputs"}
LOOP_WORDS = ("block", "stage", "unit", "level", "cell", "layer", "head", "scale", "group")


def function_words(steps: Sequence[Step]) -> list[str]:
    """What a function may be called that applies steps, the best first."""
    listed = [step for step in every_step(steps) if step.kind not in (StepKind.LOOP, StepKind.IF)]
    classes = [step.class_name for step in listed]
    invoked = [step.class_name for step in listed if step.kind is StepKind.INVOKE]
    branches = any(step.kind is StepKind.IF for step in steps)
    steps = [inner for step in steps for inner in (step.body if step.kind is StepKind.IF else (step,))]
    real = [step for step in steps if step.class_name not in ACTIVATIONS and step.kind is not StepKind.LOOP]
    merge = next((step for step in reversed(real) if len(set(step.reads())) > 1), None)
    blocks = sum(name.rstrip("0123456789").endswith(BLOCKS) for name in invoked)
    if blocks and (any(step.kind is StepKind.LOOP for step in steps) or 2 * blocks >= len(classes) > 2):
        return ["stage", "wide_stage", "deep_stage"]
    if merge is not None and len(set(merge.reads())) >= MANY_BRANCHES and invoked:
        kind = layer_word(listed)
        return [f"{kind}_cell" if kind else "cell", "wide_cell"]
    if "MultiHeadAttention" in classes:
        return ["transformer_block"] if "Dense" in classes or invoked else ["attention_block", "self_attention"]
    if merge is not None and merge.class_name in ("Multiply", "*") and merge is real[-1] and len(listed) <= 10:
        return ["squeeze_excite" if any("Pooling" in name for name in classes) else "gate"]
    weighs = bool(invoked) or any("Conv" in name or name == "Dense" for name in classes)
    if merge is not None and merge.class_name in ("Add", "+") and weighs:
        kept = branches or any(ref.source < 0 for ref in merge.reads())
        if "DepthwiseConv2D" in classes or any("depthwise" in name for name in invoked):
            return ["inverted_residual", "residual_block"]
        return ["residual_block", "identity_block"] if kept else ["projection_block", "residual_projection"]
    if merge is not None and merge.class_name == "Concatenate":
        many = len(set(merge.reads())) > 2
        if many:
            return ["inception_block", "mixed_block", "reduction_block"]
        if any(name.startswith("UpSampling") or name.endswith("Transpose") for name in classes):
            return ["up_block", "decoder_block"]
        outside = {ref.source for ref in merge.reads() if ref.source < 0}
        return ["dense_block", "concat_block"] if outside == {-1} else ["concat_block", "merge_block"]
    return [*_listed_words(listed), *_general_words(listed)]


def _listed_words(steps: Sequence[Step]) -> list[str]:
    """What a function may be called that applies a few layers: their names in a row."""
    named = [
        SHORT.get(step.class_name, identifier(_snake(step.class_name), "layer"))
        for step in steps
        if step.class_name not in ACTIVATIONS
    ]
    half = len(named) // 2
    twice = half > 0 and named == named[:half] * 2
    words = named[:half] if twice else named
    blocks = any(word.endswith(BLOCKS) for word in words)
    invokes = any(step.kind is StepKind.INVOKE for step in steps)
    if not words or len(words) != len(set(words)) or len(words) > (2 if invokes else MOST_WORDS) or blocks:
        return []
    if "depthwise_conv" in words and len(words) > 2:
        return []
    joined = f"{'double_' if twice else ''}{'_'.join(words)}"
    first, last = (_activation(step) if len(words) == 1 else "" for step in (steps[0], steps[-1]))
    return [joined, *([f"{first}_{joined}"] if first else []), *([f"{joined}_{last}"] if last else [])]


def _general_words(steps: Sequence[Step]) -> list[str]:
    """What a function may be called that applies many layers."""
    classes = [step.class_name for step in steps]
    if "ZeroPadding2D" in classes or any(name.startswith("strided") for name in classes):
        return ["strided_block", "reduce"]
    if "DepthwiseConv2D" in classes:
        return ["depthwise_block", "separable_block"]
    if any("conv" in name.lower() for name in classes):
        return ["conv_block", "wide_conv_block"]
    return ["block", "unit", "section"]


def _activation(step: Step) -> str:
    """The function of an activation, if a step is one."""
    if step.class_name not in ACTIVATIONS or not isinstance(step.callee, Object):
        return ""
    value = dict(step.callee.keywords).get("activation")
    return identifier(str(value.value), "activation") if isinstance(value, Plain) else _snake(step.class_name)


def layer_word(steps: Sequence[Step]) -> str:
    """The word that most names of layers begin with, if it says more than their classes."""
    parts = [part for name in layer_names(steps) for part in name.parts[:1] if isinstance(part, str)]
    first = [re.split(r"[^a-z]", part.lower())[0] for part in parts]
    of_classes = {*PLAIN_WORDS, *(word for name in SHORT.values() for word in name.split("_"))}
    telling = [word for word in first if len(word) > 2 and word not in of_classes]
    word, times = Counter(telling).most_common(1)[0] if telling else ("", 0)
    return word if 2 * times >= len(telling) > 2 else ""


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("re_lu", "relu")


def parameter_names(unified: Unified) -> dict[int, str]:
    """A name for each variable that is asked for of steps that become a function, by its number."""

    def wanted(column: Column, used: set[str]) -> str:
        key = (
            column.key if column.owner else "name" if column.is_text else COUNTED.get(column.key, column.key or "index")
        )
        word = OF_LOOPS.get(key, key)
        longer = f"{_last_word(unified, column)}_{word}".lstrip("_")
        return longer if word in used and longer not in used else word

    return _names(unified, wanted, RESERVED)


def loop_names(unified: Unified, taken: Iterable[str]) -> dict[int, str]:
    """A name for each variable of a loop that is asked for, by its number."""

    def wanted(column: Column, used: set[str]) -> str:
        if column.owner:
            return OF_LOOPS.get(column.key, column.key)
        if column.is_text or column.key == "name":
            letters = column.key != "name" and all(len(plain_text(value)) == 1 for value in column.known)
            return "letter" if letters else "name"
        word = COUNTED.get(column.key, column.key if column.key in LOOP_WORDS else "")
        return word or next(letter for letter in (*"ijk", *(f"i{n}" for n in range(2, 100))) if letter not in used)

    return _names(unified, wanted, {*taken, *MODULE_NAMES, "x"})


def _names(unified: Unified, wanted: Callable[[Column, set[str]], str], taken: Iterable[str]) -> dict[int, str]:
    used = set(taken)
    names = {}
    for index in unified.asked:
        names[index] = unique(identifier(wanted(unified.columns[index], used), "value"), used)
        used.add(names[index])
    return names


def _last_word(unified: Unified, column: Column) -> str:
    """The last word of the name of the layer that takes what differs."""
    step = next((step for step in every_step(unified.steps) if step.uid == column.place), None)
    if step is None:
        return ""
    last = next((part for name in layer_names([step])[:1] for part in name.parts[-1:]), None)
    words = [word.lower() for word in re.findall(r"[A-Za-z]+", last)] if isinstance(last, str) else []
    telling = [word for word in words if word not in PLAIN_WORDS] or words
    return telling[-1] if telling else step.class_name.partition("_")[0] if step.kind is StepKind.INVOKE else ""
