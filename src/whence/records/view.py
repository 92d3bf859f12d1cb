"""A view of what is on record: filtered, sorted, tagged, summed up and compared."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, overload

import orjson

from whence.base.error import UserError
from whence.records import edit
from whence.records.condition import AnyOf, Condition, Ids, Not, other_store
from whence.records.filter import FILTERS, as_condition, bound
from whence.records.opening import opened
from whence.records.position import part_of, place_of
from whence.records.query import NEWEST_FIRST, Order, Query
from whence.records.reader import Records, UnknownRun
from whence.records.record import Record, labels_of, states_of
from whence.records.summary import RecordStoreSummary
from whence.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

RecordList = list[Record]
_Answer = list[RecordList]
Place = Store | str | os.PathLike[str]
_SHOWN = 50


class RecordStoreView:
    """Records of a store, the newest first; all of them, or those that filters keep.

    A view is a question, not an answer: it is asked anew each time it is gone through, and reads
    records as they are wanted. `list` keeps the answer.

    ``|``, ``&``, ``-`` and ``~`` join, meet, subtract and complement views.

    Parameters
    ----------
    store : Store, path-like, view or iterable of Record, optional
        A store, a project folder, its ``.whence``, or records; if not given, the store found
        upward from the working directory.
    query : Query
        What is shown of it.
    iterable : view or iterable of Record, optional
        The records, as smttask calls them; those that are of `project` if that is given too.
    project : Store or path-like, optional
        The store or project folder, as smttask calls it.

    Raises
    ------
    UserError
        If there is no store, or two are given.

    Examples
    --------
    >>> view = RecordStoreView(store)  # doctest: +SKIP
    >>> view.filter.tags("finished").filter.params(gt={"model.mu": 0.5}).latest  # doctest: +SKIP
    """

    def __init__(
        self,
        store: Place | Iterable[Record] | None = None,
        query: Query | None = None,
        *,
        iterable: Iterable[Record] | None = None,
        project: Place | None = None,
    ) -> None:
        if isinstance(store, Store) and query is not None and iterable is None and project is None:
            self.store, self._query = store, query  # as all views that are made of views
        else:
            self.store, own = opened(store, iterable, project)
            self._query = query or own
        self._listed: RecordList | None = None
        self._started: _Answer | None = None

    @property
    def condition(self) -> Condition:
        """What a record must fulfil to be in the view."""
        return self._query.whole

    @property
    def is_sorted(self) -> bool:
        """Whether another order was asked for than that of their times, the newest first."""
        return self._query.order != NEWEST_FIRST

    @property
    def filter(self) -> Filters:
        """The filters: ``.filter.<name>(...)`` or ``.filter(function)`` gives a smaller view."""
        return Filters(self)

    @property
    def project(self) -> Path:
        """The project folder."""
        return self.store.project

    @property
    def record_store(self) -> Store:
        """The store."""
        return self.store

    # What it holds

    @property
    def list(self) -> RecordStoreView:
        """The view itself, its records read and kept: it does not ask the store again."""
        if self._listed is None:
            self._listed = self._records().all(self._query)
        return self

    def aslist(self) -> RecordList:
        """The records as a list."""
        if self._listed is not None:
            return self._listed.copy()
        return self._records().all(self._query)

    def __iter__(self) -> Iterator[Record]:
        if self._listed is not None:
            return iter(self._listed)
        if not self._query.tests:
            return self._records().iterate(self._query)
        answer: _Answer = []
        self._started = answer
        return self._streamed(answer)

    def _streamed(self, answer: _Answer) -> Iterator[Record]:
        """What the user's functions keep; the answer, if one came before the first was wanted."""
        if self._started is answer:
            self._started = None
        yield from answer[0] if answer else self._records().iterate(self._query)

    def __len__(self) -> int:
        if self._listed is not None:
            return len(self._listed)
        if self._started is None:
            return self._records().count(self._query)
        # `list(view)` makes an iterator, asks for the length and only then for the first record:
        # what functions of the user's have answered for one is not asked again for the other.
        answer, self._started = self._started, None
        answer.append(self._records().all(self._query))
        return len(answer[0])

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def __contains__(self, item: object) -> bool:
        if not isinstance(item, Record):
            return item in self.labels()
        return bool(self._with(self._query.where(Ids((item.id,)))))

    @overload
    def __getitem__(self, key: str | int) -> Record: ...
    @overload
    def __getitem__(self, key: slice) -> RecordStoreView: ...
    def __getitem__(self, key: str | int | slice) -> Record | RecordStoreView:
        if isinstance(key, str):
            return self._get(key)
        if isinstance(key, slice):
            return self._of(self._part(part_of(key)))
        key = place_of(key)
        if self._listed is not None:
            return self._listed[key]
        part = self._part(slice(key, key + 1 or None))
        if not part:
            raise IndexError(f"the view has no record {key}")
        return part[0]

    def _part(self, part: slice) -> RecordList:
        """The records there; no more are looked at than it takes."""
        if self._listed is not None:
            return self._listed[part]
        start, stop, step = part.start or 0, part.stop, part.step or 1
        forward = stop is not None and min(start, stop) >= 0 and step > 0
        records = self._records()
        keys = records.keys(self._query.limited(int(stop)) if forward else self._query)
        return records.of_keys(keys[part])

    def get(self, label: str | Iterable[str]) -> Any:
        """The record of a label, or a list of those of several.

        Parameters
        ----------
        label : str or iterable of str
            An id or any part of one that no other run has, a label from where a record was
            imported from, or a name; of several runs of that name the newest is meant.

        Raises
        ------
        UnknownRun
            If nothing fits, several records do, or the one that does is not in the view.
        """
        if isinstance(label, str) or not isinstance(label, Iterable):
            return self._get(label)
        return [self._get(one) for one in label]

    def labels(self) -> Sequence[str]:
        """The labels of the records, in their order."""
        return [label for _, label in self.labelled()]

    def labelled(self) -> Iterable[tuple[Record | str, str]]:
        """What stands for each record, and its label: the record if it was read, else the id."""
        if self._listed is None:
            return self._records().labels(self._query)
        return zip(self._listed, labels_of(states_of(self._listed)), strict=True)

    def of(self, found: Sequence[Record | str]) -> RecordList:
        """The records that some of `labelled` stand for, in that order."""
        records = [one for one in found if isinstance(one, Record)]
        if len(records) == len(found):
            return records
        return self._records().of_ids(map(str, found))

    @property
    def first(self) -> Record:
        """The first record, in the order of the view."""
        return self._one(self)

    @property
    def last(self) -> Record:
        """The last record, in the order of the view."""
        if self._listed is not None:
            return self._one(reversed(self._listed))
        return self._one(self._with(self._query.reversed()))

    @property
    def latest(self) -> Record:
        """The record that was made last."""
        return self._one(self._with(self._query.sorted(())))

    @property
    def earliest(self) -> Record:
        """The record that was made first."""
        return self._one(self.sort("created", "id"))

    def most_recent(self) -> str:
        """The label of the record that was made last."""
        return self.latest.label

    # Other views

    def join(self, *others: RecordStoreView) -> RecordStoreView:
        """The records of this and of other views, each once."""
        for other in others:
            if not isinstance(other, RecordStoreView) or other.store.root != self.store.root:
                raise other_store()
        return self._with(Query(AnyOf(tuple(view.condition for view in (self, *others)))))

    def __or__(self, other: RecordStoreView) -> RecordStoreView:
        return self.join(other) if isinstance(other, RecordStoreView) else NotImplemented

    def __and__(self, other: Any) -> RecordStoreView:
        return self.filter(other)

    def __sub__(self, other: Any) -> RecordStoreView:
        return self.filter(Not(as_condition(other)))

    def __invert__(self) -> RecordStoreView:
        return self._with(Query(~self.condition))

    def sort(self, *by: str | Order, descending: bool = False) -> RecordStoreView:
        """The same records in another order.

        Parameters
        ----------
        *by : str
            Fields like ``created``, ``duration`` or ``name``, parameters like ``model.mu``,
            metadata like ``metadata.mass``; with ``-`` before, downward. Records that lack it
            come last.
        descending : bool
            Turn all of them around.
        """
        orders = [Order.of(one) for one in by]
        if descending:
            orders = [Order(one.field, not one.descending) for one in orders]
        return self._with(self._query.sorted(orders))

    def limit(self, count: int) -> RecordStoreView:
        """At most so many of the first records."""
        return self._with(self._query.limited(count))

    def copy(self) -> RecordStoreView:
        """A view of the same, with what it has read."""
        twin = self._with(self._query)
        twin._listed = None if self._listed is None else self._listed.copy()
        return twin

    def splitby(
        self,
        fields: str | Iterable[str],
        names: Iterable[str] | None = None,
        drop_unused_split_fields: bool = True,
        get_field_value: Callable[[Record, str], Any] | None = None,
    ) -> dict[Any, RecordStoreView]:
        """A view for each combination of values that fields have.

        Parameters
        ----------
        fields : str or iterable of str
            Fields of records, or dotted names of parameters or metadata, also as
            ``params.model.mu`` and ``metadata.x``.
        names : iterable of str, optional
            How the members of the keys are called; the last part of each field if not given.
        drop_unused_split_fields : bool
            Leave out of the keys what is the same in all records, or goes along with a field
            before.
        get_field_value : callable, optional
            Gives the value of a field of a record in another way.

        Returns
        -------
        dict
            Views by named tuple.

        Raises
        ------
        UserError
            If no record has such a field or parameter.
        """
        from whence.records.split import field_value, split

        by = get_field_value or field_value
        groups = split(self.aslist(), fields, names, by, drop_unused_split_fields)
        return {key: self._of(group) for key, group in groups.items()}

    # What is written

    def add_tag(self, tag: str | Iterable[str]) -> RecordStoreView:
        """Put a tag, or several, on every record of the view."""
        return self._edited(lambda found: edit.tag(self.store.writer(), found, add=tag))

    add_tags = add_tag

    def remove_tag(self, tag: str | Iterable[str]) -> RecordStoreView:
        """Take a tag, or several, off every record of the view."""
        return self._edited(lambda found: edit.tag(self.store.writer(), found, remove=tag))

    remove_tags = remove_tag

    def add_comment(self, comment: str, replace: bool = False) -> RecordStoreView:
        """Add a text to the outcome of every record, unless it says so already."""
        writer = self.store.writer()
        return self._edited(lambda found: edit.comment(writer, found, comment, replace))

    def update_reason(
        self,
        reason: str | Iterable[str] | Mapping[str, str] | Callable[..., Any] | None = None,
        mode: edit.Mode = "prepend",
    ) -> RecordStoreView:
        """Change the reason of every record.

        Parameters
        ----------
        reason : str, iterable of str, mapping or callable
            Text; for ``replace substr`` regular expressions and what to put in their place; for
            ``callback`` a function of the lines of the old reason that gives the new; for
            ``standardize`` nothing.
        mode : str
            What is done with it: ``prepend``, ``append``, ``replace all``, ``replace substr``,
            ``callback``; ``standardize`` makes of the old reason stripped lines that are not
            empty, each once.
        """
        return self._edited(lambda found: edit.reason(self.store.writer(), found, reason, mode))

    def invalidate(self, undo: bool = False) -> RecordStoreView:
        """Have the work of every record done again when it is asked for next.

        Tasks and sweeps use no result again of these records, nor of others of the same calls.
        Nothing is deleted; the next run of the same work counts again.

        Parameters
        ----------
        undo : bool
            Have what these records did be used again.
        """
        from whence.records.invalidation import invalidate

        return self._edited(lambda found: invalidate(self.store, found, undo))

    def rebuild_input_datastore(self, link_creation_function: Any = None) -> NoReturn:
        """Refuse: there are no links by which results are found.

        Raises
        ------
        UserError
            Always; it says what finds them.
        """
        raise UserError.of(
            "no-links",
            "whence finds results by call key and digest, not through links in an input data "
            "store, so there are none to rebuild",
            mend="After results were moved or copied, `whence verify` tells what is missing, and "
            "`whence reindex` makes the index again from the journals.",
        )

    rebuild_links = rebuild_input_datastore

    # How it is shown

    @property
    def summary(self) -> RecordStoreSummary:
        """A table of the records in short, which can be merged, cut and adjusted."""
        return RecordStoreSummary(self)

    def dframe(
        self,
        include: Iterable[str] | None = None,
        exclude: Iterable[str] = (),
        field_types: Mapping[str, Any] | None = None,
        exclude_surrogates: bool = False,
    ) -> pd.DataFrame:
        """A wide table: a row for each record, a column for each field, parameter, metadata.

        Parameters
        ----------
        include, exclude : iterable of str
            Names of columns, or of all below one: ``params``, ``model.mu``.
        field_types : mapping of str to dtype
            What to convert columns to.
        exclude_surrogates : bool
            Leave records with the tag ``surrogate`` out, which stand for lost ones.
        """
        from whence.records.frame import wide
        from whence.records.histogram import SURROGATE

        records = self.aslist()
        if exclude_surrogates:
            records = [record for record in records if SURROGATE not in record.tags]
        return wide(records, include, exclude, field_types)

    def counts_table(self) -> pd.DataFrame:
        """How many records there are, as a table of one row."""
        from whence.records.histogram import counts

        return counts(len(self))

    @property
    def summaries(self) -> Mapping[str, pd.DataFrame]:
        """The histograms of ``timestamp`` and ``duration``: edges and counts."""
        from whence.records.histogram import histograms

        return histograms(self.aslist())

    def summary_hist(self, stat_field: str) -> Figure:
        """The histogram of ``timestamp`` or ``duration`` as a figure of matplotlib."""
        from whence.records.histogram import draw

        return draw(self.aslist(), stat_field)

    def export(self, file: str | os.PathLike[str] | int | None = None, indent: int = 2) -> str:
        """All records of the view as JSON; or whole in a file that `whence import` reads.

        A file has the journals and metrics of the records, as `whence export` writes them; its
        path is given back then. A number is the `indent`.
        """
        if isinstance(file, str | os.PathLike):
            from whence.records.export import write_records

            return write_records(self.store, self, file)
        return self.export_records(self, indent if file is None else file)

    def export_records(self, records: Iterable[Record], indent: int = 2) -> str:
        """The given records as JSON: a list of what `whence show --json` tells of each."""
        whole = [record.as_dict() for record in records]
        if indent in (0, 2):
            option = orjson.OPT_INDENT_2 if indent else 0
            return orjson.dumps(whole, option=option).decode()
        import json

        return json.dumps(whole, indent=indent, ensure_ascii=False)

    def __repr__(self) -> str:
        count = len(self)
        told = "" if count else "".join(f": {one}" for one in self._unheard())
        return f"<RecordStoreView of {count} records in {self.store.root}{told}>"

    def _repr_html_(self) -> str:
        from whence.records.html import table

        stream, count = iter(self), len(self)
        return table(list(islice(stream, _SHOWN)), count, () if count else self._unheard())

    def _unheard(self) -> tuple[str, ...]:
        """What it asks for and no run has, as when a name is mistyped: why it is empty."""
        from whence.records.unheard import unheard_of

        return tuple(unheard_of(self._records(), self._query.condition))

    # Inside

    def _records(self) -> Records:
        return Records(self.store)

    def _with(self, query: Query) -> RecordStoreView:
        return RecordStoreView(self.store, query)

    def _narrowed(self, condition: Condition) -> RecordStoreView:
        """What a filter keeps; functions are not asked again about what was listed."""
        if self._listed is not None and self._query.tests:
            known = Ids(tuple(record.id for record in self._listed))
            return self._with(Query(known, order=self._query.order).where(condition))
        return self._with(self._query.where(condition))

    def _of(self, records: RecordList) -> RecordStoreView:
        """A view of these records, in the order of this one."""
        ids = Ids(tuple(record.id for record in records))
        view = self._with(Query(ids, order=self._query.order))
        view._listed = records
        return view

    def _get(self, label: str) -> Record:
        records = self._records()
        record = records.resolve(label)
        if self._query != Query() and not records.count(self._query.where(Ids((record.id,)))):
            raise UnknownRun.of(
                "not-in-view",
                f"{label!r} is on record, but is none of the records of this view",
                mend="Ask RecordStoreView(), which has them all.",
            )
        return record

    def _one(self, records: Iterable[Record]) -> Record:
        if isinstance(records, RecordStoreView) and records._listed is None:
            records = records.limit(1)
        record = next(iter(records), None)
        if record is None:
            raise UnknownRun.of(
                "no-records", "the view has no records", mend="`whence list` shows all runs."
            )
        return record

    def _edited(self, change: Callable[[RecordList], None]) -> RecordStoreView:
        """The view itself, after an edit of its records; it shows them as they are now."""
        found = self.aslist()
        change(found)
        self.store.writer().sync()
        if self._listed is not None:
            self._listed = self._records().of_ids(record.id for record in found)
        return self


class Filters:
    """The filters of a view; each gives the view of what it keeps.

    Parameters
    ----------
    view : RecordStoreView
        What is filtered.
    """

    __slots__ = ("_view",)

    def __init__(self, view: RecordStoreView) -> None:
        self._view = view

    def __repr__(self) -> str:
        return f"<filters of a view: {', '.join(sorted(self.registered_filters))}>"

    def __call__(
        self, condition: Any, *, errors: Mapping[type[BaseException], bool | str] | None = None
    ) -> RecordStoreView:
        """Keep what a function of a record finds true, or what a filter string or a view keeps.

        Parameters
        ----------
        condition : callable, str, view or Condition
            A function is asked last, after all that the index can answer.
        errors : mapping of exception type to bool or "raise"
            Whether a record is kept for which the function raises that; a missing attribute or
            parameter means no if nothing is said.
        """
        return self._view._narrowed(as_condition(condition, errors))

    @property
    def registered_filters(self) -> Mapping[str, Callable[..., Condition]]:
        """All filters by name, those of `record_filter` included."""
        return dict(FILTERS)

    def __getattr__(self, name: str) -> Callable[..., RecordStoreView]:
        if name.startswith("_"):
            raise AttributeError(name)
        make, view = bound(name), self._view

        def keep(*args: Any, **kwargs: Any) -> RecordStoreView:
            return view._narrowed(make(*args, **kwargs))

        keep.__name__, keep.__doc__ = name, make.__doc__
        keep.__wrapped__ = make  # type: ignore[attr-defined]
        return keep

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *FILTERS]
