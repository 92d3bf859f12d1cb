"""A table of records in short, as text that fits on a screen."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from html import escape
from itertools import islice
from operator import gt
from typing import TYPE_CHECKING, Any

from whence.base.digest import digest_value
from whence.base.error import UserError
from whence.records.record import Record, is_field, labels_of, states_of, value_of
from whence.store.field import FIELDS as FIELD_WORDS
from whence.store.field import SOURCES as FIELD_SOURCES

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from whence.records.view import RecordStoreView

FIELDS = ("reason", "outcome", "tags", "main_file", "duration")
UNDEFINED = "undefined"
LIKE = r"^(\d{8}[-T]\d{6})_?([a-zA-Z0-9]+)?$"
"""Labels whose first groups are the same are merged: those of one second."""

_MISSING = object()
_DURATION = "avg\n. duration"
_BATCH = 512  # rows whose records stay in the processor's cache from one column to the next


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
        columns: dict[str, _Column] = {"# records": _sizes}
        for field in asked:
            if field == "duration":
                columns[_DURATION] = _means
            else:
                columns[field] = _of_field(field, _Cut(field, max_chars, max_lines))
        cut = _Cut("", max_chars, max_lines)
        for name in [parameters] if isinstance(parameters, str) else parameters:
            columns[name.replace(".", "\n.")] = _of_parameter(name, hash_parameter_sets, cut)
        labels, cells = self._cells([*columns.values()])
        index = pd.Index(labels, dtype=object)
        return pd.DataFrame(cells.T, index, [*columns], dtype=object, copy=False)

    def _cells(self, columns: Sequence[_Column]) -> tuple[list[str], NDArray[np.object_]]:
        """The labels of the rows, downward, and the cells: a line for each column."""
        if self.like is None and self.first is None and self.last is None:
            # One for each: no lists of one record, over which Python would look for garbage.
            records = self.view.aslist()
            labels, cells = _told(records, [1] * len(records), columns)
            if all(map(gt, labels, labels[1:])):  # downward, each once, as most are read
                return labels, cells
            if len(set(labels)) == len(labels):
                if self.view.is_sorted:
                    return labels, cells
                order = sorted(range(len(labels)), key=labels.__getitem__, reverse=True)
                return [labels[i] for i in order], cells[:, order]
        groups = self._groups()
        labels = list(groups) if self.view.is_sorted else sorted(groups, reverse=True)
        records = self.view.of([one for label in labels for one in groups[label]])
        return labels, _told(records, [len(groups[label]) for label in labels], columns)[1]

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


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows: their records, what these say, and how many of them each row has.

    `members` are those that any of the states has; to gather them brings all states into the
    processor's cache in the order in which they lie in memory, before they are looked into.
    """

    records: Sequence[Record]
    states: Sequence[Mapping[str, Any]]
    members: Set[str]
    sizes: Sequence[int]


_Column = Callable[[_Part], Sequence[Any]]
"""The cells of some rows."""


def _told(
    records: Sequence[Record], sizes: Sequence[int], columns: Sequence[_Column]
) -> tuple[list[str], NDArray[np.object_]]:
    """The labels of records and the cells of their rows, which have so many records each."""
    import numpy as np

    labels: list[str] = []
    cells = np.empty((len(columns), len(sizes)), dtype=object)
    for start in range(0, len(sizes), _BATCH):
        rows = slice(start, start + _BATCH)
        some = records[len(labels) : len(labels) + sum(sizes[rows])]
        states = states_of(some)
        part = _Part(some, states, set().union(*states), sizes[rows])
        labels += labels_of(states)
        for line, column in zip(cells, columns, strict=True):
            line[rows] = column(part)
    for line, column in zip(cells, columns, strict=True):
        if column is _means:  # all of them at once, for numpy tells them quicker than Python
            line[:] = _durations(line)
    return labels, cells


def _sizes(part: _Part) -> Sequence[int]:
    return part.sizes


def _of_field(field: str, cut: _Cut) -> _Column:
    _known(field)
    return lambda part: _column(_texts(part, field), part.sizes, cut)


def _of_parameter(name: str, hashed: bool, cut: _Cut) -> _Column:
    return lambda part: _column(
        [_parameter(record, name, hashed) for record in part.records], part.sizes, cut
    )


def _known(field: str) -> None:
    if field not in FIELD_WORDS and not is_field(field):
        raise UserError.of(
            "unknown-field",
            f"records have no field {field!r}",
            mend="Parameters are asked for with parameters=(...).",
        )


def _texts(part: _Part, field: str) -> list[str]:
    if field == "tags":
        return [", ".join(state.get("tags") or ()) for state in part.states]
    if field not in FIELD_WORDS:
        return [_text(getattr(record, field)) for record in part.records]
    read, sources = FIELD_WORDS[field], FIELD_SOURCES[field]
    if sources.isdisjoint(part.members):
        return [""] * len(part.states)
    if len(sources) > 1:
        return [read(state) for state in part.states]
    return [  # most often a list of one text
        one[0] if type(one) is list and len(one) == 1 and type(one[0]) is str else read(state)
        for state in part.states
        for one in [state.get(field)]
    ]


def _parameter(record: Record, name: str, hashed: bool) -> str:
    value = value_of(record, name, _MISSING)
    if value is _MISSING:
        return UNDEFINED
    if hashed and isinstance(value, Mapping):
        return f"#{digest_value(value)[:7]}"
    return _text(value)


def _column(texts: Sequence[str], sizes: Sequence[int], cut: _Cut) -> Sequence[str]:
    """The texts of one column, as many of them in each row as `sizes` tells."""
    if len(sizes) < len(texts):
        rest = iter(texts)
        texts = [_joined(dict.fromkeys(islice(rest, size))) for size in sizes]
    cuts = cut.needed(texts)
    return [cuts.get(text, text) for text in texts] if cuts else texts


def _means(part: _Part) -> Sequence[float | None]:
    """How long the records of each row took; what is known of it."""
    took = [
        record.duration
        if (begin := state.get("started")) is None
        or (end := state.get("ended")) is None
        or end < begin
        else end - begin
        for record, state in zip(part.records, part.states, strict=True)
    ]
    if len(part.sizes) < len(took):
        rest = iter(took)
        return [_mean(islice(rest, size)) for size in part.sizes]
    return took


def _durations(lengths: NDArray[np.object_]) -> NDArray[np.object_]:
    """Lengths of time as ``0h 00m 00s``; of thousands, so without formatting each number."""
    import numpy as np

    seconds = np.rint(lengths.astype(float))  # of None not a number
    known = ~np.isnan(seconds)
    hours, rest = np.divmod(seconds[known].astype(np.int64), 3600)
    each, which = np.unique(hours, return_inverse=True)
    texts = np.full(len(lengths), UNDEFINED, dtype=object)
    texts[known] = np.array([f"{hour}h " for hour in each], dtype=object)[which] + _in_hour()[rest]
    return texts


@functools.cache
def _in_hour() -> NDArray[np.object_]:
    import numpy as np

    told = [f"{minute:02d}m {second:02d}s" for minute in range(60) for second in range(60)]
    return np.array(told, dtype=object)


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


@dataclass(frozen=True, slots=True)
class _Cut:
    """How a text is made to fit: paths lose their beginning, tags nothing, others their end."""

    field: str
    chars: int
    lines: int

    def needed(self, texts: Iterable[str]) -> dict[str, str]:
        """What is shown instead of those texts that do not fit."""
        if self.field == "tags":
            return {}
        long = [text for text in set(texts) if len(text) > self.chars or "\n" in text]
        return {text: self.of(text) for text in long}

    def of(self, text: str) -> str:
        """As much of a text as is shown."""
        kept = "\n".join(text.split("\n")[: self.lines]) if "\n" in text else text
        if len(kept) <= self.chars:
            return kept
        if self.field == "main_file":
            return "…" + kept[len(kept) - self.chars + 1 :]
        return kept[: self.chars - 1] + "…"
