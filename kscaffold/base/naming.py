"""Names of classes, modules and arguments: how one spelling gives the others, and which are refused."""

import builtins
import keyword
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from kscaffold.base.errors import RequestError, with_article

LONGEST_NAME = 80
SPELLING = "it is made of ASCII letters, digits and underscores, and starts with a small letter."

# Words that stay whole in a class name: `gru_cell` is `GRUCell`. Class names keep what their author typed.
WHOLE_WORDS = {
    word.lower(): word
    for word in (
        "AE BERT BPE CNN ConvNeXt CRF CTC DDPM DLRM DNN ELU FFN FFT FiLM FNN GAN GCN GeGLU GELU GLU GNN GPT GQA GRU IO"
        " KL LLM LSTM MFCC MHA ML MLP MMoE MoE MQA MSE NLP PCA RBF ReLU RL RMS RNN RoPE SELU SVD SVM SwiGLU TCN"
        " VAE ViT VQ VQVAE XL 1D 2D 3D"
    ).split()
}
# Modules that generated code, its tests or the tools around them import by name.
SHADOWED_PACKAGES = frozenset(
    (
        "absl black click conftest cookiecutter h5py hypothesis jax jaxlib jinja2 keras keras_hub keras_tuner"
        " kscaffold matplotlib mypy numpy pandas pip pkg_resources pyright pytest ruff scipy setup setuptools"
        " sklearn tensorboard tensorflow tests torch torchvision transformers wheel yaml"
    ).split()
)
# What the constructor of every layer takes.
BASE_ARGUMENTS = frozenset({"name", "dtype", "trainable", "activity_regularizer", "autocast"})
# Names that the generated methods use for themselves.
LOCAL_NAMES = frozenset(
    (
        "args batch_size cls config input_dim input_shape inputs keras kwargs losses mask ops outputs self"
        " shape states training"
    ).split()
)


@dataclass(frozen=True)
class ModuleName:
    """The two spellings of one name: `MyDense` and `my_dense`."""

    class_name: str
    module: str


def parse_module_name(text: str) -> ModuleName:
    """The class and module names for `MyDense`, `my_dense` or `my-dense`.

    Refuses what is not a name, is reserved by Python, or would shadow a module.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", text) or text[-1] in "-_":
        raise RequestError(
            f"{text!r} cannot be the name of a class and a module:"
            " a name is made of ASCII letters, digits and underscores, and starts with a letter.",
            hint=_suggestion(text),
            where="NAME",
        )
    if len(text) > LONGEST_NAME:
        hint = f"Use at most {LONGEST_NAME}."
        raise RequestError(f"The name is {len(text)} characters long.", hint=hint, where="NAME")
    if text.islower() or "-" in text:
        words = re.split(r"[-_]+", text.lower())
        class_name = to_class_name(text)
    else:
        words = split_words(text)
        class_name = "".join(part[:1].upper() + part[1:] for part in text.split("_"))
    name = ModuleName(class_name, "_".join(words))
    _refuse_taken(text, name)
    return name


def to_class_name(name: str) -> str:
    """The class name of a name in small letters: `residual_block` gives `ResidualBlock`."""
    return "".join(_capitalized(word) for word in re.split(r"[-_]+", name.lower()) if word)


def split_words(class_name: str) -> list[str]:
    """The words of a class name in small letters: `GRUCell` gives `gru`, `cell`."""
    words: list[str] = []
    for rest in class_name.split("_"):
        while rest:
            words.append(_first_word(rest))
            rest = rest[len(words[-1]) :]
    return [word.lower() for word in words]


def _first_word(text: str) -> str:
    for whole in sorted(WHOLE_WORDS.values(), key=len, reverse=True):
        follows = text[len(whole) :]
        if text.startswith(whole) and not whole.isupper() and not follows[:1].islower():
            return whole
    # A run of capitals is one word, up to the capital that begins the next; digits belong to the word before.
    match = re.match(r"[A-Z]+[0-9]*D?(?![a-z0-9])|[A-Z]?[a-z]+(?:[0-9]+D?(?![a-z]))?|[A-Z]+(?=[A-Z][a-z])", text)
    return match.group() if match else text[0]


def _capitalized(word: str) -> str:
    if word in WHOLE_WORDS:
        return WHOLE_WORDS[word]
    if re.fullmatch(r"[a-z]+[0-9]d", word):
        return word[:1].upper() + word[1:-1] + "D"
    return word[:1].upper() + word[1:]


def _suggestion(text: str) -> str:
    words = re.findall(r"[A-Za-z][A-Za-z0-9]*", text)
    proposal = "".join(word[:1].upper() + word[1:] for word in words) or "Dense"
    return f"For example: {proposal if proposal.startswith('My') else 'My' + proposal}."


def _refuse_taken(text: str, name: ModuleName) -> None:
    module, class_name = name.module, name.class_name
    hint = f"For example: My{class_name}."
    if keyword.iskeyword(module) or keyword.issoftkeyword(module):
        reason = f"{module!r} is a Python keyword."
    elif hasattr(builtins, class_name) or hasattr(builtins, module):
        reason = f"{(class_name if hasattr(builtins, class_name) else module)!r} is a Python builtin."
    elif module in sys.stdlib_module_names:
        reason = f"a module {module!r} would shadow the one of Python's standard library."
    elif module in SHADOWED_PACKAGES:
        reason = f"a module {module!r} would shadow the package {module!r}."
    elif module.startswith("test_") or module.endswith("_test"):
        reason, hint = f"pytest would take {module}.py for a file of tests.", "Leave out the word 'test'."
    elif re.match(r"Test(?![a-z])", class_name):
        reason = f"pytest would take the class {class_name} for a class of tests."
    else:
        return
    raise RequestError(f"{text!r} cannot be used: {reason}", hint=hint, where="NAME")


@dataclass(frozen=True)
class ProjectName:
    """The three spellings of a project's name: `my-project`, `my_project` and `My Project`."""

    slug: str
    package: str
    title: str


def parse_project_name(text: str, package: str | None = None) -> ProjectName:
    """The names of a repository for `MyProject`, `my_project` or `my-project`; its package may have another name.

    Refuses what is not a name, is reserved by Python, or would shadow a module.
    """
    name = _project_part(text, "NAME")
    slug = name.replace("_", "-")
    module = name if package is None else _project_part(package, "--package")
    return ProjectName(slug, module, " ".join(word[:1].upper() + word[1:] for word in slug.split("-")))


def _project_part(text: str, where: str) -> str:
    """A name in small letters, if a package can have it."""
    try:
        module = parse_module_name(text).module
    except RequestError as error:
        words = [part.lower() for part in re.findall(r"[A-Za-z][a-z0-9]*", text)] or ["project"]
        proposal = "-".join(words if words[:1] == ["my"] else ["my", *words][:5])
        message = error.message.replace("the name of a class and a module", "the name of a package")
        hint = error.hint if error.hint and not error.hint.startswith("For example") else f"For example: {proposal}."
        raise RequestError(message, hint=hint.replace("-", "_") if where != "NAME" else hint, where=where) from None
    if module != module.strip("_") or "__" in module:
        raise RequestError(f"{text!r} has underscores in a row.", where=where)
    return module


def check_value_name(name: str, what: str) -> None:
    """Refuses what cannot be the name of a variable in generated code: of `what` messages call "node", "input", …"""
    if not re.fullmatch(r"[a-z][A-Za-z0-9_]*", name) or len(name) > LONGEST_NAME:
        reason = SPELLING
    elif name in ("keras", "layers", "ops", "self", "cls", "training", "model"):
        reason = "the generated code uses that name itself."
    else:
        reason = _python_has(name)
    if reason:
        raise _cannot_be(name, what, reason)


def check_attribute_name(name: str, what: str, reserved: frozenset[str]) -> None:
    """Refuses what cannot be an argument or an attribute of a layer, and says what to use instead.

    Args:
        name: The name.
        what: What messages call it: "argument", "weight", …
        reserved: The attributes that Keras' base class has for itself.
    """
    hint: str | None = f"For example: my_{name}."
    if not re.fullmatch(r"[a-z][A-Za-z0-9_]*|[A-Z]", name):
        proposal = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_0123456789").lower()
        reason = SPELLING
        hint = f"For example: {'my_' if keyword.iskeyword(proposal) else ''}{proposal}." if proposal else None
    elif len(name) > LONGEST_NAME:
        length = f"The name {name[:20]}… is {len(name)} characters long."
        raise RequestError(length, hint=f"Use at most {LONGEST_NAME}.")
    elif name in BASE_ARGUMENTS:
        reason, hint = "every layer takes it already, through **kwargs.", "Leave it out."
    elif name in reserved:
        reason = f"`{name}` is an attribute that Keras reserves."
    elif name in LOCAL_NAMES:
        reason = "the generated methods use that name themselves."
    else:
        reason = _python_has(name)
    if reason:
        raise _cannot_be(name, what, reason, hint)


def _cannot_be(name: str, what: str, reason: str, hint: str | None = None) -> RequestError:
    return RequestError(f"{name!r} cannot be the name of {with_article(what)}: {reason}", hint=hint)


def _python_has(name: str) -> str:
    """Why Python does not give a name away; empty if it does."""
    if keyword.iskeyword(name):
        return "it is a Python keyword."
    return "it is a Python builtin." if hasattr(builtins, name) else ""


def identifier(name: str, fallback: str, suffix: str = "layer") -> str:
    """A name in small letters that can be a variable: `My-Encoder.v2` gives `my_encoder_v2`.

    The fallback stands where nothing of it can be used, and before a digit; the suffix behind a name that Python or the
    generated code has for itself.
    """
    words = re.sub(r"\W+", "_", name, flags=re.ASCII)
    words = words if words == words.lower() else "_".join(split_words(words))
    plain = re.sub(r"_+", "_", words).strip("_").lower()[:LONGEST_NAME]
    plain = f"{fallback}_{plain}" if plain[:1].isdigit() else plain or fallback
    return f"{plain}_{suffix}" if _python_has(plain) or plain in ("keras", "layers", "ops", "np", "model") else plain


def unique(wanted: str, taken: Iterable[str]) -> str:
    """A name that is not taken: the wanted one, or that with another number behind it."""
    listed = set(taken)
    name, number = wanted, 2
    while name in listed:
        name, number = f"{wanted.rstrip('0123456789') or wanted}{number}", number + 1
    return name


def snake_case(class_name: str) -> str:
    """A class name in small letters: `Conv2D` gives `conv2d`, `LayerNormalization` gives `layer_normalization`."""
    joined = "_".join(split_words(class_name))
    return re.sub(r"_(\d)", r"\1", joined).strip("_") or "layer"
