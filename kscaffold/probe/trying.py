"""What a class is constructed with and called on where nobody said it: tried until a call works."""

import contextlib
import inspect
import itertools
import linecache
import re
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import keras
import numpy as np

from . import protocol
from .arguments import asked_for, guesses, parameters
from .arrays import difference, numbers
from .attributes import misses_a_name
from .examples import examples_of
from .found import Found, NotASubject
from .inputs import input_guesses, plain_arguments
from .protocol import CallStyle, Feed, Known
from .subject import SEVERAL, Subject

SECONDS = 10.0  # of the processor, for the usual trials of one class
MORE_SECONDS = 5.0  # for those that examples and exceptions lead to, where the usual ones failed
COMPLEX = "complex64"
MOST_ASKED = 4  # exceptions that are answered one after the other
MORE = 10  # how many other inputs are tried once a class can be called, in case they are what it is made for
SOUND = 7  # all that `how_well` looks at
ON_DATA, CALLABLE = 2, 3
SAID_BY_ITSELF = 1.5  # more than a symbolic call is worth: the inputs are not to blame
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
WRAPPED = re.compile(r"\x1b\[[0-9;]*m|Exception encountered when calling [^\n]*|Arguments received by [\s\S]*")
LONGEST = 160  # characters of an exception in a few words
MOST = 0.75  # the part of all trials that fail alike where the inputs are not to blame
# A subject, and what was assumed to make it, as flags would say it.
Way = tuple[Subject, tuple[str, ...]]
Inputs = tuple[tuple[Feed, ...], CallStyle]


def try_out(module: ModuleType, found: Found, known: Known, path: str) -> Way:
    """How a class or function of the file at `path` can be made and called.

    Raises:
        NotASubject: It is a function that builds no model, or that needs to be told its arguments.
        BaseException: What the likeliest arguments raise if it cannot be made at all.
    """
    is_builder = inspect.isfunction(found.item)
    plain = [] if is_builder else plain_arguments(found.item)
    if plain:
        raise NotASubject(f"its call takes {', '.join(plain)}, which no tensor is")
    trials = _Trials(module, found, known, path)
    for arguments in guesses(found.item, dict(known.args)):
        if trials.make_and_call(arguments):
            break
    if trials.most < ON_DATA and not is_builder:
        trials.go_on()
    if trials.broken_promise:
        return trials.broken_promise
    best, most, failures, refusals = trials.best, trials.most, trials.failures, trials.refusals
    if best and most >= CALLABLE:
        return best
    derived = [] if is_builder else derived_from(module, found.item)
    if best and most < ON_DATA and derived and leaves_to_others(refusals[0]):
        base = f"it is the base of {', '.join(derived)}, and cannot be called by itself"
        raise NotASubject(f"{base} ({in_short(refusals[0])})", is_open=False) from refusals[0]
    if best and (most >= SAID_BY_ITSELF or known.feeds or speaks_of_itself(refusals, path)):
        return best
    if best:
        flags = " ".join(f"--input-shape {show_input(feed)}" for feed in best[0].feeds)
        raise NotASubject(
            f"no inputs were found that it takes; say which, as in {flags} ({in_short(refusals[0])})"
        ) from refusals[0]
    assert failures, "there is always a first guess"
    failure = next((error for error in failures if not isinstance(error, SystemExit)), failures[0])
    required = [one.name for one in parameters(found.item) if one.default is one.empty and one.kind in NAMED]
    unknown = [name for name in required if name not in dict(known.args)]
    if (unknown and is_builder) or not (dict(known.args) or speaks_of_itself(failures, path)):
        flags = " ".join(f"--arg {name}=…" for name in unknown or ["NAME"])
        raise NotASubject(f"it needs to be told its arguments: {flags} ({in_short(failure)})") from failure
    raise failure


class _Trials:
    """What was tried of a class so far, and the best way to make and call it that was found.

    Attributes:
        best: That way; `None` if it could not even be made.
        most: How well it does, as `how_well` says.
        failures: What was raised where it was made.
        refusals: What was raised where it was called on data.
        broken_promise: What an example shows from beginning to end, if that fails; `None` if it does not.
    """

    def __init__(self, module: ModuleType, found: Found, known: Known, path: str) -> None:
        self._module, self._found, self._known, self._path = module, found, known, path
        self._given = dict(known.args)
        self._deadline = time.process_time() + SECONDS
        self.best: Way | None = None
        self.most = -1.0
        self.failures: list[BaseException] = []
        self.refusals: list[BaseException] = []
        self.broken_promise: Way | None = None
        self._shown: list[Inputs] = []  # what an example shows, which is tried first
        self._is_complex = False  # whether the inputs have to be complex numbers

    def make_and_call(self, arguments: Mapping[str, str]) -> bool:
        """Tries inputs for a layer with these arguments.

        Gives whether no other arguments need be tried: inputs were found that it takes, or the time is over.
        """
        try:
            made = self._subject(arguments).make()
        except (Exception, SystemExit) as error:
            self.failures.append(error)
            return False
        if inspect.isfunction(self._found.item) and not isinstance(made, keras.Model):
            raise NotASubject("it builds no model")
        tried: set[object] = set()
        for feeds, call in itertools.chain(self._shown, input_guesses(made, self._known.feeds)):
            if self._is_complex:
                feeds = tuple(replace(feed, dtype=COMPLEX) for feed in feeds)
            kind = (call, tuple((len(feed.shape), feed.shape[-1:] == (1,), feed.dtype) for feed in feeds))
            if self.most >= CALLABLE and (kind in tried or len(tried) > MORE):
                continue  # another size alone may hide what is wrong
            subject = self._subject(arguments, feeds, call)
            well = how_well(subject, self.refusals)
            if well >= CALLABLE:
                tried.add(kind)
            if well > self.most:
                self.best, self.most = (subject, _assumed(subject, arguments, self._known)), well
            if self.most == SOUND or self._is_late:
                break
        return self.most >= CALLABLE or self._is_late

    def go_on(self) -> None:
        """Tries what examples show, and then what exceptions ask for."""
        self._deadline = time.process_time() + MORE_SECONDS
        arguments = next(guesses(self._found.item, self._given))
        for example in examples_of(self._found.item, [one.name for one in parameters(self._found.item)]):
            if example.feeds and not self._known.feeds:
                self._shown = [(example.feeds, example.call)]
            # An example may leave out what a class needs by now.
            complete = {**arguments, **example.arguments, **self._given}
            if example.is_whole and complete == example.arguments and self._shown:
                subject = self._subject(complete, *self._shown[0])
                if how_well(subject) < ON_DATA:
                    self.broken_promise = subject, _assumed(subject, complete, self._known)
                    return
            if self.make_and_call(complete):
                return
        first = (self.refusals or self.failures)[0]
        self._is_complex = COMPLEX in words_of(first) and not self._known.feeds
        if self._is_complex and self.make_and_call(arguments):
            return
        error: BaseException | None = first
        for _ in range(MOST_ASKED):
            error = error and self._answer(arguments, words_of(error))

    def _answer(self, arguments: dict[str, str], said: str) -> BaseException | None:
        """Gives the arguments that an exception speaks of other values, until another one is raised: gives that."""
        for name, source in asked_for(self._found.item, said, arguments, self._given):
            before = len(self.failures), len(self.refusals)
            changed = {**arguments, name: source}
            if self.make_and_call(changed):
                return None
            raised = [*self.failures[before[0] :], *self.refusals[before[1] :]]
            if raised and words_of(raised[0]) != said:
                arguments[name] = source
                return raised[0]
        return None

    def _subject(
        self, arguments: Mapping[str, str], feeds: tuple[Feed, ...] = (), call: CallStyle = CallStyle.SINGLE
    ) -> Subject:
        construct = f"{self._found.name}({', '.join(f'{key}={source}' for key, source in arguments.items())})"
        wanted = protocol.Subject(self._found.name, construct, feeds, call)
        return Subject(self._module, wanted, self._path, self._found.lines[0])

    @property
    def _is_late(self) -> bool:
        return time.process_time() > self._deadline


def derived_from(module: ModuleType, cls: type) -> list[str]:
    """The names of the classes of a module that a class is a base of."""
    return [
        name
        for name, item in vars(module).items()
        if inspect.isclass(item) and item is not cls and issubclass(item, cls)
    ]


def leaves_to_others(error: BaseException) -> bool:
    """Whether an exception says that something is missing which classes below a class may add: a method, a function."""
    is_none = isinstance(error, TypeError) and words_of(error) == "'NoneType' object is not callable"
    return is_none or isinstance(error, NotImplementedError)


def speaks_of_itself(errors: list[BaseException], path: str) -> bool:
    """Whether what is raised whatever a class is given is a defect of the class, and no word about what it is given."""
    texts = [f"{type(error).__name__}: {words_of(error)}" for error in errors]
    usual = max(texts, key=texts.count)
    error = errors[texts.index(usual)]
    if isinstance(error, SystemExit):
        return True
    if texts.count(usual) < MOST * len(texts) or is_raised_in(error, path):
        return False
    return misses_a_name(error) or isinstance(error, (TypeError, ImportError, RecursionError))


def is_about_itself(error: BaseException, cls: type) -> bool:
    """Whether an exception is raised whatever a layer is given.

    It speaks of a name that a class or its module lacks or of what Keras takes for no weight, or it is raised by a
    property where something is assigned to that: TensorFlow asks for the value before.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if any(re.match(rf"\w+\.{later.name} = ", frame.line or "") for frame, later in itertools.pairwise(frames)):
        return True
    if isinstance(error, AttributeError):
        return isinstance(error.obj, (cls, ModuleType))
    if not isinstance(error, ValueError):
        return misses_a_name(error)
    in_weight = any("add_weight(" in (frame.line or "") for frame in frames)
    return in_weight and bool(re.match(r"\D*$|Cannot convert '\d+' to a shape|`name` must be passed", words_of(error)))


def wants_masks(subject: Subject) -> bool:
    """Whether a layer with several inputs, which fails without masks, can be called with one for each of them."""
    takes_masks = "mask" in inspect.signature(subject.cls.call).parameters  # type: ignore[attr-defined]
    if len(subject.feeds) < 2 or subject.wanted.call is not CallStyle.LIST or not takes_masks:
        return False
    arrays = subject.arrays(SEVERAL)
    masks = [np.ones((len(array), *[1] * (array.ndim - 1)), "float32") for array in arrays]
    for given in (masks, [mask.astype(bool) for mask in masks]):
        with contextlib.suppress(Exception, SystemExit):
            subject.call(subject.make(), arrays, mask=list(map(keras.ops.convert_to_tensor, given)))
            return True
    return False


def is_raised_in(error: BaseException, path: str) -> bool:
    """Whether a statement of the user's file raises an exception on purpose."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_code.co_filename != path:
        return False
    return linecache.getline(path, trace.tb_lineno).strip().startswith(("raise", "assert"))


def words_of(error: BaseException) -> str:
    """What an exception says, without what Keras wraps around it."""
    return " ".join(WRAPPED.sub("", str(error)).split())


def in_short(error: BaseException) -> str:
    """An exception in a few words."""
    text = words_of(error)
    return f"{type(error).__name__}: {text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}"


def _assumed(subject: Subject, arguments: Mapping[str, str], known: Known) -> tuple[str, ...]:
    """What was chosen and not given, as flags would say it."""
    given = dict(known.args)
    assumed = [f"--arg {name}={source}" for name, source in arguments.items() if name not in given]
    if not known.feeds and subject.is_made_by_class:  # a model that a function builds says what its inputs are
        assumed += [f"--input-shape {show_input(feed)}" for feed in subject.feeds]
    return tuple(assumed)


def how_well(subject: Subject, refusals: list[BaseException] | None = None) -> float:
    """How much is right with what a new layer gives for these inputs; `SOUND` if all is.

    A call on data and one on symbolic tensors come first, `CALLABLE` both. Inputs that a class is not made for often
    get through them all the same, and then the outputs are not what it says, are empty or mix the examples of a batch.

    Args:
        refusals: Where what the call on data raises is added.
    """
    well = 0.0
    try:
        arrays = subject.arrays(SEVERAL)
        outputs = numbers(subject.called(*subject.arrange(arrays)))
        well += ON_DATA
    except (Exception, SystemExit) as error:
        well += SAID_BY_ITSELF if is_about_itself(error, subject.cls) or wants_masks(subject) else 0
        if refusals is not None:
            refusals.append(error)
    with contextlib.suppress(Exception, SystemExit):
        subject.symbolic  # noqa: B018 - it fails, or is kept for the rules
        well += 1
    if well < CALLABLE:
        return well
    well += all(
        output.shape[:1] == (SEVERAL,) and output.size > 0 and (output.dtype.kind != "f" or np.isfinite(output).all())
        for output in outputs
    )
    with contextlib.suppress(Exception, SystemExit):
        alone = numbers(subject.called(*subject.arrange([array[:1] for array in arrays])))
        mixes = difference([output[:1] for output in outputs], alone, 1e-3) is not None
        # What is random differs anyway.
        well += not mixes or difference(outputs, numbers(subject.called(*subject.arrange(arrays)))) is not None
    with contextlib.suppress(Exception, SystemExit):
        well += not subject.defines("compute_output_shape") or says_its_shapes(subject, arrays, outputs)
    with contextlib.suppress(Exception, SystemExit), subject.kept() as layer:
        if getattr(subject.called_itself, "_call_has_training_arg", False):
            layer(*subject.arrange(arrays), training=True)
        well += 1
    return well


def says_its_shapes(subject: Subject, arrays: list[Any], outputs: list[Any]) -> bool:
    """Whether the ranks of outputs are those that the layer computes."""
    around = subject.called
    given = subject.shape_arguments(around.compute_output_shape, [tuple(array.shape) for array in arrays])
    ranks: list[int] = []
    keras.tree.map_shape_structure(lambda shape: ranks.append(len(shape)), around.compute_output_shape(*given))
    return ranks == [output.ndim for output in outputs]


def show_input(feed: Feed) -> str:
    """An input as after `--input-shape`."""
    shape = ",".join("" if size is None else str(size) for size in feed.shape) or "()"
    name = f"{feed.name}=" if feed.name else ""
    return f"{name}{shape}" + ("" if feed.dtype == "float32" else f":{feed.dtype}")
