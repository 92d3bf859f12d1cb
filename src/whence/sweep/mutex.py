"""A file that of all processes only one can make, whatever file system it lies on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from whence.base.clock import new_id

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}


def make_alone(path: Path, data: bytes) -> bool:
    """Make a file unless it is there; False if it is.

    It is there with all its data at once, but on a file system without links (exFAT, SMB, some
    of FUSE): there others may see the beginning of it for a moment.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    draft = path.with_name(f".new-{new_id()}")
    try:
        draft.write_bytes(data)
        try:
            os.link(draft, path)
        except FileExistsError:
            # A server whose answer got lost is asked again, and then finds what it made before.
            return os.stat(draft).st_nlink > 1
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return _make(path, data)
        return True
    finally:
        draft.unlink(missing_ok=True)


def _make(path: Path, data: bytes) -> bool:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        return False
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True
