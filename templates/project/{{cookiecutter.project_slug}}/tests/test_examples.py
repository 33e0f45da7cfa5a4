"""Tests of the examples, both made up and read from files."""

import csv

import numpy as np
import pytest

from {{ cookiecutter.package }}.examples import INPUTS, TARGETS, DataError, make_examples, read_examples, stored_fields


@pytest.fixture
def examples():
    made = make_examples(12)
    return {field.name: made[field.name] for field in stored_fields()}


def write_npz(path, arrays):
    np.savez(path, **arrays)
    return path


def write_csv(path, arrays):
    columns = {}
    for name, rows in arrays.items():
        flat = rows.reshape(len(rows), -1)
        for index in range(flat.shape[1]):
            columns[f"{name}_{index}" if flat.shape[1] > 1 else name] = flat[:, index]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def test_made_up_examples_fit_the_fields():
    examples = make_examples(12)
    for field in (*INPUTS, *TARGETS):
        rows = examples[field.name]
        assert rows.dtype == field.dtype
        assert len(rows) == 12
        assert all(wanted in (None, size) for wanted, size in zip(field.shape, rows.shape[1:], strict=True))
        if field.below is not None:
            assert 0 <= rows.min() <= rows.max() < field.below


def test_made_up_examples_are_always_the_same():
    for name, rows in make_examples(12).items():
        np.testing.assert_array_equal(rows, make_examples(12)[name])
    assert any(not np.array_equal(rows, make_examples(12, seed=1)[name]) for name, rows in make_examples(12).items())


@pytest.mark.parametrize(("write", "name"), [(write_npz, "examples.npz"), (write_csv, "examples.csv")])
def test_files_are_read(tmp_path, examples, write, name):
    found = read_examples(write(tmp_path / name, examples))
    assert set(found) == {field.name for field in (*INPUTS, *TARGETS)}
    for key, rows in examples.items():
        np.testing.assert_allclose(found[key], rows, rtol=1e-6)


def test_a_bad_file_is_reported(tmp_path, examples):
    name = INPUTS[0].name
    rows = examples[name]
    wrong = {
        "no array": {key: array for key, array in examples.items() if key != name},
        "instead of": examples | {name: np.stack([rows, rows], axis=-1)},
        "no number": examples | {name: np.full(rows.shape, "a")},
        "not finite": examples | {name: np.full(rows.shape, np.nan)},
    }
    if len(examples) > 1:
        wrong["differ in their number"] = examples | {name: rows[:-1]}
    for message, arrays in wrong.items():
        with pytest.raises(DataError, match=message):
            read_examples(write_npz(tmp_path / "wrong.npz", arrays))
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(DataError, match=r"no \.npz file"):
        read_examples(damaged)
    with pytest.raises(DataError, match="no examples"):
        read_examples(write_npz(tmp_path / "empty.npz", {key: array[:0] for key, array in examples.items()}))
    with pytest.raises(DataError, match="No such file"):
        read_examples(tmp_path / "missing.csv")
    with pytest.raises(DataError, match=r"\.npz or \.csv"):
        read_examples(tmp_path / "examples.parquet")


def test_a_bad_csv_file_is_reported_with_its_line(tmp_path, examples):
    path = write_csv(tmp_path / "examples.csv", examples)
    header, first, *rest = path.read_text().splitlines()
    second, *others = rest
    path.write_text("\n".join([header, first, ",".join(["x", *second.split(",")[1:]]), *others]))
    with pytest.raises(DataError, match=r"examples\.csv:3: no number in column"):
        read_examples(path)
    path.write_text("\n".join([header, first + ",1"]))
    with pytest.raises(DataError, match=r"examples\.csv:2: .* values in .* columns"):
        read_examples(path)
    path.write_text("other\n1")
    with pytest.raises(DataError, match="no column"):
        read_examples(path)
