"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from whence.base.clock import new_id
from whence.base.error import UserError


@contextmanager
def replaced(path: Path, *, parents: bool = False) -> Iterator[BinaryIO]:
    """A file to write to, which gets its name, and takes the place of an older one, when whole.

    Parameters
    ----------
    path : Path
        Its name.
    parents : bool
        Whether folders that are missing above it are made.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    part = path.with_name(f".{path.name}.{new_id()[-7:]}")
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            yield file
        os.replace(part, path)
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError.of("cannot-write", f"cannot write {path}: {why}") from error
    finally:
        with suppress(OSError):  # it has its name, or there was no folder to make it in
            part.unlink()
