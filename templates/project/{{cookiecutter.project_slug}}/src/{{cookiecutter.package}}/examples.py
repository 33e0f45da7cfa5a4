"""Examples as NumPy arrays: read from a file, or made up so that the project runs without one."""

import csv
import math
import zipfile
from dataclasses import dataclass

import numpy as np

FACTORS = 4  # hidden causes behind each made-up example
NOISE = 0.1
STEPS = 20  # length of made-up sequences, if the model takes any


@dataclass(frozen=True)
class Field:
    """An array with one row for each example.

    Args:
        name: Its name in files.
        shape: The shape of one row; `None` for a size that may differ from file to file.
        dtype: The type of its numbers.
        below: The number that whole numbers must be less than.
        copies: The input that it is a copy of, for a model that reproduces its input.
    """

    name: str
    shape: tuple
    dtype: str = "float32"
    below: int | None = None
    copies: str | None = None

    @property
    def is_whole(self):
        return np.issubdtype(np.dtype(self.dtype), np.integer)


# What the model takes and what it should return, in the order of its inputs and outputs.
INPUTS = (
{% for field in cookiecutter._inputs %}
    Field({{ field }}),
{% endfor %}
)
TARGETS = (
{% for target in cookiecutter._targets %}
    Field({{ target.field }}),
{% endfor %}
)


class UsageError(ValueError):
    """Arguments or data that cannot be used; the message says why in one sentence."""


class DataError(UsageError):
    """A file that cannot be used."""


def stored_fields():
    """The fields that a file must have."""
    return [field for field in (*INPUTS, *TARGETS) if field.copies is None]


def read_examples(path):
    """Reads a `.npz` file with an array for each field, or a `.csv` file with columns for them.

    A field of one number is a column with its name, `label`; one of several is numbered columns, `image_0`, `image_1`.

    Args:
        path: The file.

    Returns:
        Arrays by the names of the fields.

    Raises:
        DataError: The file cannot be read, or does not hold what the model needs.
    """
    readers = {".npz": _read_npz, ".csv": _read_csv}
    if path.suffix not in readers:
        raise DataError(f"{path}: a file of examples is .npz or .csv")
    try:
        found = readers[path.suffix](path)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # a damaged file may raise anything
        raise DataError(f"{path}: it is damaged or no {path.suffix} file ({error})") from error
    examples = {field.name: _checked(field, found[field.name], path) for field in stored_fields()}
    counts = {name: len(rows) for name, rows in examples.items()}
    if len(set(counts.values())) > 1:
        raise DataError(f"{path}: the arrays differ in their number of rows: {counts}")
    if not counts[INPUTS[0].name]:
        raise DataError(f"{path}: there are no examples in it")
    return _with_copies(examples)


def make_examples(count, seed=0):
    """Makes up examples: hidden factors determine the targets and, with some noise, the inputs.

    The rule is always the same; another seed draws other examples of it.
    """
    rule = np.random.default_rng(0)
    draws = np.random.default_rng((seed, 1))
    factors = draws.normal(size=(count, FACTORS))
    examples = {field.name: _view(field, factors, rule, draws) for field in INPUTS}
    for field in TARGETS:
        if field.copies is None:
            examples[field.name] = _decide(field, factors, examples, rule)
    return _with_copies(examples)


def _with_copies(examples):
    copies = {field.name: examples[field.copies] for field in TARGETS if field.copies}
    return {**examples, **copies}


def _read_npz(path):
    if not zipfile.is_zipfile(path):
        path.open("rb").close()  # raises if it is missing, which is another problem
        raise DataError(f"{path}: it is no .npz file")
    with np.load(path, allow_pickle=False) as archive:
        for field in stored_fields():
            if field.name not in archive.files:
                known = ", ".join(archive.files) or "none"
                raise DataError(f"{path}: there is no array {field.name!r}; there are: {known}")
        return {field.name: _array(archive, field.name, path) for field in stored_fields()}


def _array(archive, name, path):
    try:
        return archive[name]
    except ValueError:  # objects, which could run any code when they are loaded
        raise DataError(f"{path}: {name!r} holds Python objects, which are no numbers") from None


def _read_csv(path):
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        header = [name.strip() for name in next(rows, [])]
        columns = {field.name: _columns(field, header, path) for field in stored_fields()}
        numbers = []
        for row in rows:
            if not row:
                continue
            if len(row) != len(header):
                raise DataError(f"{path}:{rows.line_num}: {len(row)} values in {len(header)} columns")
            try:
                numbers.append([float(value) for value in row])
            except ValueError:
                wrong = next(name for name, value in zip(header, row, strict=True) if not _is_number(value))
                raise DataError(f"{path}:{rows.line_num}: no number in column {wrong!r}") from None
    table = np.array(numbers, dtype="float64").reshape(len(numbers), len(header))
    found = {}
    for field in stored_fields():
        shape = tuple(len(columns[field.name]) if size is None else size for size in field.shape)
        found[field.name] = table[:, columns[field.name]].reshape(len(table), *shape)
    return found


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _columns(field, header, path):
    """The indices of the columns of a field."""
    if math.prod(size or 0 for size in field.shape) == 1:
        names = [field.name]
    elif None in field.shape:
        names = [f"{field.name}_{index}" for index in range(len(header)) if f"{field.name}_{index}" in header]
        names = names or [f"{field.name}_0"]
    else:
        names = [f"{field.name}_{index}" for index in range(math.prod(field.shape))]
    for name in names:
        if header.count(name) != 1:
            problem = "more than one" if name in header else "no"
            raise DataError(f"{path}: there is {problem} column {name!r}; the columns are: {_shortened(header)}")
    if f"{field.name}_{len(names)}" in header:
        raise DataError(f"{path}: {field.name!r} has more than {len(names)} columns")
    return [header.index(name) for name in names]


def _shortened(names):
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "") or "none"


def _checked(field, rows, path):
    """The rows of a field in its dtype, if they have its shape and are numbers that it can hold."""
    where = f"{path}: {field.name!r}"
    if rows.dtype.kind not in "biuf":
        raise DataError(f"{where} holds {rows.dtype}, which is no number")
    fits = rows.ndim == 1 + len(field.shape) and all(
        wanted in (None, size) for wanted, size in zip(field.shape, rows.shape[1:], strict=True)
    )
    if not fits:
        raise DataError(f"{where} has rows of shape {rows.shape[1:]} instead of {field.shape}")
    if not np.isfinite(rows).all():
        row = int(np.argwhere(~np.isfinite(rows))[0][0])
        raise DataError(f"{where} holds a number that is not finite, in row {row}")
    if field.is_whole and not np.array_equal(rows, np.floor(rows)):
        raise DataError(f"{where} holds numbers that are not whole")
    if field.below is not None and rows.size and not (rows.min() >= 0 and rows.max() < field.below):
        raise DataError(f"{where} holds numbers outside 0 to {field.below - 1}")
    return rows.astype(field.dtype)


def _view(field, factors, rule, draws):
    """What an input shows of the factors."""
    shape = tuple(size or STEPS for size in field.shape)
    if not field.is_whole:
        patterns = rule.normal(size=(FACTORS, *shape))
        if len(shape) > 1:  # an image is also brighter or darker as a whole
            patterns += rule.normal(size=(FACTORS, *(1,) * (len(shape) - 1), shape[-1]))
        rows = np.tensordot(factors, patterns, axes=1) / math.sqrt(FACTORS)
        return (rows + NOISE * draws.normal(size=rows.shape)).astype(field.dtype)
    places = math.prod(shape)
    seen = factors[:, rule.integers(FACTORS, size=places)] + NOISE * draws.normal(size=(len(factors), places))
    highest = min(field.below or 16, 16) - 1  # few ids, so that each is seen often; 0 is reserved for padding
    ids = np.minimum(1 + np.floor(_squash(seen) * highest), highest)
    return ids.reshape(len(factors), *shape).astype(field.dtype)


def _decide(field, factors, examples, rule):
    """The values of a target that follow from the factors."""
    shape = tuple(size or STEPS for size in field.shape)
    if field.below is None:
        return np.tanh(np.tensordot(factors, rule.normal(size=(FACTORS, *shape)), axes=1)).astype(field.dtype)
    for source in INPUTS:
        if len(shape) > 1 and source.shape[: len(shape)] == field.shape:  # a label for each pixel of an image
            brightness = examples[source.name].reshape(len(factors), *shape, -1).mean(axis=-1)
            return np.floor(_squash(brightness) * field.below).astype(field.dtype)
    scores = np.tensordot(factors, rule.normal(size=(FACTORS, *shape, field.below)), axes=1)
    return scores.argmax(axis=-1).astype(field.dtype)


def _squash(values):
    """Numbers from a normal distribution, spread over 0 to 1."""
    return 1 / (1 + np.exp(-1.7 * values))
