"""Load the data of a sweep as one tree."""

from __future__ import annotations

import inspect
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whence.app.workspace import Progress, Workspace
from whence.base.error import UserError
from whence.base.module import load_file
from whence.base.problem import Problem, did_you_mean
from whence.base.yaml import Document, dump, read
from whence.params import yaml_tags as params_tags
from whence.records import Record, Records
from whence.transform import yaml_tags as transform_tags
from whence.tree import (
    DataManager,
    OrderedDataGroup,
    RequiredDataMissingError,
    Section,
    guessed,
)
from whence.tree.node import Node

_NEWEST = """
SELECT dir FROM run WHERE dir IS NOT NULL AND NOT deleted AND kind IN ('sweep', 'run')
ORDER BY kind = 'sweep' DESC, created DESC LIMIT 1
"""
_AT = """
SELECT id FROM run WHERE dir = ? AND NOT deleted AND kind IN ('sweep', 'run')
ORDER BY created DESC LIMIT 1
"""


def read_yaml(path: Path) -> Document:
    """A YAML file, with every tag that whence knows."""
    return read(path, {**params_tags(), **transform_tags()})


def evaluation_document(workspace: Workspace, config: Path | None) -> Document:
    """The file with ``data_manager`` and ``plot_manager``.

    Raises
    ------
    UserError
        If there is no such file, or it has other sections.
    """
    path = workspace.path(config, workspace.config.config, "config")
    document = read_yaml(path)
    if not isinstance(document.value, dict) or "data_manager" not in document.value:
        raise UserError.of(
            "no-data-manager",
            "there is no `data_manager` section, which says what to load",
            where=document.where(),
            mend="Give it `load_cfg`, as in the eval.yml that `whence demo` makes.",
        )
    return document


@dataclass(frozen=True, slots=True)
class Loading:
    """What to load into a tree, and how.

    Attributes
    ----------
    folder : Path
        Where the data lie.
    document : Document
        What has the ``data_manager`` section.
    left_out : mapping or None
        Where the section was made up, how many files of each ending it leaves out.
    usual : str or None
        The file of it, where that is the project's own and was not asked for.
    """

    folder: Path
    document: Document
    left_out: Mapping[str, int] | None = None
    usual: str | None = None

    def note(self) -> str | None:
        """What people should know of a section that was made up."""
        if self.left_out is None:
            return None
        file = "FILE" if self.usual else "eval.yml"
        left = ", ".join(f"{count} {name or 'without'}" for name, count in self.left_out.items())
        return (
            f"{'' if self.usual else 'there is no eval.yml, so '}files are loaded by their endings"
            f"{f' ({left} left out)' if left else ''}; `--write {file}` writes it down"
        )


def loading(
    workspace: Workspace,
    data: str | Path | None,
    config: Path | None,
    *,
    guess: bool = False,
) -> Loading:
    """Where the data lie and how they are loaded; made up where no configuration says so.

    Parameters
    ----------
    workspace : Workspace
        Whose ``whence.toml`` tells what is left out.
    data : str or Path, optional
        The folder, or a run on record; that of the newest sweep if nobody says.
    config : Path, optional
        The file with the ``data_manager`` section.
    guess : bool
        Make the section up, though the project has a file for it.

    Raises
    ------
    UserError
        If there is nothing to load.
    """
    record, files = _meant(workspace, data), None
    if record is None:
        default = workspace.config.data or _newest(workspace)
        folder = workspace.path(None if data is None else Path(data), default, "data")
    else:
        folder, files = _left_by(workspace, record)
    # What describes the folder of a sweep does not fit that of a single run.
    described = workspace.config.config or workspace.usual("config")
    fits = described is not None and (record is None or record.kind == "sweep")
    if config or (fits and not guess):
        usual = None if config else described
        return Loading(folder, evaluation_document(workspace, config), usual=usual)
    made = guessed(folder, files)
    sections: dict[str, Any] = {"data_manager": made.settings}
    if "create_groups" in made.settings:
        place = {"psgrp_path": made.settings["create_groups"][0]["path"]}
        creators = {"universe": place, "multiverse": dict(place)}
        sections["plot_manager"] = {"out_dir": "", "creator_init_kwargs": creators}
    return Loading(folder, Document(sections), made.left_out, described if guess else None)


def _meant(workspace: Workspace, data: str | Path | None) -> Record | None:
    """The run that is named, by its folder or otherwise; None for any other folder."""
    if data is None or workspace.held is None:
        return None
    records, path = Records(workspace.held), Path(data)
    if not path.exists():
        return records.resolve(str(data))
    row = records.connection.execute(_AT, (workspace.relative(path),)).fetchone()
    return None if row is None else records.get(row[0])


def _left_by(workspace: Workspace, record: Record) -> tuple[Path, list[str] | None]:
    """A run's own folder; if it has none, the project with the files that the run put out."""
    folder = record.state.get("dir")
    if folder and (workspace.project / folder).is_dir():
        return workspace.project / folder, None
    put = [item.path for item in record.of_category("output") if item.path]
    there = [path for path in put if (workspace.project / path).is_file()]
    if not there:
        raise UserError.of(
            "no-files",
            f"run {record.id} has no folder, and no file that it put out is where it was",
            mend=f"`whence get {record.id}` gets what the store holds.",
        )
    return workspace.project, there


def _newest(workspace: Workspace) -> str | None:
    """The folder of the newest sweep, or else of the newest run, that has one."""
    if workspace.held is None:
        return None
    row = Records(workspace.held).connection.execute(_NEWEST).fetchone()
    return None if row is None else str(row[0])


def load_tree(
    workspace: Workspace,
    *,
    data: str | Path | None = None,
    config: Path | None = None,
    out: bool = False,
    progress: Progress | None = None,
) -> DataManager:
    """The data tree of a folder, loaded as the configuration says.

    Parameters
    ----------
    workspace : Workspace
        Whose ``whence.toml`` tells what is left out.
    data, config
        As `loading` takes them.
    out : bool
        Whether to make the output folder too, for figures.
    progress : callable, optional
        Called as files are loaded.

    Raises
    ------
    UserError
        With every problem of the configuration, or of the files it asks for.
    """
    return carry_out(workspace, loading(workspace, data, config), out=out, progress=progress)


def carry_out(
    workspace: Workspace,
    how: Loading,
    *,
    out: bool = False,
    progress: Progress | None = None,
) -> DataManager:
    """The tree that is loaded so; see `load_tree`."""
    folder, document = how.folder, how.document
    register_operations(workspace)
    settings = dict(document.value["data_manager"] or {})
    settings["load_cfg"] = Section(document, ("data_manager", "load_cfg"))
    if not out:
        settings["out_dir"] = False
    known = [*inspect.signature(DataManager).parameters][1:]
    problems = [
        Problem(
            "unknown-key",
            f"the data manager has no setting {key!r}",
            document.where_key("data_manager", key),
            did_you_mean(key, known) or f"Known are: {', '.join(known)}.",
        )
        for key in settings
        if key not in known
    ]
    if problems:
        raise UserError(*problems)
    try:
        manager = DataManager(folder, **{"name": folder.resolve().name, **settings})
    except UserError as error:
        place = document.where("data_manager")
        raise UserError(
            *(replace(one, where=one.where or place) for one in error.problems)
        ) from None
    try:
        manager.load_from_cfg(progress=progress)
    except RequiredDataMissingError as error:
        if how.usual is None:
            raise
        *others, last = error.problems
        told = f"{last.mend}\n{_elsewhere(workspace, how)}"
        raise RequiredDataMissingError(*others, replace(last, mend=told)) from None
    return manager


def _elsewhere(workspace: Workspace, how: Loading) -> str:
    """What to do where the project's own load configuration was written for other data."""
    folder = shlex.quote(workspace.relative(how.folder))
    return (
        f"Or was {how.usual}, which counts for all sweeps here, written for other data? Then "
        f"`whence tree {folder} --guess` loads files by their endings; with `--write FILE` it "
        "writes that down, for `--config FILE`."
    )


def write_loading(how: Loading, file: Path) -> None:
    """Write what has been made up, or stands elsewhere, as an ``eval.yml`` of its own.

    Raises
    ------
    UserError
        If the file is there already, or cannot be written.
    """
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(dump(how.document.value))
    except OSError as error:
        raise UserError.of(
            "cannot-write", f"cannot write {file}: {error.strerror}", mend="Give a new file."
        ) from error


def register_operations(workspace: Workspace) -> None:
    """Run the project's own file of operations, if ``whence.toml`` names one.

    Raises
    ------
    UserError
        If there is no such file.
    """
    name = workspace.config.operations
    if name is None:
        return
    path = workspace.path(None, name, "operations")
    if str(path.parent) not in sys.path:  # the file may import what lies beside it
        sys.path.insert(0, str(path.parent))
    load_file(path, f"whence_project_{path.stem}")


def tree_as_dict(node: Node) -> dict[str, Any]:
    """A node and all below it as plain data, as `whence tree --json` tells it."""
    told: dict[str, Any] = {
        "name": node.name,
        "class": type(node).__name__,
        "info": node.info(),
        "attributes": sorted(map(str, node.attrs)),
    }
    if isinstance(node, OrderedDataGroup):
        told["members"] = [tree_as_dict(member) for member in node.values()]
    elif (source := getattr(node, "source", None)) is not None:
        told["file"] = os.fspath(source.file)
    return told
