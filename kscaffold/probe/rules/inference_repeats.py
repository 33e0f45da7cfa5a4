"""Two calls at inference on the same data, with the same variables, give the same.

What differs there comes from somewhere that Keras does not know: NumPy's random numbers, a Python counter. It is
neither saved nor seeded, and constant in a compiled model.

Bad:

    def call(self, inputs):
        return inputs + noise(inputs)  # a function of numpy.random

Good:

    def call(self, inputs, training=None):
        if not training:
            return inputs
        return inputs + keras.random.normal(ops.shape(inputs), seed=self.seed_generator)
"""

from ..subject import Defects, Subject

ID = "KS503"
DOING = "is called twice at inference"
REQUIRES = ("KS201", "KS204")
CAUSES = ("KS301", "KS401", "KS504", "KS506", "KS210")
FIX = "Draw random numbers by keras.random with a SeedGenerator of the layer, and keep what changes in weights."


def check(subject: Subject) -> Defects:
    """Calls a layer twice, with all variables as they were."""
    if subject.varies_at_inference:
        yield f"two calls on the same data with the same variables differ: {subject.varies_at_inference}"
