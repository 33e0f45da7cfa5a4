"""Names: three spellings of one, and what is refused with a reason and a suggestion."""

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import WHOLE_WORDS, check_attribute_name, parse_module_name


@pytest.mark.parametrize("text", ["MyDense", "my_dense", "my-dense"])
def test_three_spellings_give_the_same(text: str) -> None:
    name = parse_module_name(text)
    assert (name.class_name, name.module) == ("MyDense", "my_dense")


@pytest.mark.parametrize(
    ("class_name", "module"),
    [
        ("GRUCell", "gru_cell"),
        ("MyMLP", "my_mlp"),
        ("VAE", "vae"),
        ("MyReLU", "my_relu"),
        ("MyConv2D", "my_conv2d"),
        ("ViTBlock", "vit_block"),
        ("AttentionHead3", "attention_head3"),
        ("RNNCell", "rnn_cell"),
    ],
)
def test_acronyms_stay_whole_both_ways(class_name: str, module: str) -> None:
    assert parse_module_name(class_name).module == module
    assert parse_module_name(module).class_name == class_name
    assert parse_module_name(class_name).class_name == class_name
    assert parse_module_name(module).module == module


@given(st.lists(st.from_regex(r"[a-z]{2,6}[0-9]?", fullmatch=True), min_size=2, max_size=4))
def test_class_module_and_dashed_spelling_agree(words: list[str]) -> None:
    dashed = "-".join(words)
    try:
        name = parse_module_name(dashed)
    except RequestError:
        return  # a keyword, a builtin or a module that would be shadowed
    assert parse_module_name("_".join(words)) == name
    assert name.class_name.isidentifier() and name.module.isidentifier()
    assert not keyword.iskeyword(name.module)
    if not any(word in WHOLE_WORDS for word in words) and not any(word[-2:-1].isdigit() for word in words):
        assert parse_module_name(name.class_name) == name


@given(st.text(max_size=12))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = parse_module_name(text)
    except RequestError as error:
        assert error.hint is not None  # noqa: PT017 - a refusal is one of two right answers
    else:
        assert name.class_name.isidentifier() and name.module.isidentifier() and name.module.isascii()


@pytest.mark.parametrize(
    ("text", "reason", "suggestion"),
    [
        ("3D", "'3D' cannot be the name of a class and a module", "For example: MyD."),
        ("../x", "cannot be the name", "For example: MyX."),
        ("my dense", "cannot be the name", "For example: MyDense."),
        ("", "cannot be the name", "For example: MyDense."),
        ("Größe", "ASCII letters", "For example:"),
        ("_hidden", "starts with a letter", "For example: MyHidden."),
        ("class", "'class' is a Python keyword", "For example: MyClass."),
        ("match", "'match' is a Python keyword", "For example: MyMatch."),
        ("List", "'list' is a Python builtin", "For example: MyList."),
        ("Random", "would shadow the one of Python's standard library", "For example: MyRandom."),
        ("keras", "would shadow the package 'keras'", "For example: MyKeras."),
        ("numpy", "would shadow the package 'numpy'", "For example: MyNumpy."),
        ("test_layer", "pytest would take test_layer.py for a file of tests", "Leave out the word 'test'."),
        ("x" * 200, "200 characters", "Use at most"),
    ],
)
def test_refused_names_say_why_and_what_instead(text: str, reason: str, suggestion: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_module_name(text)
    assert reason in caught.value.message
    assert suggestion in (caught.value.hint or "")
    assert caught.value.where == "NAME"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("layers", "an attribute that Keras reserves"),
        ("weights", "an attribute that Keras reserves"),
        ("losses", "an attribute that Keras reserves"),
        ("dtype", "every layer takes it already, through **kwargs"),
        ("name", "every layer takes it already, through **kwargs"),
        ("lambda", "a Python keyword"),
        ("min", "a Python builtin"),
        ("inputs", "the generated methods use that name"),
        ("2d", "starts with a small letter"),
        ("a b", "ASCII letters, digits and underscores"),
        ("_x", "starts with a small letter"),
        ("", "starts with a small letter"),
    ],
)
def test_refused_attribute_names_say_why(name: str, reason: str) -> None:
    with pytest.raises(RequestError, match=f"(?s)cannot be the name of an argument.*{reason.replace('*', '.')}"):
        check_attribute_name(name, "argument", frozenset({"layers", "weights", "losses", "dtype", "name"}))


@pytest.mark.parametrize(
    ("class_name", "module"),
    [
        ("RMSNorm", "rms_norm"),
        ("MoE", "moe"),
        ("RoPE", "rope"),
        ("FiLM", "film"),
        ("SwiGLU", "swiglu"),
        ("MyMoE", "my_moe"),
    ],
)
def test_names_of_papers_are_words(class_name: str, module: str) -> None:
    assert parse_module_name(class_name).module == module
    assert parse_module_name(module).class_name == class_name
