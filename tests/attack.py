"""Random requests, damaged files and kills: `python -m tests.attack --requests 15000 --files 2200 --kills 430`.

Nothing may go wrong but in the ways that the contract knows: an exit code of its own, one message on one line, nothing
written, and never code that somebody has smuggled in through a text. `tests/test_attack.py` runs a few of each.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kscaffold.cli import run

GOLDEN = Path(__file__).resolve().parent / "golden"
SAVED = sorted((GOLDEN / "saved").glob("*.json"))  # of Keras 3, and old ones
SPECS = sorted((GOLDEN / "specs").glob("*.yaml"))
MARK = "pwned"  # code that calls this was a text
TEXTS = (
    '"); pwned(); ("',
    "'; pwned() #",
    '"""\npwned()\n"""',
    "{{ pwned() }}",
    "system",
    "pwned",
    "{% pwned %}",
    "\\",
    "\n",
    "\0",
    "\x1b[31m",
    "\ud800",
    "é𝒳\u202e",
    "9" * 5000,
    "(" * 3000,
    "[" * 300,
    "a" * 5000,
    "../../outside",
    "/outside",
    "__import__('os')",
    "lambda: pwned()",
    "x" + "-1" * 400,
    "1e400",
    "-0",
    "nan",
    "None",
    "class",
    "keras",
    "self",
    "%s%n",
    "$(pwned)",
    "`pwned`",
    "",
    " ",
)
PIECES = (
    *"units rate factor activation kernel bias Dense(8, relu) Conv2D LSTM ops.add -> x2 ( ) , : = 16 8,8,3".split(),
    *"int float str tuple layer initializer regularizer relu glorot_uniform 0 1 -1 2**31 1_000 input_dim".split(),
    *(
        "inputs: ",
        "outputs: ",
        "{",
        "}",
        "[",
        "]",
        "'",
        '"',
        "#",
        "\t",
        " ",
        "a, b",
        "x[:, 0]",
        "x[0].1",
        "*",
        "&a",
        "!!",
    ),
    *TEXTS,
)


class Broken(AssertionError):
    """The contract was broken; says by what."""


def attempt(arguments: list[str], folder: Path) -> tuple[int, str, str]:
    """Runs a command in a folder: what it ends with, what it prints, what it says of errors."""
    out, errors = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace"), io.StringIO()
    before = os.getcwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            exit_code = run(arguments)
    finally:
        os.chdir(before)
    out.flush()
    return exit_code, out.buffer.getvalue().decode("utf-8"), errors.getvalue()  # type: ignore[attr-defined]


def contents(folder: Path) -> dict[str, bytes]:
    """The files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def demand(arguments: list[str], folder: Path) -> int:
    """Runs a command, and holds what it did against the contract.

    Raises:
        Broken: It was broken.
    """
    before = contents(folder)
    exit_code, out, errors = attempt(arguments, folder)
    after = contents(folder)
    shown = f"kscaffold {' '.join(map(ascii, arguments))[:2000]}\n{out[-2000:]}\n{errors[-2000:]}"
    if exit_code not in (0, 2, 3, 4):
        raise Broken(f"exit code {exit_code}: {shown}")
    if "itself failed" in errors or "Traceback" in errors:
        raise Broken(shown)
    if exit_code and after != before:
        raise Broken(f"{sorted({*after} ^ {*before})} after a failure: {shown}")
    lines = errors.splitlines() if "--debug" not in arguments else []
    if exit_code and "--json" not in arguments and not any(line.startswith("error: ") for line in lines):
        raise Broken(f"no error: {shown}")
    strange = [line for line in lines if not line.isprintable() or len(line) > 5000]
    if strange:
        raise Broken(f"{strange[0]!r} is not for a terminal: {shown}")
    made = {name for name in {*after} - {*before} if name.endswith(".py")}
    for name in made:
        demand_harmless(after[name].decode("utf-8"), f"{name}: {shown}", f"{MARK}.py" in made)
    return exit_code


def demand_harmless(text: str, shown: str, is_named_so: bool = False) -> None:
    """Holds generated code against what it may do: no text has become code in it; a module may be named as a text."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Name(name) | ast.Attribute(attr=name), args=[], keywords=[]):
                smuggled = name == MARK
            case ast.Import(names):
                smuggled = any(alias.name == MARK for alias in names)
            case ast.ImportFrom(module):
                smuggled = module == MARK and not is_named_so
            case _:
                smuggled = False
        if smuggled:
            raise Broken(f"a text became code: {shown}\n{text}")


# ---- Requests


def random_text(source: random.Random) -> str:
    """Something that a user might type, or that somebody else would."""
    return "".join(source.choice(PIECES) + source.choice(("", " ", ", ")) for _ in range(source.randint(1, 6)))


def random_flag(source: random.Random, flags: tuple[str, ...]) -> list[str]:
    """A flag with a text, half of the time one that is nearly right."""
    examples = {
        "--arg": (
            "units:int=8",
            "rate:float=0.5",
            "units",
            "activation=relu",
            "factor:regularizer",
            "sizes:tuple=(1,2)",
        ),
        "--weight": ("kernel: input_dim, units", "bias: 8, zeros", "scale: input_dim, ones"),
        "--state": ("count: 1, zeros", "mean: input_dim"),
        "--sublayer": ("hidden = Dense(units, relu)", "drop = Dropout(0.1)", "other = my.layers:Own(3)"),
        "--input-shape": ("16", "8,8,3", "6:int32", "(4,)"),
        "--input": ("x=16", "image=(8,8,3)", "ids=6:int32"),
        "--node": ("hidden: x -> Dense(8, relu)", "y: (hidden, x) -> Concatenate"),
        "--output": ("y: x -> Dense(1)", "hidden"),
        "--set": ("units=8", "width=2"),
        "--package": ("mine", "my.package"),
        "--template": ("dense", "attention", "mlp", "layer/dense"),
        "--style": ("functional", "sequential", "subclassed"),
        "--output-dir": ("sub", "a/b"),
        "--diagram": ("a.svg", "b.md"),
    }
    flag = source.choice(flags)
    text = source.choice(examples.get(flag, ("8",)))
    kind = source.random()
    if kind < 0.3:
        text = random_text(source)
    elif kind < 0.5:
        place = source.randrange(len(text) + 1)
        text = text[:place] + source.choice(PIECES) + text[place + source.randint(0, 3) :]
    return [flag, text.replace("\0", "")]  # which no argument can hold


def random_request(source: random.Random, folder: Path) -> list[str]:
    """A command line without a check."""
    name = source.choice(("MyDense", "my-model", "Foo", "thing2", "GRUCell", "x")) if source.random() < 0.7 else None
    name = (random_text(source) if name is None else name).replace("\0", "")
    kind = source.choice(("layer", "layer", "model", "pipeline", "pipeline", "spec", "settings", "new", "show"))
    common = ("--package", "--template", "--output-dir", "--input-shape")
    if kind == "layer":
        flags = ("--arg", "--weight", "--state", "--sublayer", "--input-shape", *common)
        command = ["layer", name, *source.sample(("--training", "--mask", "--loss", "--seed"), source.randint(0, 2))]
    elif kind == "model":
        flags, command = ("--set", "--style", "--diagram", *common), ["model", name]
    elif kind == "new":
        flags, command = ("--package", "--model", "--description", "--author", "--license"), ["new", name, "--no-input"]
        command += ["--no-git"]
    elif kind == "show":
        return ["show", name]
    else:
        flags = ("--input", "--node", "--output", "--set", "--style", *common)
        command = ["pipeline", name]
        if kind == "pipeline" and source.random() < 0.6:
            command.append(random_chain(source))
        elif kind == "spec":
            (folder / "spec.yaml").write_bytes(damaged(source.choice(SPECS).read_bytes(), source))
            command.append("spec.yaml")
        else:
            (folder / "pyproject.toml").write_bytes(random_settings(source))
    for _ in range(source.randint(0, 3)):
        command += random_flag(source, flags)
    return [
        *command,
        "--no-check",
        *source.sample(("--json", "--dry-run", "--diff", "--force", "-q"), source.randint(0, 1)),
    ]


def random_chain(source: random.Random) -> str:
    """A chain of layers, most of them right."""
    parts = [source.choice(("16", "(28, 28, 1)", "6:int32", random_text(source)))]
    layers = ("Dense(8, relu)", "Dense(4) x2", "Flatten", "Dropout(0.1)", "ops.abs", "ops.add(1)", "Reshape((4, 4))")
    for _ in range(source.randint(0, 5)):
        parts.append(source.choice(layers) if source.random() < 0.8 else random_text(source))
    return " -> ".join(parts).replace("\0", "")


def random_settings(source: random.Random) -> bytes:
    """A `pyproject.toml` as a stranger might have left it."""
    keys = ("package", "layers", "models", "pipelines", "tests", "style", "backend", "templates", "python", "odd")
    values = ("a/b", "src", "../x", ".git/hooks", "/etc", *TEXTS)
    lines = ["[project]", 'name = "thing"', "[tool.kscaffold]"]
    for key in source.sample(keys, source.randint(1, 4)):
        value = source.choice(values)
        lines.append(f"{key} = {json.dumps(value) if source.random() < 0.8 else value}")
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    return damaged(text, source) if source.random() < 0.3 else text


# ---- Files


def damaged(content: bytes, source: random.Random) -> bytes:
    """A file in which some bytes were lost, doubled, or put in from elsewhere."""
    for _ in range(source.randint(0, 4)):
        first = source.randrange(len(content) + 1)
        last = min(len(content), first + source.choice((0, 1, 3, 20, 200)))
        piece = source.choice(
            (b"", content[first:last] * 2, source.choice(PIECES).encode("utf-8", "surrogatepass"), source.randbytes(4))
        )
        content = content[:first] + piece + content[last:]
    return content


def mutated(tree: Any, source: random.Random, depth: int = 0) -> Any:
    """A config in which one thing is another: of a wrong type, taken from elsewhere, gone, or there twice."""
    if isinstance(tree, (dict, list)) and tree and (depth < 2 or source.random() < 0.8):
        key = source.choice(list(tree)) if isinstance(tree, dict) else source.randrange(len(tree))
        if source.random() < 0.1:
            tree = dict(tree) if isinstance(tree, dict) else list(tree)
            del tree[key]
            return tree
        changed = dict(tree) if isinstance(tree, dict) else list(tree)
        changed[key] = mutated(tree[key], source, depth + 1)  # type: ignore[index]
        return changed
    others = (None, True, -1, 0, 3, 10**400, 1.5, float("nan"), [], {}, [[]], {"class_name": "__lambda__"}, *TEXTS)
    return source.choice((source.choice(others), [tree, tree], {"config": tree}, str(tree)))


def random_file(source: random.Random, folder: Path) -> list[str]:
    """A command that reads the damaged file of a model."""
    path = source.choice(SAVED)
    content = path.read_bytes()
    if source.random() < 0.3:
        content = damaged(content, source)
    else:
        tree = json.loads(content)
        for _ in range(source.randint(1, 3)):
            tree = mutated(tree, source)
        content = json.dumps(tree).encode()
    (folder / "model.json").write_bytes(content)
    style = source.choice(([], [], ["--flat"], ["--style", "subclassed"], ["--to-spec"]))
    return ["from", "model.json", "--no-check", "--allow-stubs", *style]


# ---- Kills


def kill_one(source: random.Random, folder: Path) -> int:
    """Kills a command at some time; the next one finds all of it or nothing.

    Raises:
        Broken: It finds a part.
    """
    (folder / "pyproject.toml").write_text('[tool.kscaffold]\nlayers = "pkg"\ntests = "tests"\n')
    (folder / "pkg").mkdir()
    (folder / "pkg" / "__init__.py").touch()
    before = contents(folder)
    command = [sys.executable, "-m", "kscaffold", "layer", "Gate", "--no-check"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(source.uniform(0, 0.6))
        process.send_signal(signal.SIGKILL)
    exit_code, out, errors = attempt(["layer", "Other", "--no-check"], folder)
    if exit_code:
        raise Broken(f"after a kill: {out}{errors}")
    attempt(["undo"], folder)
    after = contents(folder)
    whole = {*before, "pkg/gate.py", "tests/test_gate.py"}
    if after != before and not ({*after} == whole and b"Gate" in after["pkg/__init__.py"]):
        raise Broken(f"a part was left: {sorted(after)}")
    return int(after != before)


def repeat(count: int, seed: int, make: Callable[[random.Random, Path], list[str]] | None, title: str) -> Counter[int]:
    """Tries something many times, each in a folder of its own; counts what it ended with.

    Raises:
        Broken: The contract was broken; says how to do it again.
    """
    ends: Counter[int] = Counter()
    for number in range(seed, seed + count):
        source = random.Random(number)
        folder = Path(tempfile.mkdtemp(prefix="kscaffold-attack-"))
        place = folder / "work"
        place.mkdir()
        try:
            ends[kill_one(source, place) if make is None else demand(make(source, place), place)] += 1
            beside = [name for name in os.listdir(folder) if name != "work"]
            if beside:
                raise Broken(f"{beside} was written outside of the folder")
        except Exception as error:
            raise Broken(f"{title} --seed {number} --count 1: {type(error).__name__}: {error}") from error
        finally:
            shutil.rmtree(folder)
    return ends


KINDS = {"requests": random_request, "files": random_file, "kills": None}


def main() -> None:
    """Tries as many as are asked for, and prints what they ended with; stops at the first that breaks the contract."""
    parser = argparse.ArgumentParser(description=__doc__)
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=0, help="the first of N seeds")
    parser.add_argument("--go-on", action="store_true", help="go on after what breaks the contract")
    given = parser.parse_args()
    home = tempfile.mkdtemp(prefix="kscaffold-attack-home-")
    os.environ |= {"XDG_STATE_HOME": f"{home}/state", "XDG_CONFIG_HOME": f"{home}/config"}
    for kind, make in KINDS.items():
        count, ends = getattr(given, kind), Counter[int]()
        for seed in range(given.seed, given.seed + count):
            try:
                ends += repeat(1, seed, make, kind)
            except Broken as error:
                print(re.sub(r"\s*\n", "\n    ", str(error))[:3000], flush=True)
                ends[-1] += 1
                if not given.go_on:
                    sys.exit(1)
        if count:
            print(f"{kind}: {count} tried; ended with {dict(sorted(ends.items()))}", flush=True)
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
