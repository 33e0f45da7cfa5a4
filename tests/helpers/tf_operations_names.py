"""The operations of `tf_operations.py` that Keras 3 has nothing for: they become stubs."""

WITHOUT_LIKE = (
    "binary_multiply_no_nan_array", "binary_xlogy_array", "bitwise", "boolean", "complex", "cumulative", "einsum",
    "fft", "per_image", "switch",
)  # fmt: skip
