"""Records in groups, by what fields of them say."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.records.record import Record, is_field, value_of


def split(
    records: Sequence[Record],
    fields: str | Iterable[str],
    names: str | Iterable[str] | None,
    read: Callable[[Record, str], Any],
    telling: bool,
) -> dict[Any, list[Record]]:
    """The records of each combination of values, by named tuple.

    Parameters
    ----------
    records : sequence of Record
    fields : str or iterable of str
        Fields, or dotted names of parameters or metadata.
    names : str or iterable of str, optional
        How the members of the keys are called; the last part of each field if not given.
    read : callable
        Gives the value of a field of a record.
    telling : bool
        Leave out of the keys what splits nothing that was not split before.

    Raises
    ------
    UserError
        If no record has such a field, or there are not as many names as fields.
    """
    whole = [fields] if isinstance(fields, str) else list(fields)
    values = {field: [_hashable(read(one, field)) for one in records] for field in whole}
    for field, cells in values.items():
        if cells and all(cell is None for cell in cells) and not is_field(field):
            raise _unknown(field, records)
    called = dict(zip(whole, _names(whole, names), strict=True))
    used = _telling(values) if telling else whole
    kind = namedtuple("Split", [called[field] for field in used], rename=True)  # type: ignore[misc]
    groups: dict[Any, list[Record]] = {}
    for number, record in enumerate(records):
        key = kind(*(values[field][number] for field in used))
        groups.setdefault(key, []).append(record)
    return groups


def field_value(record: Record, field: str) -> Any:
    """A field of a record, or its parameter or metadata of that name; None if it has neither."""
    if is_field(field):
        return getattr(record, field)
    return value_of(record, field, None)


def _unknown(field: str, records: Sequence[Record]) -> UserError:
    from whence.records.reader import Records

    store = records[0].store
    near = did_you_mean(field, Records(store).names.all()) if store is not None else None
    return UserError.of(
        "unknown-field",
        f"no record of the view has a {field!r} to split by",
        mend=near or "Split by fields like status, or by names of parameters or metadata.",
    )


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return tuple(value) if isinstance(value, list) else repr(value)
    return value


def _names(fields: Sequence[str], names: str | Iterable[str] | None) -> Sequence[str]:
    if names is None:
        return [field.rpartition(".")[2] for field in fields]
    given = [names] if isinstance(names, str) else list(names)
    if len(given) != len(fields):
        raise UserError.of("bad-names", f"there are {len(given)} names for {len(fields)} fields")
    return given


def _telling(values: Mapping[str, Sequence[Any]]) -> Sequence[str]:
    """The fields that split what those before them do not."""
    kept: list[str] = []
    groups = 1
    for field in values:
        columns = [values[name] for name in (*kept, field)]
        count = len(set(zip(*columns, strict=True)))
        if count > groups:
            kept.append(field)
            groups = count
    return kept
