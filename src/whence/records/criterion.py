"""What a record is asked about: its status, its tags, its texts and times, and what it put out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.records import sql
from whence.records.condition import AnyOf, Condition
from whence.records.record import ENDED
from whence.records.sql import Sql, checked

if TYPE_CHECKING:
    from whence.records.reader import Records

STATUS = {
    "initialized": "created",
    "finished": "completed",
    "crashed": "failed",
    "killed": "terminated",
    **{word: word for word in ("created", "running", "completed", "failed", "terminated", "lost")},
}
"""The statuses by our names and by smttask's."""

COLUMNS = ("id", "name", "kind", "folder", "user", "host", "parent", "call", "dir")
"""Text columns of ``run`` that conditions may ask for."""

TIMES = ("created", "started", "ended", "last")

ALERTS = ("ok", "critical")
"""How alerts stand once there was something to judge."""


@dataclass(frozen=True, slots=True)
class Tag(Condition):
    """Having exactly this tag; any, if None is named."""

    tag: str | None

    def __post_init__(self) -> None:
        if self.tag is not None:
            checked(self.tag)

    def sql(self, records: Records) -> Sql:
        """Rows of ``tag``."""
        if self.tag is None:
            return Sql("SELECT DISTINCT run FROM tag")
        return Sql("SELECT run FROM tag WHERE tag = ?", (self.tag,))


@dataclass(frozen=True, slots=True)
class Status(Condition):
    """Being in this state, by our word or smttask's, with or without underscores.

    Raises
    ------
    UserError
        If there is no such status.
    """

    status: str

    def __post_init__(self) -> None:
        if status_of(self.status) is None:
            raise UserError.of(
                "unknown-status",
                f"there is no status {self.status!r}",
                mend=did_you_mean(self.status, STATUS) or f"Known are: {', '.join(STATUS)}.",
            )

    def sql(self, records: Records) -> Sql:
        """Whether a run is lost is not in the index: those that never ended are looked at."""
        wanted = status_of(self.status)
        if wanted in ENDED:
            return sql.row("run.status = ?", wanted)
        return sql.among(records.unended().get(str(wanted), ()))


def status_of(word: str) -> str | None:
    """The status that a word or a tag of smttask means, or None."""
    bare = word.strip("_") if isinstance(word, str) else ""
    return STATUS.get(bare)


def tagged(word: str) -> Condition:
    """Having the tag; a word for a status, like ``_finished_``, finds the status too.

    Raises
    ------
    UserError
        If the word is no text.
    """
    if not isinstance(word, str):
        raise UserError.of("bad-tag", f"a tag is a text, not {word!r}")
    checked(word)
    return Tag(word) if status_of(word) is None else AnyOf((Status(word), Tag(word)))


def _is(text: str, wanted: str) -> tuple[str, tuple[Any, ...]]:
    return f"{text} = ?", (wanted,)


def _contains(text: str, wanted: str) -> tuple[str, tuple[Any, ...]]:
    return f"instr({text}, ?)", (wanted,)


def _starts(text: str, wanted: str) -> tuple[str, tuple[Any, ...]]:
    # As a range an index answers it; no text sorts after the last code point.
    return f"{text} >= ? AND {text} < ?", (wanted, wanted + "\U0010ffff")


def _below(text: str, wanted: str) -> tuple[str, tuple[Any, ...]]:
    folder = "/" + wanted.strip("/")
    start = folder.rstrip("/") + "/"
    return f"({text} = ? OR {text} >= ? AND {text} < ?)", (folder, start, start + "\U0010ffff")


_ASK: dict[str, Callable[[str, str], tuple[str, tuple[Any, ...]]]] = {
    "is": _is,
    "contains": _contains,
    "starts": _starts,
    "below": _below,
    "exists": lambda text, _: (f"{text} > ''", ()),
}


_HOLDS: dict[str, Callable[[str, str], object]] = {
    "is": lambda told, wanted: told == wanted,
    "contains": lambda told, wanted: wanted in told,
    "starts": lambda told, wanted: told.startswith(wanted),
    "below": lambda told, wanted: not wanted.strip("/"),
    "exists": lambda told, wanted: True,
    "regex": lambda told, wanted: compiled(wanted).search(told),
}
_USUAL = {"kind": "run", "folder": "/"}


@dataclass(frozen=True, slots=True)
class Text(Condition):
    """What a record says in one of its fields of text.

    Parameters
    ----------
    name : str
        A column of ``run`` (`COLUMNS`), or a field of `whence.store.words`.
    how : {"is", "contains", "starts", "below", "regex", "exists"}
        ``below`` is for folders: that one or one in it.
    text : str
        What is looked for.

    Raises
    ------
    UserError
        If that is no text, or not a regular expression.
    """

    name: str
    how: str
    text: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise UserError.of(
                "bad-text", f"the {self.name} is looked for by a text, not by {self.text!r}"
            )
        checked(self.name)
        checked(self.text)
        if self.how == "regex":
            compiled(self.text)

    def sql(self, records: Records) -> Sql:
        """A column of ``run``, or rows of ``param`` under the name of the field."""
        column = f"run.{self.name}" if self.name in COLUMNS else "text"
        if self.how == "regex":
            return self._regex(records, column)
        asked, values = _ASK[self.how](column, self.text)
        if column != "text":
            return self._or_usual(asked, *values)
        names = records.names.of("field", self.name)
        if not names:
            return sql.NONE
        return Sql(f"SELECT run FROM param WHERE name = ? AND {asked}", (names[0], *values))

    def _or_usual(self, asked: str, *values: Any) -> Sql:
        """Rows that say nothing are what runs are if nothing is said."""
        usual = _USUAL.get(self.name)
        if usual is not None and _HOLDS[self.how](usual, self.text):
            return sql.row(f"{asked} OR run.{self.name} IS NULL", *values)
        return sql.row(asked, *values)

    def _regex(self, records: Records, column: str) -> Sql:
        """The distinct texts are matched here, so that it is Python's kind of expression."""
        search = compiled(self.text).search
        if column != "text":
            source = f"SELECT DISTINCT {column} FROM run"
        else:
            names = records.names.of("field", self.name)
            if not names:
                return sql.NONE
            source = f"SELECT DISTINCT text FROM param WHERE name = {names[0]}"
        texts = records.connection.execute(source).fetchall()
        fit = sql.texts(text for (text,) in texts if text is not None and search(text))
        among = f"{column} IN (SELECT value FROM json_each(?))"
        if column != "text":
            return self._or_usual(among, fit)
        return Sql(f"SELECT run FROM param WHERE name = {names[0]} AND {among}", (fit,))


def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression.

    Raises
    ------
    UserError
        If it is none.
    """
    if not isinstance(pattern, str):
        raise UserError.of("bad-pattern", f"a regular expression is a text, not {pattern!r}")
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UserError.of(
            "bad-pattern",
            f"{pattern!r} is not a regular expression: {error}",
            mend="To look for the characters themselves, use a filter that looks for text.",
        ) from None


@dataclass(frozen=True, slots=True)
class Time(Condition):
    """Having been created, started, … at or after `start` and before `end`.

    Parameters
    ----------
    name : str
        One of `TIMES`.
    start, end : float, optional
        Seconds since 1970.
    """

    name: str
    start: float | None = None
    end: float | None = None

    def sql(self, records: Records) -> Sql:
        """A range of a column of ``run``."""
        column = f"run.{self.name}"
        parts = [(f"{column} >= ?", self.start), (f"{column} < ?", self.end)]
        told = [(text, value) for text, value in parts if value is not None]
        text = " AND ".join(text for text, _ in told) or f"{column} IS NOT NULL"
        return sql.row(text, *(value for _, value in told))


@dataclass(frozen=True, slots=True)
class Took(Condition):
    """Having run for so long, from start to end; any time, if no sign is given.

    Parameters
    ----------
    sign : {"=", "!=", "<", "<=", ">", ">=", ""}
    seconds : float
    """

    sign: str = ""
    seconds: float = 0.0

    def sql(self, records: Records) -> Sql:
        """Two columns of ``run``."""
        took = "run.ended - run.started"
        if not self.sign:
            return sql.row(f"{took} IS NOT NULL")
        return sql.row(f"{took} {self.sign} ?", self.seconds)


@dataclass(frozen=True, slots=True)
class Alert(Condition):
    """Having an alert, of this name or one that holds it, that stands so.

    Parameters
    ----------
    name : str
        Its name; empty for any.
    how : {"is", "contains"}
    status : {"ok", "critical"}, optional
        How it stands; any if not given.

    Raises
    ------
    UserError
        If alerts cannot stand so.
    """

    name: str = ""
    how: str = "is"
    status: str | None = None

    def __post_init__(self) -> None:
        checked(self.name)
        if self.status not in (None, *ALERTS):
            raise UserError.of(
                "unknown-status",
                f"no alert is ever {self.status!r}",
                mend=f"It is one of: {', '.join(ALERTS)}.",
            )

    def sql(self, records: Records) -> Sql:
        """Rows of ``param`` under the names of alerts."""
        asked, values = _ASK[self.how]("name", self.name) if self.name else ("1", ())
        text = (
            "SELECT DISTINCT run FROM param WHERE name IN "
            f"(SELECT id FROM name WHERE space = 'alert' AND {asked})"
        )
        if self.status is not None:
            text, values = f"{text} AND text = ?", (*values, self.status)
        return Sql(text, values)


_OUTPUT_PATH = (
    "CASE WHEN artifact.path IS NULL THEN artifact.name WHEN artifact.path LIKE './%' "
    "AND run.dir IS NOT NULL THEN run.dir || substr(artifact.path, 2) ELSE artifact.path END"
)


@dataclass(frozen=True, slots=True)
class OutputPath(Condition):
    """Having put out a file whose path holds this text."""

    text: str

    def __post_init__(self) -> None:
        checked(self.text)

    def sql(self, records: Records) -> Sql:
        """Rows of ``artifact``."""
        return Sql(
            "SELECT DISTINCT artifact.run FROM artifact JOIN run ON run.key = artifact.run "
            f"WHERE artifact.category = 'output' AND instr({_OUTPUT_PATH}, ?)",
            (self.text,),
        )


@dataclass(frozen=True, slots=True)
class Outputs(Condition):
    """Having put out at least `minimum` and at most `maximum` files."""

    minimum: int = 1
    maximum: int | None = None

    def __post_init__(self) -> None:
        for count in (self.minimum, 0 if self.maximum is None else self.maximum):
            if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                raise UserError.of(
                    "bad-count", f"the number of files is a whole number from 0 up, not {count!r}"
                )
        if self.maximum is not None and self.maximum < self.minimum:
            raise UserError.of(
                "bad-count", f"nothing has at least {self.minimum} and at most {self.maximum} files"
            )

    def sql(self, records: Records) -> Sql:
        """Rows of ``artifact``, counted."""
        count = (
            "(SELECT count(*) FROM artifact WHERE artifact.run = run.key "
            "AND artifact.category = 'output')"
        )
        # Written out: SQLite binds no integer of more than 64 bits, and reads any.
        if self.maximum is None:
            return sql.row(f"{count} >= {self.minimum:d}")
        return sql.row(f"{count} BETWEEN {self.minimum:d} AND {self.maximum:d}")


_DIGITS = 6
_DIGEST = re.compile(rf"(?:[a-z0-9]+:)?[0-9a-f]{{{_DIGITS},}}")


@dataclass(frozen=True, slots=True)
class Holds(Condition):
    """Having taken in or put out content of this digest, or of one that begins so.

    Raises
    ------
    UserError
        If it is no digest, or has too few digits to mean one content.
    """

    digest: str

    def __post_init__(self) -> None:
        if _DIGEST.fullmatch(self.digest.lower()) is None:
            raise UserError.of(
                "bad-digest",
                f"{self.digest!r} is not a digest",
                mend=f"Give the whole of it, or {_DIGITS} or more of its first digits (0-9, a-f), "
                "as `whence show` and `whence artifacts` print them.",
            )

    def sql(self, records: Records) -> Sql:
        """Rows of ``artifact``."""
        asked, values = _starts("digest", self.digest.lower())
        return Sql(f"SELECT DISTINCT run FROM artifact WHERE {asked}", values)


@dataclass(frozen=True, slots=True)
class Said(Condition):
    """Having logged or printed these words, one after the other; case does not matter."""

    text: str

    def __post_init__(self) -> None:
        checked(self.text)

    def sql(self, records: Records) -> Sql:
        """The full-text index."""
        if not isinstance(self.text, str) or not re.search(r"\w", self.text):
            raise UserError.of("bad-text", f"there is no word in {self.text!r} to look for")
        if not records.has_words:
            raise UserError.of(
                "no-full-text",
                "this Python's SQLite was built without full-text search (FTS5)",
                mend="Use the filter stdout_stderr, which reads the journals, or another Python.",
            )
        phrase = '"' + re.sub('["\0]', " ", self.text) + '"'
        return Sql(
            "SELECT DISTINCT said.run FROM word JOIN said ON said.id = word.rowid "
            "WHERE word MATCH ?",
            (phrase,),
        )


@dataclass(frozen=True, slots=True)
class Printed(Condition):
    """Having printed this text: the journals of those that said anything are read."""

    text: str

    def __post_init__(self) -> None:
        checked(self.text)

    def sql(self, records: Records) -> Sql:
        """Keys, once the output was read."""
        rows = records.connection.execute(
            "SELECT key, id FROM run WHERE key IN (SELECT run FROM said) AND NOT deleted"
        ).fetchall()
        return sql.among(key for key, run in rows if self.text in _output(records, run))


def _output(records: Records, run: str) -> str:
    lines = records.store.lines(run, ("out",))
    return "".join(str(line.get("text", "")) for line in lines)
