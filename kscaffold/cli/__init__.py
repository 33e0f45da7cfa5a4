"""The command line. One file a command: each defines `command`; a file that begins with `_` is not a command. Kinds of
modules that are folders of templates are commands, too.

Here and in the commands' files, only click and the errors and choices of `kscaffold.base` are imported at the top:
`kscaffold --help` has to be fast, so everything else is imported by the command that needs it.
"""

import gc
import importlib
import io
import os
import sys
from typing import NoReturn

import click

from kscaffold import __version__
from kscaffold.base.errors import ExitCode, RequestError, nearest, unknown
from kscaffold.base.kinds import find_kinds

COLLECTED_AFTER = 50_000  # objects: a short command makes fewer, and searching them as they grow takes a tenth of it


class Commands(click.Group):
    """The commands that there are: the files of this folder, and the kinds that are folders of templates."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted([*_files(), *find_kinds()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        if cmd_name in _files():
            command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
            return command
        kind = find_kinds().get(cmd_name)
        if kind is None:
            return None
        from kscaffold.cli._extension import make_command

        return make_command(kind)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name for one that does not exist."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            raise unknown(f"There is no command {name!r}.", name, self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def _files() -> list[str]:
    """The commands that are files of this folder."""
    files = os.listdir(os.path.dirname(__file__))
    return [name[:-3] for name in files if name.endswith(".py") and not name.startswith("_")]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="kscaffold")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Ready-to-edit Keras code: generated from templates, formatted, and checked on real Keras."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs a command and exits with its exit code; prints one message for whatever stops it."""
    gc.set_threshold(COLLECTED_AFTER)
    given = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that is not text must not end what has been written already
            stream.reconfigure(errors="backslashreplace")
    exit_code = run(given)
    gc.freeze()  # what is left ends with the process: to search it once more would take a tenth of a short command
    sys.exit(exit_code)


def run(arguments: list[str]) -> int:
    """Runs a command and gives its exit code."""
    try:
        result = cli.main(args=arguments, prog_name="kscaffold", standalone_mode=False)
        return int(result or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return int(ExitCode.USAGE)
    except click.ClickException as error:
        request_error = _from_click(error)
    except RequestError as error:
        request_error = error
    except (click.Abort, KeyboardInterrupt):
        request_error = RequestError("Stopped; nothing was written.", exit_code=ExitCode.CHECK_FAILED)
    except BrokenPipeError:
        # Whoever read the output has gone. Python would complain once more when it flushes on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)
    except (RecursionError, UnicodeEncodeError) as error:
        if "--debug" in arguments:
            raise
        request_error = _unusable(error)
    except Exception as error:
        if "--debug" in arguments:
            raise
        request_error = RequestError(
            f"kscaffold itself failed: {type(error).__name__}: {error}.",
            hint="kscaffold --debug … shows the traceback; please report it.",
            exit_code=ExitCode.CHECK_FAILED,
        )
    if "--debug" in arguments:
        raise request_error
    from kscaffold.cli._output import Output, tell
    from kscaffold.cli.words import Report

    command = next((argument for argument in arguments if not argument.startswith("-")), None)
    report = Report(failure=request_error, exit_code=request_error.exit_code)
    return tell(report, Output(command, as_json="--json" in arguments))


def _unusable(error: RecursionError | UnicodeEncodeError) -> RequestError:
    """What is said of input that no file of Python could hold, wherever it was met."""
    if isinstance(error, RecursionError):
        return RequestError("What was given is nested too deeply; nothing was written.", hint="Nest it less.")
    part = error.object[error.start : error.end]
    return RequestError(f"{part!r} is not text; nothing was written.", hint="Give names and texts in UTF-8.")


def _from_click(error: click.ClickException) -> RequestError:
    """A usage error in the words of all others: where, what, and what to do."""
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption) and context:
        return RequestError(f"There is no option {error.option_name!r}.", hint=_instead(error.option_name, context))
    hint = f"Try '{context.command_path} --help'." if context else None
    return RequestError(" ".join(error.format_message().split()), hint=hint)


def _instead(typed: str, context: click.Context) -> str:
    """What to write for an option that there is not: the nearest one, else how a value of that name is given."""
    options = [name for parameter in context.command.get_params(context) for name in parameter.opts if name[:2] == "--"]
    word = typed.lstrip("-")
    starts = [name for name in options if name[2:].startswith(word) or word.startswith(name[2:])]
    near = max(starts, key=len) if starts else nearest(word, [name[2:] for name in options], cutoff=0.7)
    if near:
        return f"Did you mean --{near.lstrip('-')}?"
    if "--set" in options:
        return f"The value of a parameter is set by --set {word}=…."
    if "--arg" in options:
        return f"An argument of the layer is added by --arg {word}."
    return f"Try '{context.command_path} --help'."
