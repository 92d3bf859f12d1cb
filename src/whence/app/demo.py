"""A small project, taken from a parameter space to figures: what `whence demo` shows."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from whence.app.evaluation import EvaluationRequest, EvaluationResult, evaluate
from whence.app.shell import ALIAS, namesake
from whence.app.sweep import SweepRequest, run_sweep, sweep_as_dict
from whence.app.trace import trace_file
from whence.app.tree import load_tree
from whence.app.workspace import Progress, Say, Workspace
from whence.base.error import UserError
from whence.store import Store
from whence.sweep import SweepResult

NAME = "my_simulation"


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo made."""

    project: Path
    sweep: SweepResult
    evaluation: EvaluationResult
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        return {
            "project": str(self.project),
            "sweep": sweep_as_dict(self.sweep),
            "evaluation": self.evaluation.as_dict(),
            "seconds": self.seconds,
        }


def run_demo(
    folder: Path,
    *,
    store: Path | None,
    say: Say,
    progress: Callable[[str], AbstractContextManager[Progress]],
) -> DemoResult:
    """Make the project, or take the one that is there, and run it.

    Raises
    ------
    UserError
        If the folder holds something else.
    """
    start = time.monotonic()
    lay_out(folder)
    held = Store.open(store) if store else _store_of(folder)
    workspace = Workspace(folder.resolve(), held)
    say(f"1. A project in {folder}: simulate.py, space.yml, eval.yml, plots.yml")
    say("2. whence sweep space.yml --name my_simulation -- simulate.py:simulate")
    with _inside(folder):
        wanted = SweepRequest(space=Path("space.yml"), target=("simulate.py:simulate",), name=NAME)
        with progress("sweep") as move:
            sweep = run_sweep(workspace, wanted, progress=move)
        say(f"   {len(sweep.done)} points run, {len(sweep.skipped)} done before, on record")
        say("3. whence tree")
        say(_shortened(load_tree(workspace).tree_condensed))
        say("4. whence plot")
        with progress("plot") as move:
            evaluation = evaluate(workspace, EvaluationRequest(), progress=move)
        for line in evaluation.lines():
            say(f"   {line}")
        figure = next(one.path for one in evaluation.figures if one.path.suffix == ".png")
        trace = trace_file(workspace, figure)
    seconds = time.monotonic() - start
    shown = folder / figure.relative_to(folder.resolve())
    say(f"5. whence trace {shown}")
    say(f"   made from {len(trace.runs)} runs; varied: {', '.join(trace.varied)}")
    say(f"\nDone in {seconds:.1f} s. Look at the figures in {shown.parent}, then try:\n")
    if shutil.which("whence") is None:
        say(f"  source {Path(sys.prefix) / 'bin' / 'activate'}")
    if namesake() is not None:
        say(f"  {ALIAS}")
    say(f"  cd {folder}")
    say("  whence list                 # every run on record")
    say("  whence plot                 # again: nothing is computed twice")
    say(f"  whence trace {shown.relative_to(folder)}")
    return DemoResult(folder, sweep, evaluation, seconds)


def lay_out(folder: Path) -> None:
    """Write the project's files where they are not there yet; what a user edited stays."""
    if folder.exists() and not folder.is_dir():
        raise UserError.of("not-a-folder", f"{folder} is a file", mend="Name a new folder.")
    ours = files("whence.app") / "demo"
    names = [item.name for item in ours.iterdir() if item.is_file()]
    there = {item.name for item in folder.iterdir()} if folder.exists() else set()
    if there and not {"space.yml", "simulate.py"} <= there:
        raise UserError.of(
            "folder-in-use",
            f"{folder} holds other files",
            mend="Name a new folder, or the one of an earlier demo.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if name not in there:
            (folder / name).write_bytes((ours / name).read_bytes())


def _store_of(folder: Path) -> Store:
    root = folder / ".whence"
    return Store.open(root) if (root / "store.json").exists() else Store.create(root)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _shortened(tree: str, most: int = 24) -> str:
    lines = tree.splitlines()
    if len(lines) > most:
        lines = [*lines[:most], f"     … {len(lines) - most} more lines"]
    return "\n".join(lines)
