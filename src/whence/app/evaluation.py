"""Draw figures on record: the files read go in, the figures come out."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from whence.app.tree import evaluation_document, load_tree, read_yaml
from whence.app.workspace import Progress, Workspace
from whence.artifacts import attach
from whence.base.error import UserError, WhenceError
from whence.base.escape import canonical
from whence.formats import listening, media_type_of
from whence.plot import Figure, PlotManager
from whence.plot.manager import Plan
from whence.records import Artifact, Change, changed_since
from whence.runs import (
    Code,
    Origin,
    Run,
    code_artifacts,
    code_facts,
    code_of_function,
    code_of_script,
)
from whence.store import cache_folder
from whence.transform import DiskCache

RECIPE = "application/vnd.whence.recipe+json"


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to draw from what; anything left out is as ``whence.toml`` says."""

    data: Path | None = None
    config: Path | None = None
    plots: Path | None = None
    only: tuple[str, ...] = ()
    again: bool = False

    def command(self) -> str:
        """The command line that asks for this."""
        words = ["whence", "plot", *([str(self.plots)] if self.plots else [])]
        for option, value in (("--data", self.data), ("--config", self.config)):
            words += [option, str(value)] if value else []
        for name in self.only:
            words += ["--only", name]
        return shlex.join(words)


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """What was drawn."""

    run: str
    folder: Path
    figures: Sequence[Figure]
    changed: Sequence[Change] = ()

    @property
    def failed(self) -> tuple[Figure, ...]:
        """The figures that could not be drawn."""
        return tuple(figure for figure in self.figures if figure.status == "failed")

    def as_dict(self) -> dict[str, Any]:
        """The result as `whence plot --json` tells it."""
        return {
            "evaluation": self.run,
            "folder": str(self.folder),
            "figures": [figure.as_dict() for figure in self.figures],
            "changed": [change.as_dict() for change in self.changed],
        }

    def lines(self) -> Iterator[str]:
        """The result as people read it."""
        for change in self.changed[:5]:
            yield f"changed since recorded: {change.path}  (run {change.run})"
        if len(self.changed) > 5:
            yield f"… and {len(self.changed) - 5} more files changed since recorded"
        for figure in self.failed:
            yield f"failed: {figure.path.name}"
            for problem in figure.problems:
                yield from (f"  {line}" for line in str(problem).splitlines())
        counts = {
            word: sum(figure.status == status for figure in self.figures)
            for status, word in (("drawn", "drawn"), ("cached", "as before"), ("failed", "failed"))
        }
        told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        yield f"{told or 'nothing to draw'}; figures in {self.folder}"


def check_request(workspace: Workspace, request: EvaluationRequest) -> None:
    """Refuse a request whose files are not there, before a store is made for it.

    Raises
    ------
    UserError
        If it, and ``whence.toml``, lack one of them.
    """
    workspace.path(request.plots, workspace.config.plots, "plots")
    workspace.path(request.config, workspace.config.config, "config")
    if request.data is not None or workspace.config.data is not None:
        workspace.path(request.data, workspace.config.data, "data")


def evaluate(
    workspace: Workspace, request: EvaluationRequest, *, progress: Progress | None = None
) -> EvaluationResult:
    """Draw figures, and put on record what they were made from.

    Raises
    ------
    UserError
        With every problem of the configurations, before anything is drawn or recorded.
    """
    plots = workspace.path(request.plots, workspace.config.plots, "plots")
    config = evaluation_document(workspace, request.config)
    plots_document = read_yaml(plots)
    manager = load_tree(workspace, data=request.data, config=request.config, out=True)
    store = workspace.store
    code = _code(workspace)
    settings = {
        "cache": DiskCache(cache_folder(store.root).path / "results"),
        "digest_of": store.digest_of,
        "code": {"digest": code.digest} if code.files else {},
        "progress": progress,
        "again": request.again,
        **(config.value.get("plot_manager") or {}),
        "raise_exc": False,
    }
    folder = manager.dirs["out"]
    if folder is None:
        raise UserError.of(
            "no-out-dir",
            "`out_dir` of the data manager is false, so figures have no place",
            where=config.where("data_manager", "out_dir"),
        )
    try:
        plotter = PlotManager(manager, **settings)
        plan = plotter.plan_from_cfg(plots_document, plot_only=request.only or None)
    except WhenceError:
        with contextlib.suppress(OSError):
            folder.rmdir()  # made by the manager, and empty
        raise
    with Run(store, mode="online") as run, listening(_unheard):
        run.init(
            f"plots of {manager.name}",
            parameters={"plots": plots.name, "only": list(request.only)},
            folder=f"/{manager.name}",
            origin=Origin(
                kind="evaluation",
                dir=folder,
                code=code_facts(code, workspace.project),
                artifacts=tuple(_code_artifacts(workspace, code, plan)),
                facts={"repeat": request.command()},
            ),
        )
        for path in (plots, Path(str(config.file))):
            run.save_file(path, "input", mode="copy")
        figures: list[Figure] = []
        try:
            figures.extend(plotter.drawn(plan))
        finally:  # what is drawn is on record, however it ends
            changed = _put_on_record(workspace, run, figures)
            for path in plotter.configurations:
                run.save_file(path, "output", name=_name(run, path), mode="copy")
        if any(figure.status == "failed" for figure in figures):
            run.set_status("failed")
    return EvaluationResult(run.id, folder, figures, changed)


def _unheard(path: Path, digest: str | None) -> None:
    """What the figures were made from is put on record with them."""


def _code(workspace: Workspace) -> Code:
    """The project's own operations, the code that an evaluation adds to whence's."""
    name = workspace.config.operations
    if name is None:
        return Code()
    return code_of_script(workspace.project / name, workspace.project)


def _code_artifacts(workspace: Workspace, own: Code, plan: Plan) -> list[dict[str, Any]]:
    """The project's operations, and the files of plot functions that are not whence's."""
    functions = (drawing.task.spec.function for drawing in plan.drawings)
    calls = dict.fromkeys(one.call for one in functions if one.digest is not None)
    codes = [own, *(code_of_function(call, workspace.project) for call in calls)]
    found = [facts for code in codes for facts in code_artifacts(workspace.store, code)]
    return list({(facts["name"], facts["digest"]): facts for facts in found}.values())


def _name(run: Run, path: Path) -> str:
    """What an artifact is called: by its path in the folder of the run, if it lies there."""
    inside = run.dir is not None and path.is_relative_to(run.dir)
    return path.relative_to(str(run.dir)).as_posix() if inside else path.name


def _put_on_record(workspace: Workspace, run: Run, figures: Sequence[Figure]) -> tuple[Change, ...]:
    """Register what was read as inputs and the figures as outputs of the evaluation."""
    writer = workspace.store.writer()
    read: dict[str, str] = {}
    for figure in figures:
        if figure.recipe is None or figure.digest is None:
            continue
        inputs = [[workspace.relative(path), digest] for path, digest in figure.files]
        read.update((path, digest) for path, digest in inputs)
        recipe = writer.put(canonical(figure.recipe.identity))
        plot = {
            "name": figure.recipe.plot,
            "configuration": figure.recipe.configuration,
            "recipe": recipe.digest,
        }
        name = _name(run, figure.path)
        meta = {"plot": plot, "inputs": writer.put(orjson.dumps(inputs)).digest}
        run.save_file(figure.path, "output", name=name, mode="copy", metadata=meta)
        kept = (RECIPE, recipe.digest, recipe.size, recipe.kept)
        attach(writer, run.id, Artifact(f"{name}.recipe", "output", *kept, meta=meta))
    for path, digest in read.items():
        file = workspace.project / path
        size = file.stat().st_size if file.exists() else 0
        kind = media_type_of(file)
        attach(writer, run.id, Artifact(path, "input", kind, digest, size, "reference", path))
    return changed_since(workspace.store.index().connection, read)
