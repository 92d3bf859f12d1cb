"""The workspace: one project with its store, where the parts are wired together."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from whence.app.config import Config
from whence.base.error import UserError
from whence.store import Store

Say = Callable[[str], None]
Progress = Callable[[int, int, str], None]

_USUAL = {"config": "eval.yml", "plots": "plots.yml"}


def _near(path: Path) -> str | None:
    """The files beside it that are called nearly so."""
    from whence.base.problem import did_you_mean

    beside = os.listdir(path.parent) if os.path.isdir(path.parent) else ()
    return did_you_mean(path.name, sorted(beside))


def _how(what: str) -> str:
    """How to come by a file that is missing."""
    if what == "config":
        return "\n`whence tree --write eval.yml` writes one for the data of the newest sweep."
    if what == "plots":
        from whence.plot.spec import EXAMPLE  # only needed where there is none

        return (
            f"\nA plots.yml for the data that `whence tree` shows may be as short as\n\n{EXAMPLE}"
        )
    return ""


@dataclass(frozen=True)
class Workspace:
    """A project folder, its store if it has one, and its configuration.

    Parameters
    ----------
    project : Path
        The folder that relative paths in ``whence.toml`` start from.
    held : Store or None
        The store; None where none was made yet and none is needed.
    """

    project: Path
    held: Store | None

    @classmethod
    def open(cls, path: Path | None) -> Workspace:
        """The workspace of a store that must be there.

        Parameters
        ----------
        path : Path or None
            A project folder or its ``.whence``; searched from here upward if None.

        Raises
        ------
        UserError
            If there is no store.
        """
        store = Store.open(path) if path is not None else Store.find()
        if store is None:
            raise UserError.of(
                "no-store",
                f"there is no store in {Path.cwd()} or above it",
                mend="`whence init` makes one, as does the first `whence run`; `--store PATH` "
                "names one elsewhere.",
            )
        return cls(store.project, store)

    @classmethod
    def open_or_make(cls, path: Path | None, *, say: Say) -> Workspace:
        """The workspace to record in; makes a store where there is none, and says so once."""
        if path is not None:
            return cls.open(path)
        store = Store.find_or_create(Path.cwd(), say=say)
        return cls(store.project, store)

    @classmethod
    def find(cls, path: Path | None, *, near: Path | None = None) -> Workspace:
        """The workspace to look in, which may have no store at all.

        Parameters
        ----------
        path : Path or None
            As the user gave it; must be there if given.
        near : Path, optional
            A file whose folder is searched upward after the working directory's.
        """
        if path is not None:
            return cls.open(path)
        store = Store.find()
        if near is not None and os.path.exists(near):
            whole = near.resolve()
            store = Store.find(whole if whole.is_dir() else whole.parent) or store
        return cls(store.project if store else Path.cwd(), store)

    @property
    def store(self) -> Store:
        """The store, which must be there."""
        if self.held is None:
            raise UserError.of("no-store", "there is no store", mend="`whence init` makes one.")
        return self.held

    @cached_property
    def config(self) -> Config:
        """What ``whence.toml`` says."""
        return Config.read(self.project)

    def relative(self, path: Path) -> str:
        """A path as records tell it: from the project folder, or absolute outside of it."""
        whole = path.resolve()
        project = self.project.resolve()
        told = str(whole.relative_to(project) if whole.is_relative_to(project) else whole)
        if told.isascii():
            return told
        from whence.artifacts.name import readable  # which a list of runs does without

        return readable(told)

    def usual(self, what: str) -> str | None:
        """The name that such a file usually has, if the project has one of that name."""
        name = _USUAL.get(what)
        return name if name is not None and (self.project / name).is_file() else None

    def path(self, given: Path | None, default: str | None, what: str) -> Path:
        """The path the user gave, or the one of ``whence.toml``, or the file of the usual name.

        Raises
        ------
        UserError
            If there is neither, or no such file.
        """
        if given is None and default is None:
            default = self.usual(what)
        if given is None and default is None:
            raise UserError.of(
                f"no-{what}",
                f"which {what}?",
                mend=f'Name it, or put `{what} = "..."` under [evaluation] in '
                f"{self.project / 'whence.toml'}.{_how(what)}",
            )
        path = given if given is not None else self.project / str(default)
        if not os.path.exists(path):
            raise UserError.of(
                "no-file", f"there is no {path}", mend=_near(path) or "Check the spelling."
            )
        return path
