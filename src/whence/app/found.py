"""Runs as Simvue's client asks for them: by filters, in one query, as much of each as is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from whence.app.page import Page
from whence.base.error import UserError
from whence.base.escape import decode
from whence.base.problem import did_you_mean
from whence.params import flatten
from whence.records import Order, Query, Record, Records, conditions_of
from whence.records.record import is_field
from whence.store import Store

if TYPE_CHECKING:
    import pandas as pd

Form = Literal["objects", "dict", "dataframe"]
ATTRIBUTES = ("name", "status", "folder", "tags", "description", "user", "created", "kind")
_SAME = {"endtime": "ended", "runtime": "duration"}
"""Simvue's words for fields that have others here."""
_STATE = {"modified": "last"}
_TIMING = ("created", "started", "ended", "duration")
_TIMES = frozenset({"created", "started", "ended", "endtime", "modified"})
_SYSTEM = ("host", "cwd", "environment", "process", "system")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is asked of which runs.

    Attributes
    ----------
    filters : str or iterable of str
        Filter strings, all of which must hold.
    attributes : tuple of str or None
        Which attributes are told; the usual ones if None.
    metadata, metrics, alerts, system_info, timing_info : bool
        What else is told of each run.
    sort_by_columns : sequence of (str, bool)
        Fields, parameters or ``metadata.x`` to sort by, and whether downward.
    start_index : int or None
        How many of the first are left out.
    count_limit : int or None
        At most so many.

    Raises
    ------
    UserError
        If there is no such attribute.
    """

    filters: str | Iterable[str] = ()
    attributes: tuple[str, ...] | None = None
    metadata: bool = False
    metrics: bool = False
    alerts: bool = False
    system_info: bool = False
    timing_info: bool = False
    sort_by_columns: Sequence[tuple[str, bool]] = ()
    start_index: int | None = 0
    count_limit: int | None = 100

    def __post_init__(self) -> None:
        Page(self.start_index, self.count_limit, self.sort_by_columns)
        for name in self.attributes or ():
            if not is_field(_SAME.get(name, name)) and name not in (*ATTRIBUTES, "modified"):
                raise UserError.of(
                    "unknown-attribute",
                    f"runs have no attribute {name!r}",
                    mend=did_you_mean(name, ATTRIBUTES) or f"Known: {', '.join(ATTRIBUTES)}.",
                )

    def query(self) -> Query:
        """The runs that are meant."""
        query = Query().where(conditions_of(self.filters))
        if self.sort_by_columns:
            query = query.sorted(
                Order(_SAME.get(name, name), down) for name, down in self.sort_by_columns
            )
        return query if self.count_limit is None else query.limited(self.end)

    @property
    def end(self) -> int:
        """The place after the last run that is wanted."""
        return (self.start_index or 0) + (self.count_limit or 0)


def find_runs(store: Store, request: RunRequest) -> Iterator[Record]:
    """The runs that are asked for, the newest first if no order is."""
    records = Records(store)
    keys = records.keys(request.query())[request.start_index or 0 :]
    return iter(records.of_keys(keys))


def runs_facts(
    store: Store, records: Iterable[Record], request: RunRequest
) -> list[dict[str, Any]]:
    """What is asked of runs, as plain data."""
    several = list(records)
    measured = _metrics(store, several) if request.metrics else {}
    return [_facts(record, request, measured.get(record.id, {})) for record in several]


def _facts(record: Record, request: RunRequest, metrics: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": record.id}
    for name in ATTRIBUTES if request.attributes is None else request.attributes:
        field = _SAME.get(name, name)
        value = (
            getattr(record, field)
            if is_field(field)
            else record.state.get(_STATE.get(field, field))
        )
        told[name] = list(value) if isinstance(value, tuple) else value
    if request.metadata:
        told |= {"metadata": record.metadata, "parameters": dict(record.parameters)}
    if request.timing_info:
        told |= {name: getattr(record, name) for name in _TIMING}
    if request.system_info:
        told["system"] = {name: decode(record.state.get(name)) for name in _SYSTEM}
    if request.alerts:
        told["alerts"] = decode(record.state.get("alerts") or {})
    if request.metrics:
        told["metrics"] = metrics
    return told


def run_frame(facts: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """A row for each run, a column for each leaf of what is told of it, by dotted name.

    When it was made, started and ended are times in UTC.
    """
    import pandas as pd

    rows = [flatten(one) for one in facts]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    frame = pd.DataFrame(columns, index=range(len(rows)))
    for name in _TIMES.intersection(names):
        seconds = pd.to_numeric(frame[name])  # whole microseconds: floats have no more
        micros = (seconds * 1e6).round().astype("Int64")
        frame[name] = pd.to_datetime(micros, unit="us", utc=True)
    return frame


def check_form(form: str) -> None:
    """Raise for an output format that there is not."""
    if form not in get_args(Form):
        raise UserError.of(
            "unknown-format",
            f"runs cannot be given as {form!r}",
            mend=did_you_mean(str(form), get_args(Form)) or "Use objects, dict or dataframe.",
        )


def _metrics(store: Store, records: Iterable[Record]) -> dict[str, dict[str, Any]]:
    from whence.records.metric import Metrics, measured_runs

    return {
        run: {name: asdict(metrics.digest(name)) for name in metrics.names}
        for run, metrics in Metrics.of(store, measured_runs(store, records)).items()
    }
