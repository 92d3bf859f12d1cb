"""TOML files that can say where a key of theirs stands."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from whence.base.error import UserError
from whence.base.problem import Problem, Where, did_you_mean

Kind = Literal["text", "texts", "number", "flag", "any"]


@dataclass(frozen=True, slots=True)
class Toml:
    """A TOML file as it was read.

    Attributes
    ----------
    path : Path
        Where it lies.
    text : str
        What is in it.
    tables : dict
        What that means.
    """

    path: Path
    text: str
    tables: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Toml | None:
        """The file, if it is there.

        Raises
        ------
        UserError
            If it cannot be read, or is not TOML.
        """
        try:
            text = path.read_text(encoding="utf-8")
            return cls(path, text, tomllib.loads(text))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:  # no UTF-8 and no TOML are ValueErrors
            why = getattr(error, "strerror", None) or str(error)
            raise UserError.of("bad-toml", why, where=Where(file=str(path))) from None

    def where(self, *keys: str) -> Where:
        """The line where a key, or a table, stands: tomllib does not tell."""
        word, table = keys[-1], ""
        for number, line in enumerate(self.text.splitlines(), 1):
            told = line.strip()
            if told.startswith("["):
                table = told.strip("[").partition("]")[0].strip()
            here = table.split(".") if told.startswith("[") else [*_named(table), _key(told)]
            if here == list(keys):
                column = line.rindex(word) if told.startswith("[") else line.index(word)
                return Where(str(self.path), number, column + 1, len(word), keys, line)
        return Where(str(self.path), path=keys)

    def problems(self, table: tuple[str, ...], kinds: Mapping[str, Kind]) -> Iterator[Problem]:
        """What is wrong with a table: keys that are not known, values of another kind.

        Parameters
        ----------
        table : tuple of str
            The keys that lead to it.
        kinds : mapping
            By key, of which kind its value is.
        """
        inside = self.at(*table[:-1])
        if not isinstance(inside.get(table[-1], {}), dict):
            yield Problem("bad-value", f"{table[-1]!r} must be a table", self.where(*table))
        for key, value in self.at(*table).items():
            if key not in kinds:
                mend = did_you_mean(key, kinds) or f"Known are: {', '.join(kinds)}."
                yield Problem("unknown-key", f"unknown key {key!r}", self.where(*table, key), mend)
                continue
            fits, told, mend = _KINDS[kinds[key]]
            if not fits(value):
                yield Problem("bad-value", f"{key!r} must be {told}", self.where(*table, key), mend)

    def unknown(self, known: Iterable[str], above: tuple[str, ...] = ()) -> Iterator[Problem]:
        """The keys under some others that mean nothing: tables that are misspelt, mostly."""
        words = list(known)
        for name in self.at(*above):
            if name not in words:
                mend = did_you_mean(name, words) or f"Known tables are: {', '.join(words)}."
                where = self.where(*above, name)
                yield Problem("unknown-key", f"unknown {name!r}", where, mend)

    def at(self, *keys: str) -> dict[str, Any]:
        """The table under keys; an empty one where there is none."""
        found = self.tables
        for key in keys:
            inner = found.get(key)
            found = inner if isinstance(inner, dict) else {}
        return found


def _named(table: str) -> list[str]:
    return table.split(".") if table else []


def _key(line: str) -> str:
    return line.partition("=")[0].strip().strip("\"'")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_KINDS: Mapping[Kind, tuple[Callable[[object], bool], str, str]] = {
    "text": (lambda value: isinstance(value, str), "text", "Quote it."),
    "texts": (_are_texts, "a list of texts", 'Write it as ["one", "two"].'),
    "number": (_is_number, "a number", "Leave the quotes away."),
    "flag": (lambda value: isinstance(value, bool), "true or false", "Leave the quotes away."),
    "any": (lambda value: True, "", ""),
}
