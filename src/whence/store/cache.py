"""Where the shadow of a store lies: a folder of this user on a local disk."""

from __future__ import annotations

import os
import platform
import stat as modes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from whence.base.digest import digest_bytes
from whence.base.error import StoreError

_REMOTE = frozenset(
    [
        "nfs",
        "nfs4",
        "lustre",
        "gpfs",
        "beegfs",
        "cifs",
        "smb3",
        "smbfs",
        "ceph",
        "afs",
        "9p",
        "panfs",
        "orangefs",
        "pvfs2",
        "glusterfs",
        "wekafs",
        "coda",
        "vboxsf",
        "virtiofs",
    ]
)


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """A folder for what can be made anew.

    Attributes
    ----------
    path : Path
        The folder; it exists.
    local : bool
        Whether its file system has memory maps and locks that can be trusted.
    why : str
        How it was chosen, in a few words.
    """

    path: Path
    local: bool
    why: str


def cache_folder(root: Path, environ: Mapping[str, str] | None = None) -> CacheFolder:
    """The cache of the store at `root`.

    ``WHENCE_CACHE`` if set; else ``$XDG_CACHE_HOME/whence`` if that file system is local; else
    ``/var/tmp/whence-<uid>``; else a folder per host in the first. Where that cannot be written to,
    ``whence-<uid>`` among the temporary files: reading goes on, only slower after they are cleared.

    Raises
    ------
    StoreError
        If none of them can be made.
    """
    env = os.environ if environ is None else environ
    name = _name(root)
    if env.get("WHENCE_CACHE"):
        base = Path(env["WHENCE_CACHE"])
        found = _usable(base / name)
        if found is None:
            return _temporary(name, base)
        return CacheFolder(found, is_local(found), "WHENCE_CACHE")
    home = env.get("XDG_CACHE_HOME") or os.path.join(env.get("HOME") or "/nonexistent", ".cache")
    user = Path(home) / "whence"
    if is_local(user):
        found = _usable(user / name)
        if found is not None:
            return CacheFolder(found, True, "the user's cache folder")
    spare = Path(f"/var/tmp/whence-{os.getuid()}")
    if is_local(spare) and _own(spare):
        found = _usable(spare / name)
        if found is not None:
            return CacheFolder(found, True, "the user's cache folder is not on a local disk")
    found = _usable(user / platform.node() / name)
    if found is None:
        return _temporary(name, user)
    return CacheFolder(found, False, "no local disk: a folder for this host")


def _temporary(name: str, wanted: Path) -> CacheFolder:
    """A folder among the temporary files, in place of one that cannot be made or written to."""
    import tempfile  # only needed here, and slow to import

    spare = Path(tempfile.gettempdir()) / f"whence-{os.getuid()}"
    found = _usable(spare / name) if _own(spare) else None
    if found is None:
        raise _unusable(wanted)
    return CacheFolder(found, is_local(found), f"temporary, as {str(wanted)!r} cannot be written")


def is_local(path: Path) -> bool:
    """Whether a path, which need not exist, is on a disk of this machine."""
    _, kind = file_system(path)
    return kind not in _REMOTE and not kind.startswith("fuse.")


def file_system(path: Path) -> tuple[str, str]:
    """Where the file system of a path is mounted, and its kind; empty where nothing tells."""
    try:
        table = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
    except OSError:
        return "", ""  # not Linux
    place = os.path.realpath(path)
    longest, kind = "", ""
    for row in table.splitlines():
        fields = row.split(" ")
        mount = fields[4].replace("\\040", " ")
        inside = place == mount or place.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(longest):
            longest, kind = mount, fields[fields.index("-") + 1]
    return longest, kind


def _name(root: Path) -> str:
    place = os.path.realpath(root)
    status = os.stat(place)
    key = f"{place}\0{status.st_dev}\0{status.st_ino}"
    return digest_bytes(os.fsencode(key))[:24]


def _usable(folder: Path) -> Path | None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def _own(folder: Path) -> bool:
    """Whether the folder is this user's alone: anybody may make names in ``/var/tmp``."""
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    except OSError:
        return False
    status = os.lstat(folder)
    return (
        modes.S_ISDIR(status.st_mode)
        and status.st_uid == os.getuid()
        and not modes.S_IMODE(status.st_mode) & 0o077
    )


def _unusable(folder: Path) -> StoreError:
    return StoreError.of(
        "no-cache",
        f"cannot make the cache folder {str(folder)!r}",
        mend="Set WHENCE_CACHE to a folder on a local disk that you can write to.",
    )
