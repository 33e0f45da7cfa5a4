"""Names for functions, parameters and loop variables: what they mean, as far as steps tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kscaffold.factor.program import Step, StepKind, every_step
from kscaffold.factor.unify import Unified
from kscaffold.naming import identifier
from kscaffold.saved.tree import Listing, Object, Plain, Text, Tree, Variable

ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax")
SHORT = {
    "Conv1D": "conv", "Conv2D": "conv", "Conv3D": "conv", "BatchNormalization": "bn", "DepthwiseConv2D": "depthwise",
    "SeparableConv2D": "separable_conv", "LayerNormalization": "norm", "MultiHeadAttention": "attention",
    "Conv2DTranspose": "upconv", "UpSampling2D": "upsample", "ZeroPadding2D": "pad", "Dropout": "dropout",
    "MaxPooling2D": "pool", "AveragePooling2D": "pool", "GlobalAveragePooling2D": "pool", "Dense": "dense",
}  # fmt: skip
# What numbers in names count, where the word before them does not say so.
COUNTED = {"conv": "stage", "pool": "stage", "block": "block", "stage": "stage", "mixed": "block", "unit": "unit"}
LOOP_WORDS = ("block", "stage", "unit", "level", "cell", "layer", "head", "scale", "group")


def unique(wanted: str, taken: Iterable[str]) -> str:
    """A name that is not taken."""
    listed = set(taken)
    name, number = wanted, 2
    while name in listed:
        name, number = f"{wanted}{number}", number + 1
    return name


def function_word(steps: Sequence[Step]) -> str:
    """What a function is called that applies steps."""
    listed = list(every_step(steps))
    listed = [step for step in listed if step.kind is not StepKind.LOOP]
    classes = [step.class_name for step in listed]
    last = [step for step in steps if step.class_name not in ACTIVATIONS]
    ends = last[-1].class_name if last else ""
    merges = [step for step in steps if len(set(step.reads())) > 1]
    if "MultiHeadAttention" in classes:
        return "transformer_block" if classes.count("Dense") > 1 or any("Dense" == name for name in classes) else "attention"
    if ends in ("Multiply", "*") and len(listed) <= 10 and not any(one.class_name == "Add" for one in merges):
        if any("Pooling" in name for name in classes):
            return "squeeze_excite"
        return "gate"
    if ends in ("Add", "+") or any(step.class_name in ("Add", "+") for step in merges[-1:]):
        return "residual_block"
    if ends == "Concatenate":
        return "inception_block" if len(set(last[-1].reads())) > 2 else "dense_block"
    called = [step.class_name for step in listed if step.kind is StepKind.INVOKE]
    named = [SHORT.get(name, identifier(_snake(name), "layer")) for name in classes if name not in ACTIVATIONS]
    if not called and len(named) <= 3 and named:
        return "_".join(dict.fromkeys(named)) if len(set(named)) < len(named) or len(named) < 4 else "block"
    if any(name == "DepthwiseConv2D" for name in classes):
        return "depthwise_block"
    if any("Conv" in name for name in classes) or called:
        return "conv_block" if not called else "stage" if len(steps) > len(called) * 2 else "block"
    return "block"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def parameter_names(unified: Unified, asked: Iterable[int], taken: Iterable[str]) -> dict[int, str]:
    """A name for each variable that is asked for of steps that become a function."""
    used = set(taken)
    names = {}
    for index in asked:
        key = unified.keys[index]
        wanted = key if unified.owners[index] else "name" if key == "name" else COUNTED.get(key, key or "index")
        wanted = "repeats" if wanted in ("last", "count") else "first" if wanted == "first" else wanted
        wanted = "settings" if wanted == "rows" else wanted
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
        if step.uid == unified.places[index] and isinstance(step.callee, Object):
            name = dict(step.callee.keywords).get("name")
            if isinstance(name, Text) and name.parts and isinstance(name.parts[-1], str):
                words = re.findall(r"[A-Za-z]+", name.parts[-1])
                return words[-1].lower() if words else ""
    return ""


def loop_names(unified: Unified, asked: Iterable[int], taken: Iterable[str]) -> dict[int, str]:
    """A name for each variable of a loop that is asked for."""
    used = set(taken)
    names = {}
    for index in asked:
        key = unified.keys[index]
        if unified.owners[index]:
            wanted = {"last": "repeats", "count": "repeats", "first": "first", "rows": "settings"}.get(key, key)
        elif key == "name":
            wanted = "name"
        elif all(isinstance(value, Text) for value in unified.columns[index]):
            wanted = "letter" if all(len(_text(value)) == 1 for value in unified.columns[index]) else "name"
        else:
            wanted = COUNTED.get(key, key if key in LOOP_WORDS else "i")
        name = unique(identifier(wanted, "value"), used) if wanted != "i" else next(
            letter for letter in (*"ijk", *(f"i{n}" for n in range(2, 100))) if letter not in used
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
            steps = {two - one for one, two in zip(numbers, numbers[1:])}
            if len(steps) == 1 and (step := steps.pop()) and (step == 1 or len(numbers) > 2):
                ends = (("first", Plain(numbers[0])), ("last", Plain(numbers[-1])))
                return Object("range", ends if step == 1 else (*ends, ("step", Plain(step))), 3)
        letters = [_text(value) for value in column]
        plain = all(isinstance(value, Text) and not any(isinstance(part, Variable) for part in value.parts) for value in column)
        if plain and all(len(letter) == 1 for letter in letters):
            return Plain("".join(letters))
        return Listing("()", column)
    return Listing("()", tuple(Listing("()", row) for row in zip(*columns)))
