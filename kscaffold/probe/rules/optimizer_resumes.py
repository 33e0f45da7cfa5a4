"""What an optimizer remembers is in its variables, so that a saved training goes on as if it had never stopped.

`model.save` writes the variables of an optimizer that `add_variable…` made. What stands in other attributes begins anew
in the loaded one.

Bad:

    def build(self, variables):
        super().build(variables)
        self.momenta = Momenta(variables)  # an object that Keras does not look into

Good:

    def build(self, variables):
        super().build(variables)
        self.momenta = self.add_optimizer_variables(variables, "momentum")
"""

from .. import toy
from ..arrays import difference, numbers
from ..classes import Class
from ..subject import COMPILED, Defects

ID = "KS732"
KINDS = ("optimizer",)
DOING = "is saved, and trains on"
FAILURE = "cannot be saved and loaded"
REQUIRES = ("KS301", "KS731")
AT = ("build", "__init__")
FIX = "Make what it remembers in build() by self.add_optimizer_variables(variables, name) or self.add_variable(…)."
STEPS = 3


def check(subject: Class) -> Defects:
    """Takes the same step by an optimizer and by one that was rebuilt and given the variables."""
    inputs, targets = toy.problem()
    first, second = toy.model(), toy.model()
    optimizer = subject.make()
    first.compile(optimizer, "mse", run_eagerly=True)
    for _ in range(STEPS):
        first.train_on_batch(inputs, targets)
    resumed = subject.rebuilt(optimizer)
    resumed.build(second.trainable_variables)
    if len(resumed.variables) != len(optimizer.variables):
        yield f"after some steps it has {len(optimizer.variables)} variables, when built {len(resumed.variables)}"
        return
    for new, old in zip(resumed.variables, optimizer.variables, strict=True):
        new.assign(old)
    second.set_weights(first.get_weights())
    second.compile(resumed, "mse", run_eagerly=True)
    for model in (first, second):
        model.train_on_batch(inputs, targets)
    if changed := difference(numbers(first.trainable_weights), numbers(second.trainable_weights), COMPILED):
        yield f"rebuilt and given its variables, it takes another step: {changed}"
