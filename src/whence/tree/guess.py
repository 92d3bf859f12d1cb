"""A load configuration for a folder that nobody has described: by the endings of its files."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.base.error import UserError

LOADERS: Mapping[str, str] = {
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".npy": "numpy",
    ".nc": "xr_dataset",
    ".csv": "pandas_csv",
    ".json": "json",
    ".yml": "yaml_to_object",
    ".yaml": "yaml_to_object",
    ".txt": "text",
    ".log": "text",
    ".out": "text",
    ".dat": "text",
    ".md": "text",
}
"""The loader that is taken for the ending of a file's name."""

_SPACE = "pspace.yml"
_POINT = re.compile(r"sim_\d+")
_HIDDEN = [".*", "*/.*"]
_AS_IT_LIES = {"target_path": "{relpath}"}


@dataclass(frozen=True, slots=True)
class Guess:
    """What to give a `DataManager` for a folder.

    Attributes
    ----------
    settings : mapping
        The ``data_manager`` section of an ``eval.yml``.
    left_out : mapping
        How many files there are of each ending that no loader is known for.
    """

    settings: Mapping[str, Any]
    left_out: Mapping[str, int]


def guessed(folder: Path, files: Iterable[str] | None = None) -> Guess:
    """The configuration that loads what lies in a folder.

    The folder of a sweep gets a group of its simulations, with the space as an attribute; any
    other becomes a tree like the folder itself.

    Parameters
    ----------
    folder : Path
        The folder.
    files : iterable of str, optional
        Paths from there, to load only these.

    Raises
    ------
    UserError
        If there is no file that a loader is known for.
    """
    names = sorted(_below(folder) if files is None else files)
    endings = Counter(os.path.splitext(name)[1].lower() for name in names)
    if files is None and any(_POINT.match(name) for name in names):
        settings = _of_sweep(names)
    elif files is None:
        settings = {"load_cfg": dict(_like_the_folder(endings))}
    else:
        settings = {"load_cfg": dict(_of_files(names))}
    if not settings["load_cfg"]:
        told = ", ".join(sorted(filter(None, endings))) or "none at all"
        raise UserError.of(
            "nothing-to-load",
            f"there is no file in {folder} that can be loaded without being told how "
            f"(it has {told})",
            mend="Write an eval.yml with `data_manager: {load_cfg: ...}`, and give it by --config.",
        )
    left = {ending: count for ending, count in endings.items() if ending not in LOADERS}
    return Guess({"out_dir": "eval/{timestamp:}", **settings}, left)


def _below(folder: Path) -> Iterator[str]:
    for inner, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        lead = os.path.relpath(inner, folder)
        yield from (os.path.normpath(f"{lead}/{name}") for name in files if name[0] != ".")


def _of_sweep(names: Iterable[str]) -> dict[str, Any]:
    """Each kind of file that the points have, by its place in their folders."""
    found: dict[tuple[str, str], set[str]] = {}
    for name in names:
        point, _, inner = name.partition("/")
        stem, ending = os.path.splitext(inner)
        if _POINT.fullmatch(point) and ending.lower() in LOADERS:
            found.setdefault((os.path.dirname(stem), ending), set()).add(os.path.basename(stem))
    single = [(place, *stems) for (place, _), stems in found.items() if len(stems) == 1]
    load: dict[str, Any] = {}
    has_space = _SPACE in names
    if has_space:
        load["pspace"] = {
            "loader": "yaml_to_object",
            "glob_str": _SPACE,
            "required": True,
            "load_as_attr": True,
            "unpack_data": True,
            "target_path": "simulations",
        }
    for (place, ending), stems in sorted(found.items()):
        lead = f"{place}/" if place else ""
        if len(stems) == 1:
            (stem,) = stems
            clash = single.count((place, stem)) > 1
            file, regex = glob.escape(f"{stem}{ending}"), re.escape(f"{lead}{stem}{ending}")
            target = _braced(f"{lead}{stem}{ending if clash else ''}")
        else:
            stem, file = "files", f"*{glob.escape(ending)}"
            regex = f"{re.escape(lead)}([^/]+{re.escape(ending)})$"
            target = _braced(lead) + "{groups[1]}"
        load[_free(load, f"{lead}{stem}")] = {
            "loader": LOADERS[ending.lower()],
            "glob_str": f"sim_*/{glob.escape(lead)}{file}",
            "path_regex": rf"sim_(\d+)/{regex}",
            "target_path": f"simulations/{{match:}}/{target}",
        }
    group = {"path": "simulations", **({"Cls": "ParamSpaceGroup"} if has_space else {})}
    return {"create_groups": [group], "load_cfg": load}


def _like_the_folder(endings: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    by_loader: dict[str, list[str]] = {}
    for ending in sorted(endings):
        if ending in LOADERS:
            by_loader.setdefault(LOADERS[ending], []).append(f"**/*{ending}")
    for loader, patterns in by_loader.items():
        yield loader, {"loader": loader, "glob_str": patterns, "ignore": _HIDDEN, **_AS_IT_LIES}


def _of_files(names: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in names:
        ending = os.path.splitext(name)[1].lower()
        if ending in LOADERS:
            yield name, {"loader": LOADERS[ending], "glob_str": glob.escape(name), **_AS_IT_LIES}


def _braced(text: str) -> str:
    """A text as a format string gives it."""
    return text.replace("{", "{{").replace("}", "}}")


def _free(taken: Mapping[str, Any], name: str) -> str:
    """The name, or that with a number, which is not taken."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
