"""What the project says in ``whence.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from whence.base.error import UserError
from whence.base.problem import Problem, Where, did_you_mean

FILE = "whence.toml"


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
        path = project / FILE
        try:
            text = path.read_text(encoding="utf-8")
            tables = tomllib.loads(text)
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError) as error:  # no UTF-8 and no TOML are ValueErrors
            why = getattr(error, "strerror", None) or str(error)
            raise UserError.of("bad-toml", why, where=Where(file=str(path))) from None
        problems = list(_problems(path, text, tables))
        if problems:
            raise UserError(*problems)
        return cls(**tables.get("evaluation", {}))


def _problems(path: Path, text: str, tables: dict[str, object]) -> list[Problem]:
    known = [field.name for field in fields(Config)]
    found = []
    for name, table in tables.items():
        if name != "evaluation" or not isinstance(table, dict):
            near = did_you_mean(name, ["evaluation"]) or "The only table is [evaluation]."
            found.append(Problem("unknown-key", f"unknown {name!r}", _find(path, text, name), near))
            continue
        for key, value in table.items():
            if key not in known:
                mend = did_you_mean(key, known) or f"Known are: {', '.join(known)}."
                where = _find(path, text, key)
                found.append(Problem("unknown-key", f"unknown key {key!r}", where, mend))
            elif not isinstance(value, str):
                where = _find(path, text, key)
                found.append(Problem("bad-value", f"{key!r} must be text", where, "Quote it."))
    return found


def _find(path: Path, text: str, key: str) -> Where:
    """The line where a key stands; tomllib does not tell."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().lstrip("[").startswith(key):
            return Where(str(path), number, line.index(key) + 1, len(key), (key,), line)
    return Where(str(path))
