"""The tags that runs have."""

from __future__ import annotations

from dataclasses import dataclass

from whence.app.edit import edit_tags
from whence.app.page import Page
from whence.app.workspace import Workspace
from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.records import Records
from whence.records.criterion import Tag
from whence.store import Store

_COLUMNS = ("name", "created", "runs")


@dataclass(frozen=True, slots=True)
class RecordedTag:
    """A tag that runs have.

    Attributes
    ----------
    name : str
        The tag itself.
    runs : int
        How many runs have it.
    created : float or None
        When the first of them was put on record, in seconds since 1970-01-01 UTC.
    """

    name: str
    runs: int
    created: float | None


def find_tags(store: Store, page: Page) -> list[RecordedTag]:
    """The tags on record, by name if no other order is asked for."""
    rows = Records(store).connection.execute(
        "SELECT tag, count(*), min(run.created) FROM tag JOIN run ON run.key = tag.run "
        "WHERE NOT run.deleted GROUP BY tag ORDER BY tag"
    )
    return page.of([RecordedTag(*row) for row in rows], _COLUMNS, getattr)


def find_tag(store: Store, name: str) -> RecordedTag:
    """The tag of that name.

    Raises
    ------
    UserError
        If no run has it.
    """
    tags = {tag.name: tag for tag in find_tags(store, Page())}
    if name in tags:
        return tags[name]
    raise UserError.of(
        "unknown-tag", f"no run has the tag {name!r}", mend=did_you_mean(str(name), list(tags))
    )


def delete_tag(store: Store, name: str) -> list[str]:
    """Take a tag off all runs that have it, as `whence tag` does; gives their ids.

    Raises
    ------
    UserError
        If no run has it.
    """
    found = find_tag(store, name).name
    records, _ = Records(store).select(Tag(found))
    edit_tags(Workspace(store.project, store), records, remove=[found])
    return [record.id for record in records]
