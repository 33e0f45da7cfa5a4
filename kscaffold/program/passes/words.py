"""Names for functions, parameters and loop variables: what they mean, as far as steps tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from kscaffold.base.naming import identifier, unique
from kscaffold.program.passes.unify import Unified
from kscaffold.program.tree import Listing, Object, Plain, Text, Tree, Variable
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
    names = [step.callee.keywords if isinstance(step.callee, Object) else step.kwargs for step in steps]
    texts = [value for pairs in names for _, value in pairs if isinstance(value, Text)]
    first = [re.split(r"[^a-z]", part.lower())[0] for text in texts for part in text.parts[:1] if isinstance(part, str)]
    of_classes = {*PLAIN_WORDS, *(word for name in SHORT.values() for word in name.split("_"))}
    telling = [word for word in first if len(word) > 2 and word not in of_classes]
    word, times = Counter(telling).most_common(1)[0] if telling else ("", 0)
    return word if 2 * times >= len(telling) > 2 else ""


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("re_lu", "relu")


def parameter_names(unified: Unified, asked: Iterable[int], taken: Iterable[str]) -> dict[int, str]:
    """A name for each variable that is asked for of steps that become a function."""
    used = set(taken)
    names = {}
    for index in asked:
        key = unified.keys[index]
        text = all(isinstance(value, Text) for value in unified.column(index))
        wanted = key if unified.owners[index] else "name" if text else COUNTED.get(key, key or "index")
        wanted = OF_LOOPS.get(wanted, wanted)
        if wanted in used:
            word = _suffix(unified, index)
            wanted = f"{word}_{wanted}" if word and f"{word}_{wanted}" not in used else wanted
        name = unique(identifier(wanted, "value"), used)
        used.add(name)
        names[index] = name
    return names


def _suffix(unified: Unified, index: int) -> str:
    """The last word of the name of the layer that takes a variable."""
    for step in every_step(unified.steps):
        if step.uid == unified.places[index]:
            pairs = step.callee.keywords if isinstance(step.callee, Object) else step.kwargs
            name = next((value for _, value in pairs if isinstance(value, Text)), None)
            if isinstance(name, Text) and name.parts and isinstance(name.parts[-1], str):
                words = [word.lower() for word in re.findall(r"[A-Za-z]+", name.parts[-1])]
                telling = [word for word in words if word not in PLAIN_WORDS] or words
                if telling:
                    return str(telling[-1])
            if step.kind is StepKind.INVOKE:
                return step.class_name.partition("_")[0]
    return ""


def loop_names(unified: Unified, asked: Iterable[int], taken: Iterable[str]) -> dict[int, str]:
    """A name for each variable of a loop that is asked for."""
    used = set(taken)
    names = {}
    for index in asked:
        key = unified.keys[index]
        if unified.owners[index]:
            wanted = OF_LOOPS.get(key, key)
        elif key == "name":
            wanted = "name"
        elif all(isinstance(value, Text) for value in unified.column(index)):
            wanted = "letter" if all(len(_text(value)) == 1 for value in unified.column(index)) else "name"
        else:
            wanted = COUNTED.get(key, key if key in LOOP_WORDS else "i")
        name = (
            unique(identifier(wanted, "value"), used)
            if wanted != "i"
            else next(letter for letter in (*"ijk", *(f"i{n}" for n in range(2, 100))) if letter not in used)
        )
        used.add(name)
        names[index] = name
    return names


def _text(value: Tree) -> str:
    return "".join(str(part) for part in value.parts) if isinstance(value, Text) else ""


def iterable(columns: Sequence[tuple[Tree, ...]], rounds: int) -> Tree:
    """What a loop goes over: a range, the letters of a word, or a table."""
    if not columns:
        return Object("range", (("count", Plain(rounds)),), 1)
    if len(columns) == 1:
        column = columns[0]
        numbers = [value.value for value in column if isinstance(value, Plain) and type(value.value) is int]
        if len(numbers) == len(column):
            steps = {two - one for one, two in pairwise(numbers)}
            if len(steps) == 1 and (step := steps.pop()) and (step == 1 or len(numbers) > 2):
                ends = (("first", Plain(numbers[0])), ("last", Plain(numbers[-1])))
                return Object("range", ends if step == 1 else (*ends, ("step", Plain(step))), 3)
        letters = [_text(value) for value in column]
        plain = all(
            isinstance(value, Text) and not any(isinstance(part, Variable) for part in value.parts) for value in column
        )
        if plain and all(len(letter) == 1 for letter in letters):
            return Plain("".join(letters))
        return Listing("()", column)
    if len(columns) == 2 and is_counted(columns[0]) != is_counted(columns[1]):
        counted, others = columns if is_counted(columns[0]) else columns[::-1]
        over = iterable([others], rounds)
        if isinstance(over, Plain):  # letters
            return Object("enumerate", (("over", over), ("start", counted[0])), 1)
    return Listing("()", tuple(Listing("()", row) for row in zip(*columns)))


def is_counted(column: Sequence[Tree]) -> bool:
    """Whether a column counts on from a number."""
    numbers = [value.value for value in column if isinstance(value, Plain) and type(value.value) is int]
    return len(numbers) == len(column) and all(two - one == 1 for one, two in pairwise(numbers))
