"""A table of records in short, as text that fits on a screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import islice, repeat
from operator import contains
from typing import TYPE_CHECKING, Any

from whence.base.digest import digest_value
from whence.base.error import UserError
from whence.records.record import Record, is_field, states_of, value_of
from whence.store.field import FIELDS as FIELD_WORDS
from whence.store.field import SOURCES as FIELD_SOURCES
from whence.store.field import words

if TYPE_CHECKING:
    import pandas as pd

    from whence.records.view import RecordStoreView

FIELDS = ("reason", "outcome", "tags", "main_file", "duration")
UNDEFINED = "undefined"
LIKE = r"^(\d{8}[-T]\d{6})_?([a-zA-Z0-9]+)?$"
"""Labels whose first groups are the same are merged: those of one second."""

_MISSING = object()
_IN_HOUR = tuple(f"{minute:02d}m {second:02d}s" for minute in range(60) for second in range(60))
_BATCH = 512  # records whose facts stay in the processor's cache from one column to the next


@dataclass(frozen=True, slots=True)
class RecordStoreSummary(Mapping[str, "list[Record]"]):
    """The records of a view by label, and the table that shows them; calling it gives the table.

    Parameters
    ----------
    view : RecordStoreView
        Its records, in its order.
    like : str or None
        A regular expression; records whose labels are the same in its first group share a row.
    first, last : int or None
        How many rows from the beginning or from the end are kept.

    Examples
    --------
    >>> view.summary.merged.tail(15)  # doctest: +SKIP
    """

    view: RecordStoreView
    like: str | None = None
    first: int | None = None
    last: int | None = None

    @property
    def merged(self) -> RecordStoreSummary:
        """The same, with records of like labels in one row."""
        return replace(self, like=LIKE)

    @property
    def unmerged(self) -> RecordStoreSummary:
        """The same, with a row for each record."""
        return replace(self, like=None)

    def head(self, nrows: int = 5) -> RecordStoreSummary:
        """The first rows of it."""
        return replace(self, first=_count(nrows), last=None)

    def tail(self, nrows: int = 5) -> RecordStoreSummary:
        """The last rows of it."""
        return replace(self, last=_count(nrows), first=None)

    def __len__(self) -> int:
        return len(self._groups())

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups())

    def __getitem__(self, label: str) -> list[Record]:
        return self.view.of(self._groups()[label])

    def __call__(self, *args: Any, **kwargs: Any) -> pd.DataFrame:
        """The table, as `dataframe` gives it."""
        return self.dataframe(*args, **kwargs)

    def _repr_html_(self) -> str:
        import pandas as pd

        # pandas writes a newline as a backslash and an n, of which LaTeX has many of its own.
        frame = self.dataframe().map(_markup).rename(index=_markup, columns=_markup)
        return str(frame.to_html(max_rows=pd.get_option("display.max_rows"), escape=False))

    def __str__(self) -> str:
        frame = self.dataframe()
        return str(frame.set_axis(frame.columns.str.replace("\n", ""), axis=1).to_string())

    def __repr__(self) -> str:
        return f"<RecordStoreSummary of {len(self)} rows>"

    def dataframe(
        self,
        fields: Iterable[str] = FIELDS,
        parameters: Iterable[str] = (),
        hash_parameter_sets: bool = True,
        max_chars: int = 50,
        max_lines: int = 1,
    ) -> pd.DataFrame:
        """The table: one row for each label, downward, or in the order that was asked for.

        Parameters
        ----------
        fields : iterable of str
            Attributes of records.
        parameters : iterable of str
            Dotted names of parameters or metadata; ``inputs`` levels may be left out.
        hash_parameter_sets : bool
            Show a parameter that holds others as ``#`` and the beginning of its digest.
        max_chars, max_lines : int
            How much of a text is shown; tags always are whole.

        Returns
        -------
        pandas.DataFrame
            Every cell a text, but for the number of records. Texts that differ among the records
            of a row stand side by side. Names of columns are broken before their dots.
        """
        import pandas as pd

        asked = [fields] if isinstance(fields, str) else list(fields)
        rows = self._rows([field for field in asked if field != "duration"])
        sizes, told = rows.sizes, rows.told
        columns: dict[str, Sequence[Any]] = {"# records": sizes}
        for field in asked:
            if field == "duration":
                columns["avg\n. duration"] = _means(told.took, sizes)
                continue
            cut = _cutter(field, max_chars, max_lines)
            columns[field] = _column(told.texts[field], sizes, cut)
        cut = _cutter("", max_chars, max_lines)
        for name in [parameters] if isinstance(parameters, str) else parameters:
            cells = [_parameter(record, name, hash_parameter_sets) for record in rows.records]
            columns[name.replace(".", "\n.")] = _column(cells, sizes, cut)
        return pd.DataFrame(columns, index=pd.Index(rows.labels, dtype=object), dtype=object)

    def _rows(self, fields: Sequence[str]) -> _Rows:
        """The rows, their labels downward, and what these fields of their records say."""
        if self.like is None and self.first is None and self.last is None:
            # One for each: no lists of one record, over which Python would look for garbage.
            records = self.view.aslist()
            told = _told(records, fields)
            if len(set(told.labels)) == len(records):
                rows = _Rows(told.labels, [1] * len(records), records, told)
                downward = sorted(told.labels, reverse=True)
                if self.view.is_sorted or told.labels == downward:
                    return rows
                order = sorted(range(len(records)), key=told.labels.__getitem__, reverse=True)
                return rows.in_order(downward, order)
        groups = self._groups()
        labels = list(groups) if self.view.is_sorted else sorted(groups, reverse=True)
        records = self.view.of([one for label in labels for one in groups[label]])
        sizes = [len(groups[label]) for label in labels]
        return _Rows(labels, sizes, records, _told(records, fields))

    def _groups(self) -> dict[str, list[Record | str]]:
        """What stands for the records of each row, by label, in the order of the view."""
        found: dict[str, list[Record | str]] = {}
        match = re.compile(self.like).match if self.like else None
        for one, label in self.view.labelled():
            like = match(label) if match else None
            row = like[1] if like else label
            if row in found:
                found[row].append(one)
            else:
                found[row] = [one]
        if self.first is not None:
            return dict(islice(found.items(), self.first))
        if self.last is not None:
            return dict(islice(found.items(), max(len(found) - self.last, 0), None))
        return found


def _markup(cell: Any) -> str:
    """A cell as HTML that shows it as it is."""
    lines = escape(str(cell)).replace("\r\n", "\n").replace("\n", "<br>")
    return lines.replace("\t", "&#9;").replace("\r", "&#13;")


def _count(rows: int) -> int:
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
        raise UserError.of(
            "bad-limit", f"the number of rows is a whole number from 0 up, not {rows!r}"
        )
    return rows


Cut = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Told:
    """What records say: their labels, the texts of each field, and how long they took."""

    labels: list[str]
    texts: dict[str, list[str]]
    took: list[float | None]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of the table: labels, how many records each has, these, and what they say."""

    labels: list[str]
    sizes: list[int]
    records: Sequence[Record]
    told: _Told

    def in_order(self, labels: list[str], order: Sequence[int]) -> _Rows:
        """The records of the same labels in another order; each row is one record."""
        records, told = self.records, self.told
        texts = {field: [cells[i] for i in order] for field, cells in told.texts.items()}
        again = _Told(labels, texts, [told.took[i] for i in order])
        return _Rows(labels, self.sizes, [records[i] for i in order], again)


def _told(records: Sequence[Record], fields: Iterable[str]) -> _Told:
    texts: dict[str, list[str]] = {field: [] for field in fields}
    for field in texts:
        _known(field)
    told = _Told([], texts, [])
    for start in range(0, len(records), _BATCH):
        part = records[start : start + _BATCH]
        states = states_of(part)
        told.labels.extend(
            [words(state, "label") if "label" in state else state["id"] for state in states]
        )
        for field, cells in texts.items():
            cells += _texts(part, states, field)
        told.took.extend(
            [
                record.duration
                if (begin := state.get("started")) is None
                or (end := state.get("ended")) is None
                or end < begin
                else end - begin
                for record, state in zip(part, states, strict=True)
            ]
        )
    return told


def _known(field: str) -> None:
    if field not in FIELD_WORDS and not is_field(field):
        raise UserError.of(
            "unknown-field",
            f"records have no field {field!r}",
            mend="Parameters are asked for with parameters=(...).",
        )


def _texts(
    records: Sequence[Record], states: Sequence[Mapping[str, Any]], field: str
) -> Iterable[str]:
    if field == "tags":
        return [", ".join(state.get("tags") or ()) for state in states]
    if field in FIELD_WORDS:
        read, sources = FIELD_WORDS[field], FIELD_SOURCES[field]
        if len(sources) == 1:  # most often a list of one text, or nothing
            return [
                one[0]
                if type(one) is list and len(one) == 1 and type(one[0]) is str
                else read(state)
                for state in states
                for one in [state.get(field)]
            ]
        if not any(True in map(contains, states, repeat(name)) for name in sources):
            return repeat("", len(states))
        return [read(state) for state in states]
    return [_text(getattr(record, field)) for record in records]


def _parameter(record: Record, name: str, hashed: bool) -> str:
    value = value_of(record, name, _MISSING)
    if value is _MISSING:
        return UNDEFINED
    if hashed and isinstance(value, Mapping):
        return f"#{digest_value(value)[:7]}"
    return _text(value)


def _column(texts: Sequence[str], sizes: Sequence[int], cut: Cut) -> list[str]:
    """The texts of one column, as many of them in each row as `sizes` tells."""
    if len(sizes) < len(texts):
        rest = iter(texts)
        texts = [_joined(dict.fromkeys(islice(rest, size))) for size in sizes]
    cuts = {text: short for text in set(texts) if (short := cut(text)) != text}
    return [cuts.get(text, text) for text in texts] if cuts else [*texts]


def _means(took: Sequence[float | None], sizes: Sequence[int]) -> list[str]:
    if len(sizes) < len(took):
        rest = iter(took)
        took = [_mean(islice(rest, size)) for size in sizes]
    return _durations(took)


def _durations(lengths: Iterable[float | None]) -> list[str]:
    """Lengths of time as ``0h 00m 00s``; of thousands, so without formatting each number."""
    return [
        UNDEFINED if one is None else f"{(s := round(one)) // 3600}h {_IN_HOUR[s % 3600]}"
        for one in lengths
    ]


def _mean(seconds: Iterable[float | None]) -> float | None:
    known = [one for one in seconds if one is not None]
    return sum(known) / len(known) if known else None


def _text(value: Any) -> str:
    if value is None or value == () or value == "":
        return UNDEFINED if value is None else ""
    if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return value if isinstance(value, str) else str(value)


def _joined(texts: Iterable[str]) -> str:
    told = list(filter(None, texts))
    between = next(
        (sign for sign in (", ", "; ", " | ") if not any(sign in text for text in told)), "\n"
    )
    return between.join(told)


def _cutter(field: str, chars: int, lines: int) -> Cut:
    """How a text is made to fit: paths lose their beginning, tags nothing, others their end."""

    def cut(text: str) -> str:
        if field == "tags":
            return text
        kept = "\n".join(text.split("\n")[:lines]) if "\n" in text else text
        if len(kept) <= chars:
            return kept
        if field == "main_file":
            return "…" + kept[len(kept) - chars + 1 :]
        return kept[: chars - 1] + "…"

    return cut
