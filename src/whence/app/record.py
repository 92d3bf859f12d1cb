"""List and show what is on record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from whence.app.workspace import Workspace
from whence.base.error import UserError
from whence.base.escape import readable
from whence.base.excerpt import counted
from whence.base.problem import Problem, did_you_mean
from whence.params import flatten
from whence.records import Order, Query, Record, Records
from whence.records.environment import NOT_HERE, environment_of

if TYPE_CHECKING:
    from whence.app.metric import Measured


@dataclass(frozen=True, slots=True)
class Listed:
    """Records that fit, how many there are of them in all, and what may be wrong if there are none.

    Attributes
    ----------
    records : sequence of Record
    total : int
    hints : tuple of str
        Sentences about filters that nothing can fit.
    """

    records: Sequence[Record]
    total: int
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """What to list: the records that fit everything that is given.

    Attributes
    ----------
    filters : tuple of str
        Filter strings, like ``metadata.x > 3`` or ``has tag.melt``.
    status, folder, kind : str or None
        Only records of that status, in that folder, of that kind.
    tags : tuple of str
        Only records that have all of these.
    sort : tuple of str
        Fields or parameters to sort by, with ``-`` before them downward.
    limit : int or None
        At most so many.
    deleted : bool
        Of the deleted records instead.
    """

    filters: tuple[str, ...] = ()
    status: str | None = None
    tags: tuple[str, ...] = ()
    folder: str | None = None
    kind: str | None = None
    sort: tuple[str, ...] = ()
    limit: int | None = None
    deleted: bool = False

    @property
    def narrows(self) -> bool:
        """Whether not all records are asked for."""
        return bool(self.filters or self.tags or self.status or self.folder or self.kind)

    def query(self) -> Query:
        """The same as a query."""
        query = Query()
        if self.narrows:
            from whence.app.question import conditions  # a list of all runs needs none

            query = query.where(*conditions(self))
        if self.sort:
            query = query.sorted(map(Order.of, self.sort))
        return query if self.limit is None else query.limited(self.limit)


@dataclass(frozen=True, slots=True)
class Shown:
    """A record with what it refers to."""

    record: Record
    output: str
    environment: str | None
    metrics: tuple[Measured, ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by dotted key; what a sweep goes through as a text, under its key."""
        return flatten(_with_dimensions(self.record.parameters))

    @property
    def alerts(self) -> dict[str, Any]:
        """The alerts of the run, by name, as they stood last."""
        told = self.record.state.get("alerts") or {}
        return {name: _facts(readable(facts)) for name, facts in told.items()}

    def as_dict(self) -> dict[str, Any]:
        """The record as `whence show --json` tells it."""
        metrics = {item.name: item.as_dict() for item in self.metrics}
        alerts = self.record.state.get("alerts") or {}
        told = {"metrics": metrics, "alerts": alerts, "output": self.output}
        return {**self.record.as_dict(), **told}


def _facts(told: Any) -> dict[str, Any]:
    return told if isinstance(told, dict) else {"status": told}


def list_runs(workspace: Workspace, asked: Listing) -> Listed:
    """The records that fit, the newest first if nothing else is asked.

    Raises
    ------
    UserError
        If a filter or an order is none; all of them are told at once.
    """
    records = Records(workspace.store, deleted=asked.deleted)
    query = asked.query()
    found = list(records.iterate(query))
    full = query.limit is not None and len(found) == query.limit
    if not found:
        return Listed((), 0, _hints(records, query) if asked.narrows else ())
    return Listed(found, records.count(replace(query, limit=None)) if full else len(found))


def _hints(records: Records, query: Query) -> tuple[str, ...]:
    from whence.records.unheard import unheard_of

    return tuple(unheard_of(records, query.condition))


def columns_of(
    workspace: Workspace, names: Iterable[str], fields: Collection[str], *, deleted: bool = False
) -> tuple[str, ...]:
    """What columns are called in full: fields, ``params.NAME``, ``metadata.NAME``.

    ``metrics.NAME`` is taken as it is: whether there is such a metric is only known once runs were
    read, as no index has them.

    Raises
    ------
    UserError
        If one is no field and no parameter or metadata of any run.
    """
    records = Records(workspace.store, deleted=deleted)
    known = records.names
    found: list[str] = []
    problems: list[Problem] = []
    for name in names:
        if name in fields or name.startswith((*_SPACES.values(), METRIC)):
            found.append(name)
            continue
        spaces = [prefix for space, prefix in _SPACES.items() if known.of(space, name)]
        if spaces:
            found.append(f"{spaces[0]}{name}")
            continue
        near = did_you_mean(name, [*fields, *known.all()])
        there = f"There are {', '.join(fields)}, params.NAME, metadata.NAME and metrics.NAME."
        problems.append(
            Problem("unknown-column", f"there is no column {name!r}", mend=near or there)
        )
    if problems:
        raise UserError(*problems)
    return tuple(found)


_EVENTS = 5  # the last of them
_VALUES = 6  # as many of a dimension are told one by one


def _with_dimensions(params: Mapping[Any, Any]) -> dict[Any, Any]:
    """Nested parameters in which each dimension of a sweep is a text."""
    found: dict[Any, Any] = {}
    for key, value in params.items():
        if not isinstance(value, Mapping):
            found[key] = value
            continue
        ((tag, inner),) = value.items() if len(value) == 1 else ((None, None),)
        if isinstance(tag, str) and tag.startswith("!") and isinstance(inner, Mapping):
            found[key] = _dimension(inner)
        else:
            found[key] = _with_dimensions(value)
    return found


def _dimension(node: Mapping[Any, Any]) -> str:
    """The values a parameter goes through, for people: ``0, 1, …, 9 (10 values)``."""
    values = node.get("values")
    if not isinstance(values, (list, tuple)):
        return ", ".join(f"{key} {value!r}" for key, value in node.items() if key != "order")
    texts = [value if isinstance(value, str) else repr(value) for value in values]
    if len(texts) > _VALUES:
        texts = [*texts[:2], "…", texts[-1]]
    count = counted(len(values), "value")
    target = node.get("target_name")
    coupled = "" if target is None else f", with {target}"
    return f"{', '.join(texts)} ({count}{coupled})"


METRIC = "metrics."
"""What a column begins with that is a metric."""

_SPACES = {"param": "params.", "meta": "metadata."}


def _environment(known: Mapping[str, Any] | None) -> str | None:
    if known is None:
        return None
    count = len(known.get("distributions") or ())
    return f"Python {known.get('python')}, {count} distributions"


def show_run(workspace: Workspace, text: str) -> Shown:
    """The record that an id, a part of one, or a name means.

    Raises
    ------
    UserError
        If none or several fit.
    """
    from whence.app.metric import measured  # a list of runs needs none of it

    store = workspace.store
    record = Records(store).resolve(text)
    pieces = store.lines(record.id, ("out",)) if record.state.get("out") else ()
    output = "".join(str(line.get("text", "")) for line in pieces)
    environment = _environment(environment_of(record))
    if environment is None and record.state.get("environment"):
        environment = NOT_HERE
    events = store.lines(record.id, ("event",)) if record.state.get("events") else ()
    return Shown(record, output, environment, measured(store, record), tuple(events)[-_EVENTS:])
