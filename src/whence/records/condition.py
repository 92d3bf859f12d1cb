"""What records must fulfil to be found: values that combine, each with its SQL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.records import sql
from whence.records.record import Record
from whence.records.sql import Sql, checked
from whence.records.task_parameter import MissingParameter

if TYPE_CHECKING:
    from whence.records.reader import Records


class Condition(ABC):
    """Something that each record fulfils or does not; ``&``, ``|`` and ``~`` combine them."""

    __slots__ = ()

    @abstractmethod
    def sql(self, records: Records) -> Sql:
        """The condition for this index; what SQL cannot ask is looked up now."""

    def meet(self, other: Condition) -> Condition | None:
        """Both as one question, where the index can be asked it at once; else None."""
        return None

    def __and__(self, other: Condition) -> Condition:
        return all_of(self, other)

    def __or__(self, other: Condition) -> Condition:
        return AnyOf((self, other))

    def __invert__(self) -> Condition:
        return self.inner if isinstance(self, Not) else Not(self)


@dataclass(frozen=True, slots=True)
class AllOf(Condition):
    """Every one of the conditions; none given is fulfilled by all records."""

    parts: tuple[Condition, ...] = ()

    def sql(self, records: Records) -> Sql:
        """The sets met, what must not be left out of them."""
        kept = [part.sql(records) for part in _met(self.parts) if not isinstance(part, Not)]
        banned = [part.inner.sql(records) for part in self.parts if isinstance(part, Not)]
        return sql.meet(kept, banned)


def _met(parts: tuple[Condition, ...]) -> list[Condition]:
    """The conditions, those put together that are one question."""
    asked: list[Condition] = []
    for part in parts:
        for place, other in enumerate(asked):
            both = other.meet(part)
            if both is not None:
                asked[place] = both
                break
        else:
            asked.append(part)
    return asked


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """At least one of the conditions; none given is fulfilled by no record."""

    parts: tuple[Condition, ...]

    def sql(self, records: Records) -> Sql:
        """The sets joined."""
        return sql.join(part.sql(records) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """All records but those that fulfil the condition."""

    inner: Condition

    def sql(self, records: Records) -> Sql:
        """All, without a set."""
        return sql.meet((), [self.inner.sql(records)])


def all_of(*parts: Condition) -> Condition:
    """Every one of the conditions, as one flat condition."""
    flat: list[Condition] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, AllOf) else (part,))
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


@dataclass(frozen=True, slots=True)
class Ids(Condition):
    """Being one of these runs."""

    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        for run in self.ids:
            checked(run)

    def sql(self, records: Records) -> Sql:
        """A list."""
        return Sql(
            "SELECT DISTINCT run.key AS run FROM json_each(?) AS one "
            "CROSS JOIN run ON run.id = one.value",
            (sql.texts(self.ids),),
        )


@dataclass(frozen=True, slots=True)
class Kept(Condition):
    """Being in a view of the store with this folder."""

    root: Path
    inner: Condition

    def sql(self, records: Records) -> Sql:
        """That of the view.

        Raises
        ------
        UserError
            If records of another store are asked for.
        """
        if records.store.root != self.root:
            raise other_store()
        return self.inner.sql(records)


def other_store() -> UserError:
    """The error of views of two stores that were to be one."""
    return UserError.of(
        "other-store",
        "only views of one store can be combined",
        mend="`whence merge` brings the runs of one store into another.",
    )


@dataclass(frozen=True, slots=True)
class Test(Condition):
    """What a function of the user's finds true of a record.

    Parameters
    ----------
    function : callable
        Of a record; what it gives counts as true or false.
    errors : mapping of exception type to bool or "raise"
        What it means if the function raises: kept, not kept, or an error.
    """

    function: Callable[[Record], Any]
    errors: Mapping[type[BaseException], bool | str] = field(default_factory=dict)

    def answer(self, record: Record) -> tuple[bool, Exception | None]:
        """Whether the record is kept; and what was raised, if it means no without being told so."""
        try:
            return bool(self.function(record)), None
        except Exception as error:  # a function of the user's may raise anything
            for kind, kept in self.errors.items():
                if isinstance(error, kind) and isinstance(kept, bool):
                    return kept, None
                if isinstance(error, kind):
                    break
            else:
                if isinstance(error, AttributeError | MissingParameter):
                    return False, error
            name = getattr(self.function, "__name__", "filter")
            error.add_note(f"whence: raised by the filter {name} for the record {record.label}")
            raise

    def sql(self, records: Records) -> Sql:
        """Keys: inside ``|`` and ``~`` a function cannot come last, so it is asked of all now."""
        from whence.records.query import Query  # which is made of conditions

        return sql.among(records.keys(Query(tests=(self,))))
