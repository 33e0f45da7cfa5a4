"""Gets the config of a model out of a file that nobody vouches for: a zip, a folder, an HDF5 file, or JSON."""

import contextlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.saved.saved_model import GRAPH, METADATA, read_saved_model

LARGEST_CONFIG = 64 * 1024 * 1024  # bytes; the config of NASNetLarge has 1.5 MB
LARGEST_WORDS = 16 * 1024  # bytes of words that may stand in source
MOST_MEMBERS = 100_000
ASSETS, WORDS = "assets", "vocabulary.txt"
CONFIG, METADATA_OF_ZIP = "config.json", "metadata.json"
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
# What zipfile raises for archives that are damaged, or that ask for what it cannot do.
ZIP_ERRORS = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, KeyError, NotImplementedError, OSError,
    OverflowError, RuntimeError, ValueError,
)  # fmt: skip


def read_config(path: Path, shown: str) -> tuple[str, dict[str, Any]]:
    """The kind of a file or folder and the config of the model in it; messages name it as `shown`.

    Raises:
        RequestError: It is not a saved model, it is damaged, or it is larger than a config can be.
    """
    if not path.exists():
        raise RequestError("There is no such file.", where=shown)
    if path.is_dir():
        if not (path / CONFIG).is_file():
            if (path / GRAPH).is_file() or (path / METADATA).is_file():
                return "saved_model", checked(read_saved_model(path, shown), shown)
            raise RequestError(f"The folder has no {CONFIG}, and no {GRAPH}.", where=shown)
        return "folder", _parsed(_read(path / CONFIG, CONFIG, shown), shown)
    if not path.is_file():  # reading a pipe might wait for ever
        raise RequestError("This is neither a file nor a folder.", where=shown)
    start = _read(path, "The file", shown, most=8)
    if start == HDF5_MAGIC:
        text, told = _hdf5_text(path, shown)
        return "h5", {**told, **_parsed(text, shown)}
    if start.startswith(b"PK"):
        text, version = _zip_text(path, shown)
        return "keras", {"keras_version": version, **_parsed(text, shown)}
    if start.lstrip()[:1] in (b"{", b"\xef", b'"') or path.suffix == ".json":
        return "json", _parsed(_read(path, "The file", shown), shown)
    raise RequestError(
        "This is not a saved model.",
        hint="kscaffold reads .keras, .h5, architecture .json, and folders: of .keras, and SavedModels of tf.keras.",
        where=shown,
    )


def _read(path: Path, what: str, shown: str, most: int = LARGEST_CONFIG + 1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise RequestError(f"{what} cannot be read: {error.strerror}.", where=shown) from error


def _too_large(shown: str) -> RequestError:
    return RequestError(f"The config is larger than {LARGEST_CONFIG // 1024**2} MB.", where=shown)


def _damaged(shown: str, kind: str, error: BaseException) -> RequestError:
    reason = str(error).strip().splitlines()
    return RequestError(
        f"The {kind} is damaged: {reason[0][:200].rstrip('.') if reason else type(error).__name__}.",
        hint="Save the model again.",
        where=shown,
    )


def _zip_text(path: Path, shown: str) -> tuple[bytes, str]:
    """The config, and the version of Keras that wrote it; nothing is extracted, so no path is ever followed."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            if len(members) > MOST_MEMBERS:
                raise RequestError(f"The archive has {len(members)} members.", where=shown)
            if CONFIG not in members:
                raise RequestError(f"The archive has no {CONFIG}: it is no .keras file.", where=shown)
            # What the archive says of the size may be a lie, so the reading itself is limited.
            with archive.open(CONFIG) as member:
                text = member.read(LARGEST_CONFIG + 1)
            return text, _version(archive) if METADATA_OF_ZIP in members else ""
    except ZIP_ERRORS as error:
        raise _damaged(shown, "archive", error) from error


def _version(archive: zipfile.ZipFile) -> str:
    """The version of Keras that an archive says it was written by; empty if it says none that can be read."""
    with archive.open(METADATA_OF_ZIP) as member, contextlib.suppress(ValueError, RecursionError):
        metadata = json.loads(member.read(LARGEST_WORDS))
        return str(metadata.get("keras_version", "")) if isinstance(metadata, dict) else ""
    return ""


def read_words(path: Path, kind: str) -> dict[str, tuple[str, ...]]:
    """The words that lookup layers learned, by where their layer is in the model: `layers/string_lookup`.

    Words that are too many to stand in source are left out; so are those that cannot be read.
    """
    found: dict[str, tuple[str, ...]] = {}
    if kind == "keras":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.startswith(f"{ASSETS}/") and name.endswith(f"/{WORDS}"):
                    with contextlib.suppress(*ZIP_ERRORS), archive.open(name) as member:
                        found |= _words(name, member.read(LARGEST_WORDS + 1))
    elif kind == "folder":
        for file in sorted((path / ASSETS).rglob(WORDS)):
            if file.is_file() and file.stat().st_size <= LARGEST_WORDS:  # reading a pipe might wait for ever
                found |= _words(file.relative_to(path).as_posix(), file.read_bytes())
    return found


def _words(name: str, content: bytes) -> dict[str, tuple[str, ...]]:
    lines = content.decode("utf-8", "replace").splitlines() if len(content) <= LARGEST_WORDS else []
    while lines and not lines[-1]:
        lines.pop()
    return {name.removeprefix(f"{ASSETS}/").removesuffix(f"/{WORDS}"): tuple(lines)} if lines else {}


def _hdf5_text(path: Path, shown: str) -> tuple[bytes, dict[str, Any]]:
    """The config, and what else the file says of the model: the version of Keras, and what it was compiled with."""
    try:
        import h5py  # comes with Keras; nothing else needs it
    except ImportError as error:
        raise RequestError("h5py, which reads this file, is not installed.", where=shown) from error
    try:
        with h5py.File(path, "r") as file:
            if "model_config" not in file.attrs:
                raise RequestError(
                    "The file has no model_config: it holds weights alone.",
                    hint="Save the model itself: model.save('model.keras').",
                    where=shown,
                )
            identifier = file.attrs.get_id("model_config")
            if identifier.get_storage_size() > LARGEST_CONFIG:
                raise _too_large(shown)
            value = file.attrs["model_config"]
            told = _told(file.attrs)
    except RequestError:
        raise
    except Exception as error:  # h5py has no base class for what a damaged file makes it raise
        raise _damaged(shown, "HDF5 file", error) from error
    if not isinstance(value, str | bytes):
        raise RequestError("model_config is not text.", where=shown)
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value, told


def _told(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What an HDF5 file says of a model besides its config, as far as it can be read."""
    words = {key: attributes.get(key, b"") for key in ("keras_version", "training_config")}
    texts = {
        key: word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word) for key, word in words.items()
    }
    found: dict[str, Any] = {"keras_version": texts["keras_version"]}
    with contextlib.suppress(ValueError, RecursionError):
        found["training_config"] = json.loads(texts["training_config"])
    return found


def _parsed(text: bytes, shown: str) -> dict[str, Any]:
    if len(text) > LARGEST_CONFIG:
        raise _too_large(shown)
    try:
        config = json.loads(text)
        if isinstance(config, str):  # some people save model.to_json() by json.dump
            config = json.loads(config)
    except RecursionError as error:
        raise RequestError("The config is nested too deep.", where=shown) from error
    except ValueError as error:  # bad JSON and bad UTF-8 are both
        raise _damaged(shown, "config", error) from error
    return checked(config, shown)


def checked(config: Any, shown: str) -> dict[str, Any]:
    """A config, if it has the parts that every model's has."""
    if not isinstance(config, dict) or "class_name" not in config or not isinstance(config.get("config"), (dict, list)):
        raise RequestError("This is not the config of a Keras model.", where=shown)
    return config
