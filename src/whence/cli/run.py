"""`whence run`."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from whence.cli import completion, render
from whence.cli.option import common, parameters


@click.command(name="run", context_settings={"ignore_unknown_options": False})
@click.option("--name", help="What to call the run; the program's name if not given.")
@click.option(
    "-p",
    "--param",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter to record; dots nest, values are read as YAML.",
)
@click.option(
    "--params",
    "params_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A YAML, JSON, TOML or INI file of parameters; --param overrides it.",
)
@click.option(
    "--input", "inputs", multiple=True, metavar="FILE", help="A file that the program reads."
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="PATH",
    help="A file, folder or pattern like 'out/*.h5' that the program writes.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The run's own folder, all of whose files are recorded; runs/ID if not given.",
)
@completion.tag_option("A tag for the run.")
@click.option(
    "--folder",
    metavar="/FOLDER",
    shell_complete=completion.folders,
    default="/",
    show_default=True,
    help="The folder to group the run in.",
)
@click.option("--quiet", is_flag=True, help="Record what the program prints, but do not show it.")
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
@common
def command(
    name: str | None,
    pairs: tuple[str, ...],
    params_file: Path | None,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    out: Path | None,
    tags: tuple[str, ...],
    folder: str,
    quiet: bool,
    program: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Run any program on record, and exit as it does.

    Recorded are the command, parameters, code version, environment, what it prints, how it ends,
    and the digests of the files named. {out} in the command, or WHENCE_OUT in its environment, is
    the run's own folder: what is written there is recorded. Lines like

        whence: {"progress": 0.3, "metric": {"energy": -3.2}, "step": 7}

    on standard output become progress and metrics.

        whence run --param T=1.5 --input in.melt --output thermo.dat -- lmp -in in.melt
    """
    from whence.app import ProgramRun, Workspace, record_program

    wanted = ProgramRun(
        command=program,
        name=name,
        parameters=parameters(pairs),
        params_file=params_file,
        out=out,
        inputs=inputs,
        outputs=outputs,
        tags=tags,
        folder=folder,
        quiet=quiet or as_json,
    )
    from whence.runs.process import Interrupted

    workspace = Workspace.open_or_make(store, say=render.aside)
    try:
        record = record_program(workspace, wanted, ["whence", *sys.argv[1:]], say=render.aside)
    except Interrupted as ended:
        render.aside(f"terminated: {ended.run}  (`whence show {ended.run}`)")
        sys.exit(130)
    if as_json:
        render.as_json(record.as_dict())
    else:
        render.aside(f"{record.status}: {record.id}  (`whence show {record.id}`)")
    code = int(record.state.get("exit") or 0)
    sys.exit(code if code >= 0 else 128 - code)  # as a shell tells the signal
