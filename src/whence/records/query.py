"""Which records, in which order, and how many of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.records.condition import AllOf, Condition, Test, all_of
from whence.records.sql import Sql, among, checked

if TYPE_CHECKING:
    from whence.records.reader import Records

_COLUMNS = {
    **{name: f"run.{name}" for name in ("id", "name", "kind", "folder", "status", "user", "host")},
    **{name: f"run.{name}" for name in ("created", "started", "ended", "last")},
    "timestamp": "run.created",
    "modified": "run.last",
    "duration": "run.ended - run.started",
    "took": "run.ended - run.started",
    "label": "run.id",
}
_SPACES = {"params": "param", "parameters": "param", "param": "param", "metadata": "meta"}


@dataclass(frozen=True, slots=True)
class Order:
    """By what records are sorted; those that lack it come last, whichever way.

    Parameters
    ----------
    field : str
        A field like ``created``, ``duration``, ``name``; or a parameter or metadata, like
        ``model.mu``, ``params.model.mu`` or ``metadata.mass``.
    descending : bool
        The greatest first.
    lacking_first : bool
        Those that lack it come first, as in an order that is turned around.
    """

    field: str
    descending: bool = False
    lacking_first: bool = False

    @classmethod
    def of(cls, text: str | Order) -> Order:
        """What ``name`` and ``-name`` mean: upward, downward."""
        if isinstance(text, Order):
            return text
        if not isinstance(text, str) or not text.strip("-"):
            raise UserError.of("bad-order", f"records cannot be sorted by {text!r}")
        return cls(checked(text).removeprefix("-"), text.startswith("-"))

    def sql(self, records: Records) -> Sql:
        """The terms of ``ORDER BY``."""
        way = "DESC" if self.descending else "ASC"
        lacking = "DESC" if self.lacking_first else "ASC"
        column = _COLUMNS.get(self.field)
        if column:
            return Sql(f"({column}) IS NULL {lacking}, {column} {way}", is_set=False)
        names = self._names(records)
        if not names and self.field.startswith("metrics."):
            from whence.records.expression import no_metric  # which is made of conditions

            raise no_metric(self.field, "sorted")
        if not names:
            near = did_you_mean(self.field, [*_COLUMNS, *records.names.all()])
            raise UserError.of(
                "unknown-field",
                f"no record has a {self.field!r} to sort by",
                mend=near or f"Sort by a parameter or one of: {', '.join(_COLUMNS)}.",
            )
        marks = ",".join(map(str, names))
        num, text = (
            f"(SELECT max({what}) FROM param WHERE param.run = run.key AND name IN ({marks}))"
            for what in ("num", "text")
        )
        missing = f"({num} IS NULL AND {text} IS NULL) {lacking}"
        return Sql(f"{missing}, {num} {way}, {text} {way}", is_set=False)

    def _names(self, records: Records) -> list[int]:
        first, _, rest = self.field.partition(".")
        if first in _SPACES and rest:
            return records.names.of(_SPACES[first], rest)
        return records.names.of("param", self.field) + records.names.of("meta", self.field)


NEWEST_FIRST = (Order("created", descending=True), Order("id", descending=True))


@dataclass(frozen=True, slots=True)
class Query:
    """What a view shows.

    Attributes
    ----------
    condition : Condition
        Answered by the index.
    tests : tuple of Test
        Functions of the user's, asked last, of one record after the other.
    order : tuple of Order
    limit : int or None
    """

    condition: Condition = field(default_factory=AllOf)
    tests: tuple[Test, ...] = ()
    order: tuple[Order, ...] = NEWEST_FIRST
    limit: int | None = None

    def where(self, *conditions: Condition) -> Query:
        """The same, narrowed down: if it is limited, only what it shows is looked at."""
        base = self if self.limit is None else Query(Within(self), order=self.order)
        whole = all_of(*conditions)
        parts = whole.parts if isinstance(whole, AllOf) else (whole,)
        tests = tuple(part for part in parts if isinstance(part, Test))
        others = [part for part in parts if not isinstance(part, Test)]
        return replace(base, condition=all_of(base.condition, *others), tests=(*base.tests, *tests))

    def sorted(self, order: Iterable[Order]) -> Query:
        """The same in another order."""
        base = self if self.limit is None else Query(Within(self))
        return replace(base, order=(*order, *NEWEST_FIRST))

    def limited(self, limit: int) -> Query:
        """At most so many of the first."""
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            raise UserError.of("bad-limit", f"the limit is a whole number from 0 up, not {limit!r}")
        least = min(limit, sys.maxsize if self.limit is None else self.limit)
        return Query(self.condition, self.tests, self.order, least)

    def reversed(self) -> Query:
        """The last first."""
        base = self if self.limit is None else Query(Within(self), order=self.order)
        turned = (Order(one.field, not one.descending, not one.lacking_first) for one in self.order)
        return replace(base, order=tuple(turned))

    @property
    def whole(self) -> Condition:
        """Everything it takes to be shown, as one condition."""
        return Within(self) if self.limit is not None or self.tests else self.condition

    def sql(
        self, records: Records, what: str = "run.key", join: str = ""
    ) -> tuple[str, tuple[Any, ...]]:
        """The statement that gives columns of ``run`` in order, without asking the tests."""
        source, where, values = self.condition.sql(records).rows
        if self.order == NEWEST_FIRST:  # as the index on it has them
            orders = ["run.created DESC", "run.id DESC"]
        else:
            orders = [one.sql(records).text for one in self.order]
        text = (
            f"SELECT {what} FROM {source} {join} WHERE NOT run.deleted AND ({where}) "
            f"ORDER BY {', '.join(orders)}"
        )
        if self.limit is not None and not self.tests:
            text += f" LIMIT {self.limit}"
        return text, values


@dataclass(frozen=True, slots=True)
class Within(Condition):
    """Being among what a limited query shows."""

    query: Query

    def sql(self, records: Records) -> Sql:
        """Its keys."""
        if self.query.tests:
            return among(records.keys(self.query))
        text, values = self.query.sql(records, "run.key AS run")
        return Sql(text, values, compound=True)
