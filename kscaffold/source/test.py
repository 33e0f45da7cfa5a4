"""Python source for the test beside a model."""

from collections.abc import Sequence

from kscaffold.program.text import literal
from kscaffold.spec.graph.value import Form
from kscaffold.spec.shapes.shape import Shape, show_shape

TestInput = tuple[Shape, str, int | None]
UNFIXED_SIZE = 7  # what a size is in a test where it is not fixed


def random_numbers(item: TestInput) -> str:
    """Source of random numbers for an input: its shape, its dtype, and what whole numbers are below."""
    shape, dtype, below = item
    sizes = ", ".join(["batch_size", *(str(UNFIXED_SIZE if size is None else size) for size in shape)])
    size = f"({sizes}{'' if shape else ','})"
    if dtype == "string":
        return f'np.full({size}, "text")'
    if below is not None or dtype == "bool":
        return f"generator.integers({2 if dtype == 'bool' else below}, size={size}).astype({literal(dtype)})"
    return f"generator.normal(size={size}).astype({literal('float32' if dtype == 'bfloat16' else dtype)})"


def batch_shapes(inputs: Sequence[TestInput], form: Form, names: Sequence[str], batch_size: int | None) -> str:
    """Source of the shapes that `build` takes, with an unknown batch size where none is fixed."""
    shapes = [show_shape(shape, batch_size) for shape, _, _ in inputs]
    if form is Form.DICT:
        return "{" + ", ".join(f"{literal(name)}: {shape}" for name, shape in zip(names, shapes)) + "}"
    return shapes[0] if form is Form.ONE else f"[{', '.join(shapes)}]"
