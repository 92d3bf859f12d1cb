"""What is wrong, where, why, and how to mend it: one value that every face renders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from whence.base.yaml import Document


_OFFERED = 3


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file, or in a value that came from one.

    Attributes
    ----------
    file : str or None
        The file as the user named it.
    line, column : int or None
        Counted from 1, as editors do.
    width : int
        How many characters the marked word has.
    path : tuple of str or int
        The keys and indices that lead to the value inside the document.
    source : str or None
        The text of the line, kept so that rendering needs no second read.
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None
    width: int = 1
    path: tuple[str | int, ...] = ()
    source: str | None = None

    def __str__(self) -> str:
        parts = [self.file, self.line, self.column]
        return ":".join(str(part) for part in parts if part is not None)

    @property
    def dotted(self) -> str:
        """The path in one word: ``abm_mean_energy.transform[2]``."""
        text = ""
        for key in self.path:
            text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
        return text


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a configuration, whether it was read from a file or given as a mapping."""

    document: Document | None = None
    path: tuple[str | int, ...] = ()
    on_key: bool = False

    def at(self, *path: str | int) -> Self:
        """The value found further down."""
        return replace(self, path=(*self.path, *path), on_key=False)

    def key(self, *path: str | int) -> Self:
        """The key of the value found further down."""
        return replace(self, path=(*self.path, *path), on_key=True)

    @property
    def where(self) -> Where:
        """The place, with file and line if there is a file."""
        if self.document is None:
            return Where(path=self.path)
        find = self.document.where_key if self.on_key and self.path else self.document.where
        return find(*self.path)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    code : str
        A stable, short name that programs can match on, like ``unknown-operation``.
    message : str
        What is wrong, in one line that starts in lower case and has no full stop.
    where : Where or None
        The place, if there is one.
    mend : str or None
        What the user can do about it, in full sentences.

    Examples
    --------
    >>> print(Problem("unknown-key", "unknown key 'hues'", mend="Did you mean 'hue'?"))
    unknown key 'hues'
      Did you mean 'hue'?
    """

    code: str
    message: str
    where: Where | None = None
    mend: str | None = None

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        where = self.where or Where()
        head = f"{where}: {self.message}" if str(where) else self.message
        yield f"{head}    ({where.dotted})" if where.path else head
        if where.line is not None and where.source is not None:
            gutter = f"{where.line:>6} | "
            yield gutter + where.source.rstrip("\n")
            if where.column is not None:
                lead = "".join(c if c == "\t" else " " for c in where.source[: where.column - 1])
                yield " " * (len(gutter) - 2) + "| " + lead + "^" * max(where.width, 1)
        if self.mend:
            yield from (f"  {line}" for line in self.mend.splitlines())

    def as_dict(self) -> dict[str, object]:
        """The problem as plain data, the shape every JSON face answers with."""
        where = self.where
        return {
            "code": self.code,
            "message": self.message,
            "mend": self.mend,
            "where": where
            and {
                "file": where.file,
                "line": where.line,
                "column": where.column,
                "path": list(where.path),
            },
        }


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The sentence that offers the nearest known words, or None when none is near.

    Upper and lower case count as the same.

    Parameters
    ----------
    word : str
        What is not known.
    known : iterable of str
        What is.
    cutoff : float
        How much of a word must agree, from 0 to 1.

    Examples
    --------
    >>> did_you_mean(".meen", [".mean", ".sum"])
    "Did you mean '.mean'?"
    """
    import difflib  # only needed where something is wrong

    spelled: dict[str, list[str]] = {}
    for name in known:
        spelled.setdefault(str(name).lower(), []).append(str(name))
    typed = str(word).lower()
    close = (
        [typed]
        if typed in spelled
        else difflib.get_close_matches(typed, spelled, n=_OFFERED, cutoff=cutoff)
    )
    near = [name for each in close for name in dict.fromkeys(spelled[each])][:_OFFERED]
    return f"Did you mean {' or '.join(map(repr, near))}?" if near else None
