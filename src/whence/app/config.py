"""What the project says in ``whence.toml`` of loading and drawing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from whence.base.error import UserError
from whence.base.toml import Toml

FILE = "whence.toml"
_TABLE = "evaluation"


@dataclass(frozen=True, slots=True)
class Config:
    """The defaults of a project; every path is relative to the project folder.

    Attributes
    ----------
    data : str or None
        The folder that `whence tree` and `whence plot` load from.
    config : str or None
        The file with ``data_manager`` and ``plot_manager``.
    plots : str or None
        The plot configuration.
    operations : str or None
        A Python file that registers operations and plot functions of the project's own.
    """

    data: str | None = None
    config: str | None = None
    plots: str | None = None
    operations: str | None = None

    @classmethod
    def read(cls, project: Path) -> Config:
        """The configuration of a project; all defaults where there is no file.

        Raises
        ------
        UserError
            If the file cannot be read, is not TOML, or has keys or values that mean nothing.
        """
        toml = Toml.read(project / FILE)
        if toml is None:
            return cls()
        from whence.runs.default import TABLES  # slow to come by, and most have no such file

        problems = list(toml.unknown(TABLES))
        problems += toml.problems((_TABLE,), {field.name: "text" for field in fields(cls)})
        if problems:
            raise UserError(*problems)
        return cls(**toml.at(_TABLE))
