"""Load the data of a sweep as one tree."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from whence.app.workspace import Progress, Workspace
from whence.base.error import UserError
from whence.base.problem import Problem, did_you_mean
from whence.base.yaml import Document, read
from whence.params import yaml_tags as params_tags
from whence.transform import yaml_tags as transform_tags
from whence.tree import DataManager, OrderedDataGroup, Section
from whence.tree.node import Node

SECTIONS = ("data_manager", "plot_manager")


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


def load_tree(
    workspace: Workspace,
    *,
    data: Path | None = None,
    config: Path | None = None,
    out: bool = False,
    progress: Progress | None = None,
) -> DataManager:
    """The data tree of a folder, loaded as the configuration says.

    Parameters
    ----------
    workspace : Workspace
        Whose ``whence.toml`` tells what is left out.
    data : Path, optional
        The folder to load from.
    config : Path, optional
        The file with the ``data_manager`` section.
    out : bool
        Whether to make the output folder too, for figures.
    progress : callable, optional
        Called as files are loaded.

    Raises
    ------
    UserError
        With every problem of the configuration, or of the files it asks for.
    """
    folder = workspace.path(data, workspace.config.data, "data")
    document = evaluation_document(workspace, config)
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
    manager.load_from_cfg(progress=progress)
    return manager


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
    spec = importlib.util.spec_from_file_location(f"whence_project_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def operation_names() -> list[str]:
    """The names of all operations, sorted."""
    from whence.transform import operations

    return sorted(operations())


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
