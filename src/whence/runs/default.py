"""What a run is given where its own script does not say: in files, and by the environment.

Files are looked for upward from the working directory, the nearest of each name:

1. ``whence.toml``,
2. ``simvue.toml`` or ``.simvue.toml``, and after the topmost folder in the home folder,
3. ``pyproject.toml``, its table ``tool.simvue``,

and at last ``~/.config/whence/config.toml``. All have the same tables, ``run`` and ``metrics``; of
each key the first that has it counts. They are read again when a second has passed.

``SIMVUE_DISABLE_ENVIRONMENT_METRICS``, ``_GIT_`` and ``_SYSTEM_`` come before the files.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from whence.base.error import UserError
from whence.base.toml import Kind, Toml
from whence.runs.capture import Surrounding
from whence.runs.emission import Rates
from whence.runs.fact import MODES, Mode, folder_of, metadata_of, one_of, tags_of
from whence.runs.setting import Settings
from whence.runs.variable import chosen

T = TypeVar("T")

SURROUNDINGS: Final[tuple[Surrounding, ...]] = ("environment", "git", "system")

_RUN: Mapping[str, Kind] = {
    "name": "text",
    "description": "text",
    "folder": "text",
    "mode": "text",
    "tags": "texts",
    "record_shell_vars": "texts",
    "metadata": "any",  # a table, looked at by itself
}
_METRICS: Mapping[str, Kind] = {
    "system_metrics_interval": "number",
    "resources_metrics_interval": "number",  # as versions of Simvue before 2 call it
    "enable_emission_metrics": "flag",
    "emission_metrics_interval": "number",  # without effect: each look gives both
}
_SIMVUE = ("simvue.toml", ".simvue.toml")
_SIMVUE_TABLES = ("run", "metrics", "server", "profiles", "offline", "client", "eco")
TABLES = ("evaluation", "run", "metrics")
"""The tables of ``whence.toml``."""
_FALSE = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a run is given where its script does not say.

    Attributes
    ----------
    name, description : str or None
        As `Run.init` takes them.
    folder : str
        The folder of runs.
    mode : str
        ``online``, ``offline`` or ``disabled``.
    tags : tuple of str
        Tags, beside those that the script gives.
    variables : tuple of str
        Environment variables to record, beside those that the script asks for.
    metadata : mapping
        Metadata, encoded, under those that the script gives.
    without : frozenset of str
        What is not to be looked at: ``environment``, ``git``, ``system``.
    settings : Settings
        How it looks at what it uses.
    files : tuple of Path
        The files that say so, the first that counts first.
    """

    name: str | None = None
    description: str | None = None
    folder: str = "/"
    mode: Mode = "online"
    tags: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    without: frozenset[Surrounding] = frozenset()
    settings: Settings = field(default_factory=Settings)
    files: tuple[Path, ...] = ()

    @classmethod
    def found(cls) -> Defaults:
        """Those of the working directory, at this time.

        Raises
        ------
        UserError
            If a file cannot be read, or says what means nothing; with the line.
        """
        told = _of_files(os.getcwd(), int(time.monotonic()))
        without = frozenset(_without(told.without))
        return told if without == told.without else replace(told, without=without)


def either(given: T | None, usual: T) -> T:
    """What is given, else what is usual."""
    return usual if given is None else given


def _without(told: frozenset[Surrounding]) -> Iterator[Surrounding]:
    """What the environment, or else the files, have left out."""
    for name in SURROUNDINGS:
        word = os.environ.get(f"SIMVUE_DISABLE_{name.upper()}_METRICS")
        if word.lower() not in _FALSE if word else name in told:
            yield name


@functools.lru_cache(maxsize=4)
def _of_files(folder: str, second: int) -> Defaults:
    """What the files say that are found from a folder; `second` has it looked at again."""
    found: dict[str, Any] = {}
    files = []
    for path, above in _files(Path(folder)):
        told = _read(path, above)
        found = {**told, **found}
        files += [path] if told else []
    return Defaults(**found, files=tuple(files))


def _files(folder: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The files, the first that counts first, with the keys that lead to the tables in each."""
    upward, home = (folder, *folder.parents), Path(os.path.expanduser("~"))
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    yield from ((path, ()) for path in _nearest(upward, ["whence.toml"]))
    yield from ((path, ()) for path in _nearest((*upward, home), _SIMVUE))
    yield from ((path, ("tool", "simvue")) for path in _nearest(upward, ["pyproject.toml"]))
    yield from ((path, ()) for path in _nearest((config / "whence",), ["config.toml"]))


def _nearest(folders: tuple[Path, ...], names: Iterable[str]) -> Iterator[Path]:
    for folder in folders:
        for name in names:
            if os.path.isfile(os.path.join(folder, name)):
                yield folder / name
                return


def _read(path: Path, above: tuple[str, ...]) -> dict[str, Any]:
    """What one file says, as fields of `Defaults`."""
    if above and not _mentions(path, ".".join(above)):
        return {}
    toml = Toml.read(path)
    if toml is None:
        return {}
    _refuse_secrets(toml, above)
    run, metrics = (*above, "run"), (*above, "metrics")
    metadata = (*run, "metadata")
    problems = [
        *toml.unknown(_SIMVUE_TABLES if above or path.name in _SIMVUE else TABLES, above),
        *toml.problems(run, _RUN),
        *toml.problems(metrics, _METRICS),
        *toml.problems(metadata, _looks(toml.at(*metadata))),
    ]
    if problems:
        raise UserError(*problems)
    found: dict[str, Any] = {}
    for key, value in toml.at(*run).items():
        with _placed(toml, *run, key):
            found |= _fields(key, value)
    if toml.at(*metrics):
        found["settings"] = _settings(toml, metrics)
    return found


def _looks(metadata: Iterable[str]) -> dict[str, Kind]:
    """Of which kind the values of metadata are: flags for what is looked at, others anything."""
    return {name: "flag" if name in SURROUNDINGS else "any" for name in metadata}


def _mentions(path: Path, word: str) -> bool:
    """Whether a file that is there for others too has the word, and so is worth to be read."""
    try:
        return word.encode() in path.read_bytes()
    except OSError:
        return False


def _refuse_secrets(toml: Toml, above: tuple[str, ...]) -> None:
    """What a project's own file says is for all to read."""
    if not above:
        return
    tables = [("server",), *(("profiles", name) for name in toml.at(*above, "profiles"))]
    for table in tables:
        if "token" in toml.at(*above, *table):
            raise UserError.of(
                "secret-in-project",
                "a token in a file that is shared with the project",
                where=replace(toml.where(*above, *table, "token"), source=None),
                mend="Move it to a simvue.toml that git ignores, or into SIMVUE_TOKEN.",
            )


@contextlib.contextmanager
def _placed(toml: Toml, *keys: str) -> Iterator[None]:
    """Have what is wrong with a value say where the value stands."""
    try:
        yield
    except UserError as error:
        where = toml.where(*keys)
        raise UserError(*(replace(one, where=where) for one in error.problems)) from None


def _fields(key: str, value: Any) -> dict[str, Any]:
    """A key of the table of runs, as fields of `Defaults`."""
    if key == "tags":
        return {"tags": tuple(tags_of(value))}
    if key == "record_shell_vars":
        chosen(value, {})  # no secrets
        return {"variables": tuple(value)}
    if key == "metadata":
        return _of_metadata(value)
    if key == "mode":
        return {"mode": one_of(value, MODES, "mode")}
    return {key: folder_of(value) if key == "folder" else value}


def _of_metadata(told: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata themselves, and what is not to be looked at."""
    flags = {name: told[name] for name in SURROUNDINGS if name in told}
    own = {key: value for key, value in told.items() if key not in flags and key != "custom"}
    custom = told.get("custom", {})
    own |= custom if isinstance(custom, dict) else {"custom": custom}
    without = frozenset(name for name, wanted in flags.items() if not wanted)
    return {"metadata": metadata_of(own), "without": without}


def _settings(toml: Toml, metrics: tuple[str, ...]) -> Settings:
    told, settings = toml.at(*metrics), Settings()
    for key in ("resources_metrics_interval", "system_metrics_interval"):
        if key in told:
            with _placed(toml, *metrics, key):
                settings = replace(settings, interval=float(told[key]))
    if told.get("enable_emission_metrics"):
        try:
            settings = replace(settings, rates=Rates.of(os.environ))
        except UserError as error:  # there, the rates come from the network
            where = toml.where(*metrics, "enable_emission_metrics")
            logging.getLogger("whence").warning("%s: no emissions: %s", where, error)
    return settings
