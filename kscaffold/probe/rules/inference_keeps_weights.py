"""A call at inference leaves the weights as they are.

Moving averages that are updated at inference too make predictions depend on what was predicted before. `training` says
whether they may change.

Bad:

    def call(self, inputs):
        self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(inputs, axis=0))
        return inputs - self.mean

Good:

    def call(self, inputs, training=None):
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(inputs, axis=0))
        return inputs - self.mean
"""

from ..subject import SEED_STATE, Defects, Subject, own_path

ID = "KS510"
SEVERITY = "warning"
DOING = "is called at inference and its weights are compared"
FAILURE = "cannot be called at inference"
REQUIRES = ("KS201", "KS204")
CAUSES = ("KS506", "KS401", "KS301", "KS210")
FIX = "Take training=None in call(), and assign to weights only if training."


def check(subject: Subject) -> Defects:
    """Looks at what a call with training=False changes but seeds."""
    changed = [own_path(item) for item in subject.changed_at_inference if SEED_STATE not in item.path]
    if changed:
        yield f"a call with training=False changes {', '.join(changed)}"
