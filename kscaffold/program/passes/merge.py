"""Functions that are the same but for a few steps as one function, which leaves those out unless asked for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kscaffold.program.passes.derive import derive
from kscaffold.program.passes.instances import holds, instance
from kscaffold.program.passes.layout import Layout, Segment
from kscaffold.program.passes.unify import Unified, unify
from kscaffold.program.tree import Object, Plain, Ref, Tree, Variable
from kscaffold.program.value import Step, StepKind

Call = tuple[int, Mapping[str, Tree]]


def flag_word(steps: Sequence[Step], kept: bool) -> str:
    """What a parameter is called that asks for steps.

    Args:
        steps: The steps.
        kept: Whether a merging layer takes what they give beside what they were given.
    """
    classes = [step.class_name for step in steps]
    if any(name in ("Add", "+") for name in classes):
        return "residual"
    if any(name == "Concatenate" for name in classes):
        return "concatenate"
    for words, found in (
        (("ZeroPadding", "Cropping"), "pad"), (("Dropout",), "dropout"), (("Pooling",), "pool"),
        (("UpSampling",), "upsample"), (("squeeze_excite",), "squeeze"),
    ):  # fmt: skip
        if any(name.startswith(words) or name.endswith(words) or words[0] in name for name in classes):
            return found
    if any("conv" in name.lower() or name == "Dense" for name in classes):
        return "project" if kept else "expand"
    if classes and classes[0] in ("Activation", "ReLU"):
        return "activate"
    return "normalize" if "BatchNormalization" in classes else "extra"


def unify_calls(layout: Layout, calls: Sequence[Call]) -> Unified:
    """The whole with variables for all that differs between the calls of two functions.

    Args:
        layout: The whole.
        calls: For each call, which of the two it calls, and with what arguments.

    Raises:
        CannotUnify: The calls differ in more than values.
    """
    inner = iter(step for step in layout.whole for step in (step.body if step.kind is StepKind.IF else (step,)))
    whole = {pair: next(inner) for segment in layout.segments for pair in segment.pairs}
    windows: list[list[Step | None]] = []
    there: dict[Segment, list[bool]] = {segment: [] for segment in layout.segments}
    for side, arguments in calls:
        window: list[Step | None] = []
        for segment in layout.segments:
            group = layout.flats[side].groups[segment.pairs[0][side] or 0] if segment.has(side) else None
            present = segment.has(side) and (group is None or holds(group.callee, arguments))
            there[segment].append(present)
            for pair in segment.pairs:
                place = pair[side]
                made = (
                    instance(layout.flats[side].steps[place], whole[pair], arguments)
                    if present and place is not None
                    else None
                )
                window.append(made)
        windows.append(window)
    unified = unify(windows, {}, split=False, closed=True)
    rates = {segment: _rate(unified, there[segment]) for segment in layout.segments if segment.optional}
    derive(unified)
    steps = iter(unified.steps)
    made_steps = []
    optional = iter(segment for segment in layout.segments if segment.optional)
    for step in layout.whole:
        if step.kind is StepKind.IF:
            segment = next(optional)
            body = tuple(next(steps) for _ in step.body)
            condition = rates[segment] or _condition(unified, there[segment], body, layout)
            made_steps.append(replace(step, callee=condition, body=body))
        else:
            made_steps.append(next(steps))
    unified.steps = tuple(made_steps)
    return unified


def _rate(unified: Unified, there: Sequence[bool]) -> Tree | None:
    """That a rate is more than nothing, where steps are there in the calls alone that have one."""
    for index, column in enumerate(unified.columns):
        if unified.keys[index] != "rate" or [value is not None for value in column] != list(there):
            continue
        if all(
            value is None or (isinstance(value, Plain) and isinstance(value.value, float) and value.value > 0)
            for value in column
        ):
            unified.columns[index] = tuple(Plain(0.0) if value is None else value for value in column)
            return Object("more", (("value", Variable(f"?{index}")), ("than", Plain(0))))
    return None


def _condition(unified: Unified, there: Sequence[bool], body: Sequence[Step], layout: Layout) -> Tree:
    """When steps are there: where strides are large, or where a parameter of its own says so."""
    for index, column in enumerate(unified.columns):
        numbers = [value.value for value in column if isinstance(value, Plain) and type(value.value) is int]
        if unified.keys[index] == "strides" and len(numbers) == len(column):
            with_it = [number for number, here in zip(numbers, there) if here]
            without = [number for number, here in zip(numbers, there) if not here]
            if with_it and without and min(with_it) > max(without):
                return Object("more", (("value", Variable(f"?{index}")), ("than", Plain(max(without)))))
    flags = tuple(Plain(here) for here in there)
    known = next((index for index, column in enumerate(unified.columns) if column == flags), None)
    if known is None:
        condition = next(step for step in layout.whole if step.kind is StepKind.IF and step.body[0].uid == body[0].uid)
        merged = any(len(set(step.reads())) > 1 and Ref(condition.uid) in list(step.reads()) for step in layout.whole)
        known = len(unified.columns)
        unified.columns.append(flags)
        unified.keys.append(flag_word(body, merged))
        unified.owners.append("flag")
        unified.places.append(body[0].uid)
    return Variable(f"?{known}")
