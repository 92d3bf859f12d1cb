"""The command `whence`: a table of sub-commands, each imported when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import rich_click as click
from click.exceptions import Abort, ClickException

from whence.cli import stream

# name: (module, what it does); the table keeps `whence --help` from importing them all.
COMMANDS = {
    "init": ("init", "Make a store in this project."),
    "demo": ("demo", "Make a small project and run it, from a parameter space to a figure."),
    "run": ("run", "Run any program on record."),
    "sweep": ("sweep", "Run a program for every point of a parameter space."),
    "repeat": ("repeat", "Run a record again, and say whether the same comes out."),
    "abort": ("abort", "Ask runs to end, on whatever machine they are."),
    "list": ("list", "List the runs on record."),
    "show": ("show", "Show one run: what went in, what came out."),
    "diff": ("diff", "Tell in what two runs differ: parameters, code, inputs, numbers."),
    "compare": ("compare", "Compare the parameters of many runs in one table."),
    "tag": ("tag", "Give tags to runs, or take them away."),
    "comment": ("comment", "Note something about the outcome of runs."),
    "reason": ("reason", "Say why runs were made."),
    "delete": ("delete", "Delete runs from the record, after showing what would go."),
    "export": ("export", "Write whole records as JSON lines."),
    "import": ("import_", "Read records from JSON lines, or from an export of Sumatra."),
    "artifacts": ("artifacts", "List what a run took in and put out."),
    "get": ("get", "Get artifacts of a run as files."),
    "put": ("put", "Save files and folders as artifacts of a run."),
    "cat": ("cat", "Write the content of an artifact to standard output."),
    "tree": ("tree", "Print the data of a sweep as one tree."),
    "plot": ("plot", "Draw the figures of a plot configuration."),
    "operations": ("operations", "List the operations that transformations can use."),
    "lineage": ("lineage", "Tell what a file came from, and what was made from it."),
    "trace": ("trace", "Tell whence a file came: the runs, parameters and code that made it."),
    "merge": ("merge", "Take over what another store has."),
    "verify": ("verify", "Check every byte of the store."),
    "gc": ("gc", "Set aside, fold and delete what the store need not keep."),
    "serve": ("serve", "Serve what is on record to programs on this machine."),
    "reindex": ("reindex", "Build the index anew from the journals."),
    "doctor": ("doctor", "Tell what is wrong with the store and this machine."),
    "completion": (
        "completion",
        "Print what makes a shell complete commands, runs, files and tags.",
    ),
}

click.rich_click.COMMAND_GROUPS = {
    "whence": [
        {"name": "Start", "commands": ["init", "demo"]},
        {"name": "Record", "commands": ["run", "sweep", "repeat", "abort"]},
        {"name": "Find", "commands": ["list", "show", "diff", "compare", "trace", "lineage"]},
        {"name": "Keep", "commands": ["tag", "comment", "reason", "delete", "export", "import"]},
        {"name": "Files", "commands": ["artifacts", "get", "put", "cat"]},
        {"name": "Look", "commands": ["tree", "plot", "operations"]},
        {
            "name": "Store",
            "commands": ["merge", "verify", "gc", "reindex", "doctor", "serve", "completion"],
        },
    ]
}
click.rich_click.TEXT_MARKUP = "rich"
click.rich_click.STYLE_HELPTEXT = ""
click.rich_click.STYLE_COMMANDS_TABLE_COLUMN_WIDTH_RATIO = (1, 6)
click.rich_click.MAX_WIDTH = 100


class LazyGroup(click.RichGroup):
    """A group that imports a sub-command only to run it, not to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; while help is written, a stand-in with its summary."""
        if cmd_name not in COMMANDS:
            return None
        module, summary = COMMANDS[cmd_name]
        if ctx.meta.get("whence.listing"):
            return click.Command(cmd_name, help=summary)
        _quiet()
        command: click.Command = importlib.import_module(f"whence.cli.{module}").command
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help without importing the sub-commands."""
        ctx.meta["whence.listing"] = True
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command, or offer the nearest names."""
        from whence.base.error import UserError
        from whence.base.problem import did_you_mean

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = did_you_mean(args[0], COMMANDS)
            raise UserError.of(
                "unknown-command",
                f"there is no command {args[0]!r}",
                mend=f"{near + ' ' if near else ''}`whence --help` lists them all.",
            )
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _: Any, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from whence import __version__

        click.echo(f"whence {__version__}")
        ctx.exit()


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Print the version and exit.",
)
def whence() -> None:
    """Run simulations on record, find and compare them, and trace any figure back to its runs.

    Start with [bold]whence demo DIR[/]: it makes a small project and takes it from a parameter
    space to figures. In a project of your own, put [bold]whence run --[/] before any command.
    """


def _tell_version_of_click() -> None:
    """Spare help 40 ms: rich_click asks for this attribute, and click then asks all metadata."""
    import click as plain

    folder = os.path.dirname(os.path.dirname(plain.__file__))
    start, end = "click-", ".dist-info"
    for name in os.listdir(folder):
        if name.startswith(start) and name.endswith(end):
            vars(plain).setdefault("__version__", name[len(start) : -len(end)])


def _quiet() -> None:
    """Have what is logged told in the answer only; without a handler Python would print it too."""
    import logging  # which help does without

    logging.getLogger("whence").addHandler(logging.NullHandler())
    _say_warnings()


def _tell_programs(problems: list[dict[str, object]]) -> None:
    """Answer programs, which asked with ``--json``, what is wrong."""
    words = sys.argv[1:]
    if "--json" in words[: words.index("--") if "--" in words else None]:
        from whence.cli import render

        render.as_json({"problems": problems})


def _say_warnings() -> None:
    """Have whence's own warnings told as its errors are, without a line of its source."""
    import warnings

    usual, own = warnings.showwarning, os.path.dirname(os.path.dirname(__file__)) + os.sep

    def show(message: Any, category: Any, filename: str, *where: Any, **more: Any) -> None:
        if filename.startswith(own):
            click.echo(f"whence: {message}", err=True)
        else:
            usual(message, category, filename, *where, **more)

    warnings.showwarning = show


def main() -> None:
    """Run the command line; every error is told in words, with exit code 1 (user's: 2)."""
    stream.prepare()
    if not {"-h", "--help"}.isdisjoint(sys.argv):
        _tell_version_of_click()
    try:
        try:
            _run()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output (`head`, a pager) has had enough; that is no error.
        stream.give_up()
        sys.exit(0)
    except stream.OutputError as error:
        stream.give_up()
        click.echo(
            f"whence: cannot write to standard output: {error.strerror}; "
            "what was put on record stays there",
            err=True,
        )
        sys.exit(1)


def _run() -> None:
    from whence.base.error import WhenceError

    try:
        sys.exit(whence.main(prog_name="whence", standalone_mode=False) or 0)
    except WhenceError as error:
        click.echo(f"whence: {error}", err=True)
        _tell_programs([problem.as_dict() for problem in error.problems])
        sys.exit(error.exit_code)
    except (Abort, KeyboardInterrupt):
        sys.exit(130)
    except ClickException as error:
        usage: dict[str, object] = {
            "code": "usage",
            "message": error.format_message(),
            "mend": None,
            "where": None,
        }
        error.show()
        _tell_programs([usage])
        sys.exit(error.exit_code)
