"""Python source for the test beside a model."""

from collections.abc import Sequence

from kscaffold.program.text import literal
from kscaffold.spec.graph.value import Form
from kscaffold.spec.shapes.shape import Shape, show_shape

TestInput = tuple[Shape, str, int | None]
UNFIXED_SIZE = 7  # what a size is in a test where it is not fixed


def random_inputs(items: Sequence[TestInput]) -> list[str]:
    """Source of random numbers or words for each input: its shape, its dtype, and what whole numbers are below.

    An array of words can be called on, and neither trained nor predicted with: they are tensors, and so are the numbers
    beside them, because Keras takes no arrays among tensors.
    """
    as_tensors = any(dtype == "string" for _, dtype, _ in items)
    return [_random_input(*item, as_tensors) for item in items]


def _random_input(shape: Shape, dtype: str, below: int | None, as_tensor: bool) -> str:
    sizes = ", ".join(["batch_size", *(str(UNFIXED_SIZE if size is None else size) for size in shape)])
    size = f"size=({sizes}{'' if shape else ','})"
    if dtype == "string":
        drawn = f'generator.choice(["some", "other", "words"], {size})'
    elif below is not None or dtype == "bool":
        drawn = f"generator.integers({2 if dtype == 'bool' else below}, {size})"
    else:
        drawn = f"generator.normal({size})"
        dtype = "float32" if dtype == "bfloat16" else dtype
    if as_tensor:
        return f"keras.ops.convert_to_tensor({drawn}, dtype={literal(dtype)})"
    return f"{drawn}.astype({literal(dtype)})"


def batch_shapes(inputs: Sequence[TestInput], form: Form, names: Sequence[str], batch_size: int | None) -> str:
    """Source of the shapes that `build` takes, with an unknown batch size where none is fixed."""
    shapes = [show_shape(shape, batch_size) for shape, _, _ in inputs]
    if form is Form.DICT:
        return "{" + ", ".join(f"{literal(name)}: {shape}" for name, shape in zip(names, shapes)) + "}"
    return shapes[0] if form is Form.ONE else f"[{', '.join(shapes)}]"
