"""Where figures and their configurations go."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.base import yaml
from whence.base.error import UserError
from whence.plot.spec import PlotSpec
from whence.store.replacement import replaced


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one run of the plot manager.

    Attributes
    ----------
    folder : Path
        It is made when the first figure is written.
    """

    folder: Path

    @classmethod
    def of(cls, dm: Any, out_dir: str) -> Place:
        """The folder that `out_dir` says, below the output folder of the data manager.

        Raises
        ------
        UserError
            If `out_dir` has replacements that are not known.
        """
        try:
            named = str(out_dir).format(timestamp=time.strftime("%y%m%d-%H%M%S"))
        except (KeyError, IndexError, ValueError) as error:
            raise UserError.of(
                "bad-value",
                f"cannot make a folder's name of {out_dir!r}: {error!r}",
                mend="The only replacement is {timestamp:}.",
            ) from None
        dirs = getattr(dm, "dirs", None) or {}
        base = dirs.get("out") or dirs.get("data") or "."
        return cls(Path(base) / Path(named).expanduser())

    def file(self, spec: PlotSpec, stem: str, ending: str) -> Path:
        """A file for a plot; its own ``out_dir`` wins."""
        own = spec.configuration.get("out_dir")
        folder = Path(own).expanduser() if own else self.folder
        if not folder.is_absolute():
            folder = self.folder / folder
        return folder / f"{stem}{ending}"


def write(path: Path, data: bytes) -> None:
    """Put bytes into a file, whole or not at all.

    Raises
    ------
    UserError
        If the file system refuses.
    """
    with replaced(path, parents=True) as file:
        file.write(data)


def save_configuration(spec: PlotSpec, place: Place, action: str) -> Path | None:
    """Save a plot's configuration so that it can be drawn again from there; gives its file.

    None if another configuration is there, and the action is ``skip``; or if it holds what YAML
    has no form for (Python may give it), of which a warning tells.

    Raises
    ------
    UserError
        If the file is there with other content, and the action is ``raise``.
    """
    series = spec.creator == "universe" or spec.state is not None
    stem = f"{spec.name}/sweep" if series else spec.name
    path = place.file(spec, stem, "_cfg.yml")
    whole = spec.state.space if spec.state is not None else replayable(spec)
    try:
        data = yaml.dump({spec.name: whole}).encode()
    except UserError as error:
        why = "; ".join(problem.message for problem in error.problems)
        warnings.warn(f"the configuration of {spec.name!r} is not saved: {why}", stacklevel=2)
        return None
    if path.exists() and path.read_bytes() != data:
        if action == "skip":
            return None
        if action == "raise":
            raise UserError.of(
                "exists",
                f"{str(path)!r} is there already, with another configuration",
                mend="Draw into another folder, or set `cfg_exists_action: overwrite`.",
            )
        if action == "overwrite":
            warnings.warn(f"overwriting {path}", stacklevel=2)
    write(path, data)
    return path


def replayable(spec: PlotSpec) -> Mapping[str, Any]:
    """The configuration, with what it took from the manager and its surroundings written out."""
    configuration = resolved(spec)
    file = spec.scope.document.file if spec.scope.document else None
    if configuration.get("module_file") and file:
        folder = Path(file).expanduser().resolve().parent
        configuration["module_file"] = str(folder / configuration["module_file"])
    configuration["file_ext"] = list(spec.formats) if len(spec.formats) > 1 else spec.formats[0]
    return configuration


def resolved(spec: PlotSpec) -> dict[str, Any]:
    """The configuration, with what it took from the manager written out."""
    configuration = dict(spec.configuration)
    function = configuration.get("plot_func")
    if callable(function):
        configuration["module"] = function.__module__
        configuration["plot_func"] = function.__qualname__
    configuration["creator"] = spec.creator
    settings = {key: spec.settings[key] for key in ("psgrp_path", "style") if key in spec.settings}
    configuration.pop("creator_init_kwargs", None)
    if settings:
        configuration["creator_init_kwargs"] = settings
    return configuration
