"""What a task returned as bytes, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from whence.base.digest import digest_bytes
from whence.base.error import UserError, WhenceError
from whence.base.escape import decode, encode
from whence.formats import Dumped, dump, formats, load
from whence.records import Artifact
from whence.store import Store

_BEFORE = "application/json"  # what all results were kept as once


def dumped_result(result: Any) -> Dumped:
    """A result as the bytes of the format that keeps it exactly.

    Raises
    ------
    UserError
        If none does.
    MissingExtraError
        If the package that would is not installed.
    """
    try:
        return dump(result)
    except WhenceError as error:
        try:
            return Dumped(formats()["value"], orjson.dumps(encode(result)))
        except UserError:
            raise error from None


def loaded(media_type: str, data: bytes) -> Any:
    """What a task returned.

    Raises
    ------
    UserError
        If the bytes are not of that type.
    """
    return decode(orjson.loads(data)) if media_type == _BEFORE else load(media_type, data)


def given_results(arguments: Mapping[str, Any], store: Store) -> Iterator[Artifact]:
    """The arguments that are arrays which a run has put out, as inputs that lead there."""
    for name, value in arguments.items():
        if not hasattr(value, "__array_interface__"):
            continue
        try:
            digest = digest_bytes(dump(value).data)
        except UserError:
            continue
        row = (
            store.index()
            .connection.execute(
                "SELECT type, digest, size, kept FROM artifact WHERE digest = ? "
                "AND category = 'output' LIMIT 1",
                (digest,),
            )
            .fetchone()
        )
        if row is not None:
            yield Artifact(name, "input", *row)
