"""The shape of what a layer gives for its example inputs, followed through its sublayers."""

from kscaffold.base.place import Place, located
from kscaffold.program.tree import Object
from kscaffold.spec.layer.body import Step, StepKind
from kscaffold.spec.layer.spec import LayerSpec
from kscaffold.spec.shapes.inference import infer
from kscaffold.spec.shapes.shape import Shape, evaluate_size, fill_pattern


def follow_steps(spec: LayerSpec) -> Shape | None:
    """The shape behind all steps, without the batch axis; `None` where only Keras knows.

    Raises:
        RequestError: A sublayer cannot take what comes before it.
    """
    shapes: tuple[Shape | None, ...] = (_start(spec),)
    if spec.merges:
        shapes = tuple(item.shape for item in spec.inputs)
    masked = not spec.manifest.own_body and not spec.joins
    for step in spec.steps:
        if (
            masked
            and step.sublayer is not None
            and step.sublayer.signature.name == "Softmax"
            and len(shapes[0] or ()) > 1
        ):
            problem = "Softmax takes the mask of a sequence that it is given for one of its own, of another shape."
            raise Place(f"the sublayer {step.name!r}").error(problem, "Write Activation(softmax).")
        masked = masked and step.sublayer is not None and step.keeps_steps  # what is no layer takes no mask along
        if step.kind is StepKind.MATMUL and step.features is not None and shapes[0]:
            shapes = ((*shapes[0][:-1], evaluate_size(step.features, spec.values)),)
        elif step.sublayer is not None:
            shapes = (_behind(step, shapes, spec),)
    return shapes[0]


def _start(spec: LayerSpec) -> Shape | None:
    """What the first step takes, unless it takes a list."""
    if spec.manifest.output is not None:
        return fill_pattern(spec.manifest.output, spec.values)
    first = spec.call.own_shape(spec.inputs[0].shape)
    if not spec.concatenates:
        return first
    last = spec.values["input_dim"]
    return (*first[:-1], last if isinstance(last, int) else None)


def _behind(step: Step, shapes: tuple[Shape | None, ...], spec: LayerSpec) -> Shape | None:
    """What a sublayer makes of shapes; one that the constructor is given is taken to be its example."""
    assert step.sublayer is not None
    call = step.sublayer.call
    if call is None:
        example = next(item.example_value for item in spec.arguments if item.name == step.name)
        if not isinstance(example, Object):
            return shapes[0]  # it is left out
        call = example
    with located(Place(f"the sublayer {step.name!r}")):
        for _ in range(call.repeat):
            shapes = (infer(call, shapes * step.sublayer.inputs, spec.values).shape,)
    return shapes[0]
