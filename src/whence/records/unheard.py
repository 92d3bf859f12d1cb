"""What a question asks for that no run on record has, as when its name is mistyped."""

from __future__ import annotations

from collections.abc import Iterator

from whence.base.problem import did_you_mean
from whence.records.condition import AllOf, AnyOf, Condition
from whence.records.criterion import Tag, Text
from whence.records.expression import Bare
from whence.records.reader import Records
from whence.records.value import Value

_CALLED = {"param": "parameter", "meta": "metadata"}


def unheard_of(records: Records, condition: Condition) -> Iterator[str]:
    """A sentence for each parameter, metadata, tag or folder that is asked for and no run has."""
    match condition:
        case AllOf(parts):
            for part in parts:
                yield from unheard_of(records, part)
        case AnyOf(parts):  # a value as a number or as text; nothing if any is known
            told = [list(unheard_of(records, part)) for part in parts]
            if all(told):
                yield from dict.fromkeys(sentence for part in told for sentence in part)
        case Bare(key):
            if not any(_known(records, space, key) for space in _CALLED):
                yield _sentence(f"parameter or metadata {key!r}", key, records.names.all())
        case Value(space=space, key=key) if space in _CALLED:
            if not _known(records, space, key):
                yield _sentence(f"{_CALLED[space]} {key!r}", key, records.names.all())
        case Tag(str(tag)):
            tags = [row[0] for row in records.connection.execute("SELECT DISTINCT tag FROM tag")]
            if tag not in tags:
                yield _sentence(f"tag {tag!r}", tag, tags)
        case Text("folder", "below" | "is", str(folder)):
            folders, wanted = _folders(records), "/" + folder.strip("/")
            if wanted not in folders:
                near = did_you_mean(wanted, sorted(folders))
                yield " ".join(filter(None, (f"No run on record is in folder {wanted!r}.", near)))


def _folders(records: Records) -> set[str]:
    """The folders that runs are in, and those above; runs that tell none are in the uppermost."""
    rows = records.connection.execute(
        "SELECT DISTINCT ifnull(folder, '/') FROM run WHERE NOT deleted"
    )
    parts = [folder.strip("/").split("/") for (folder,) in rows]
    return {"/" + "/".join(part[:depth]) for part in parts for depth in range(len(part) + 1)}


def _known(records: Records, space: str, key: str) -> bool:
    return any(records.names.of(space, key, below) for below in (False, True))


def _sentence(what: str, name: str, known: list[str]) -> str:
    near = did_you_mean(name, known)
    return f"No run on record has a {what}.{f' {near}' if near else ''}"
