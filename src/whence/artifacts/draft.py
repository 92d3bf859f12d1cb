"""Files and folders on their way to become a version."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from pathlib import Path

from whence.artifacts.folder import survey
from whence.artifacts.version import Draft
from whence.base.error import UserError


def draft_of(
    local_path: str | os.PathLike[str],
    artifact_path: str | os.PathLike[str] | None = None,
    *,
    failed: bool = False,
) -> Draft:
    """What a file, or everything below a folder, becomes in a version.

    Links to files stand for these files. Links to folders, sockets, pipes and devices are left
    out, with a warning. Empty folders are kept.

    Parameters
    ----------
    local_path : path-like
        The file or folder.
    artifact_path : path-like, optional
        The folder in the version that a folder's content goes to, or the path that a file gets; a
        file keeps its own name if it is not given, or ends in ``/``.
    failed : bool
        Whether the work that made it failed.

    Raises
    ------
    UserError
        If there is nothing at the path, or something of it cannot be read.
    """
    if not isinstance(local_path, str | os.PathLike):
        raise _refused(f"a path is text or a Path, not {local_path!r}")
    if artifact_path is not None and not isinstance(artifact_path, str | os.PathLike):
        raise _refused(f"artifact_path is text or a Path, not {artifact_path!r}")
    path = Path(local_path)
    if path.is_file():
        return Draft({_file_path(path, artifact_path): path}, failed=failed)
    if not path.is_dir():
        raise _refused(f"there is no file or folder {os.fspath(local_path)!r} to log")
    lead = _lead(artifact_path)
    found = survey(os.fspath(path))
    if found.problems:
        raise UserError(*found.problems)
    for told in found.skipped:
        warnings.warn(f"not logged: {told}", stacklevel=4)
    draft = Draft({f"{lead}{name}": Path(file) for file, name in found.files}, failed=failed)
    empty = tuple(f"{lead}{name}" for name in _empty(path))
    return replace(draft, folders=empty) if empty else draft


def _file_path(path: Path, artifact_path: str | os.PathLike[str] | None) -> str:
    given = os.fspath(artifact_path) if artifact_path is not None else "./"
    if given.endswith("/") or os.path.normpath(given) == ".":
        return f"{_lead(given)}{path.name}"
    return _lead(given).rstrip("/")


def _lead(artifact_path: str | os.PathLike[str] | None) -> str:
    given = os.fspath(artifact_path) if artifact_path is not None else "."
    if given.startswith("/") or ".." in given.split("/"):
        raise _refused(f"{given!r} would lead out of the artifact")
    inner = os.path.normpath(given)
    return "" if inner == "." else f"{inner}/"


def _empty(folder: Path) -> list[str]:
    found = []
    for above, folders, files in os.walk(folder):
        if not folders and not files and above != str(folder):
            found.append(Path(above).relative_to(folder).as_posix())
    return sorted(found)


def _refused(told: str) -> UserError:
    return PathRefused.of("bad-path", told)


class PathRefused(UserError, ValueError):  # noqa: N818
    """A path cannot be logged; it is a `ValueError` too."""

    __str__ = UserError.__str__
