"""A store folder: where it is, and what is in it."""

from __future__ import annotations

import io
import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from whence.base.clock import Clock, system_clock
from whence.base.digest import digest_bytes
from whence.base.error import StoreError, UserError
from whence.store import layout
from whence.store.abort import ask, asked
from whence.store.cache import cache_folder
from whence.store.content import Slice, damaged, missing, reaches
from whence.store.files import Files, failed, read_all, write_all
from whence.store.index import Index
from whence.store.load import read_span
from whence.store.order import LogicalClock
from whence.store.signature import Signatures
from whence.store.trash import find
from whence.store.writer import Writer, touched

if TYPE_CHECKING:
    from whence.store.verify import Report

_log = logging.getLogger(__name__)


class Store:
    """A place where runs are on record. Safe to use from any thread, and after a fork.

    Made by `create`, `open`, `find` or `find_or_create`.

    Parameters
    ----------
    root : Path
        The store folder, ``.whence``.
    files : Files
        The way to the file system.
    clock : Clock
        The time.

    Attributes
    ----------
    root : Path
        The store folder, with symbolic links resolved.
    project : Path
        The folder it lies in: what paths on record start from.
    files : Files
        The way to the file system.

    Examples
    --------
    >>> import tempfile
    >>> store = Store.create(tempfile.mkdtemp())
    >>> store.writer().append("set", "a-run", {"f": {"name": "first"}})
    >>> store.index().state("a-run")["name"]
    'first'
    >>> store.get(store.writer().put(b"bytes").digest)
    b'bytes'
    >>> store.writer().close()
    """

    def __init__(self, root: Path, files: Files, clock: Clock = system_clock) -> None:
        self.root = Path(os.path.realpath(root))
        self.project = self.root.parent
        self.files, self._clock = files, clock
        self._begin()
        _renew_after_fork(weakref.ref(self))

    def _begin(self) -> None:
        self._order = LogicalClock()
        self._lock = threading.Lock()
        self._writer: Writer | None = None
        self._own = threading.local()

    @property
    def clock(self) -> Clock:
        """The time, as this store tells it."""
        return self._clock

    @property
    def shared(self) -> bool:
        """Whether a group of users writes to it."""
        return self.files.shared

    @classmethod
    def create(cls, path: str | os.PathLike[str], shared: bool = False) -> Store:
        """Make a store in a project folder; one that is there already is opened.

        Parameters
        ----------
        path : path-like
            The project's folder, or the ``.whence`` folder to make in it.
        shared : bool
            Make everything in it writable for the group, whatever the umask.
        """
        root = _store_folder(Path(path))
        files = Files(shared)
        try:
            files.make(root)
            facts = {"format": layout.FORMAT, "shared": shared}
            _place(files, root / ".gitignore", b"*\n")
            _place(files, root / "store.json", orjson.dumps(facts) + b"\n")
        except OSError as error:
            raise failed(error, "make the store", root) from error
        return cls.open(root)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        files: Callable[[bool], Files] = Files,
        clock: Clock = system_clock,
    ) -> Store:
        """The store of a project folder, or in a ``.whence`` folder.

        Raises
        ------
        UserError
            If there is none, or a newer whence made it.
        """
        try:
            root = _store_folder(Path(path))
            shared = _read_shared(root)
        except (OSError, ValueError) as error:  # a NUL in it, or more than a name may have
            told = str(path)
            raise UserError.of(
                "no-store",
                f"no store can be in {told if len(told) < 80 else f'{told[:79]}…'!r}: "
                f"{error.strerror if isinstance(error, OSError) else error}",
                mend="Give a project folder, or its .whence.",
            ) from error
        return cls(root, files(shared), clock)

    @classmethod
    def find(cls, start: str | os.PathLike[str] | None = None) -> Store | None:
        """The store of the nearest folder from `start` upward, else the one of ``WHENCE_STORE``."""
        place = Path(os.path.abspath(start if start is not None else os.getcwd()))
        for folder in (place, *place.parents):
            root = folder / layout.FOLDER
            if _is_store(root):
                return cls.open(folder)
            if layout.journals(root).is_dir():
                raise _headless(root)
        named = os.environ.get("WHENCE_STORE")
        return cls.open(named) if named else None

    @classmethod
    def find_or_create(
        cls,
        start: str | os.PathLike[str] | None = None,
        say: Callable[[str], object] = _log.warning,
    ) -> Store:
        """What `find` finds, else a new store at the git root or at `start`, which is said."""
        found = cls.find(start)
        if found is not None:
            return found
        folder = Path(os.path.abspath(start if start is not None else os.getcwd()))
        store = cls.create(_git_root(folder) or folder)
        say(f"made a store in {store.root}")
        return store

    def writer(self) -> Writer:
        """The writer of this process."""
        if self._writer is None:
            with self._lock:
                if self._writer is None:
                    self._writer = Writer(
                        self.files, self.root, self._clock, self._order, self._packed
                    )
        return self._writer

    def index(self) -> Index:
        """The index for this thread, brought up to date."""
        index: Index | None = getattr(self._own, "index", None)
        if index is None:
            index = Index(self.root, cache_folder(self.root), self.files, self._clock, self._order)
            self._own.index = index
        index.refresh()
        return index

    def get(self, digest: str) -> bytes:
        """The content of that digest, checked.

        Raises
        ------
        StoreError
            If the store has none, or it is damaged.
        """
        with self.open_content(digest) as content:
            data = content.read()
        if digest_bytes(data) != digest:
            raise damaged(digest, self.root)
        return data

    def open_content(self, digest: str) -> BinaryIO:
        """The content of that digest, as a file to read from; objects are not checked.

        Raises
        ------
        StoreError
            If the store has none.
        """
        path = layout.object_path(self.root, digest)
        try:
            return self._open(path)
        except FileNotFoundError:
            data = self._packed_bytes(digest)
        if data is not None:
            return io.BytesIO(data)
        trashed = find(self.files, self.root, layout.object_place(digest))
        if trashed is None:
            raise missing(digest)
        return self._open(trashed)

    def places(self, digests: Iterable[str]) -> dict[str, Slice]:
        """Where those of the contents lie that are packed."""
        writer, index = self._writer, self.index()
        found = {}
        for digest in digests:
            place = (writer and writer.slice_of(digest)) or index.content(digest)
            if place is not None:
                found[digest] = place
        return found

    def has(self, digest: str) -> bool:
        """Whether the store itself keeps that content."""
        if not layout.is_digest(digest):
            return False
        place = self._place(digest)
        pack = None if place is None else self._pack_of(place)
        if place is not None and pack is not None and reaches(self.files, pack, place):
            return True
        return self.locate(digest) is not None

    def locate(self, digest: str) -> Path | None:
        """The file that is that content and nothing else, if the store has one; not checked."""
        if not layout.is_digest(digest):
            return None
        path = layout.object_path(self.root, digest)
        if self.files.has(path):
            return path
        return find(self.files, self.root, layout.object_place(digest))

    def ask_to_end(self, run: str, facts: Mapping[str, Any]) -> None:
        """Leave word for the process of a run that it is to end, as `facts` say by whom and why.

        Raises
        ------
        StoreError
            If it could not be written.
        """
        ask(self.files, self.root, run, facts)

    def asked_to_end(self, runs: Iterable[str]) -> dict[str, str]:
        """Why those of these runs that are asked to end are."""
        return asked(self.files, self.root, runs)

    def digest_of(self, path: str | os.PathLike[str]) -> str:
        """The digest of a file's content as it is now; a file that did not change is read once.

        Raises
        ------
        UserError
            If it is not a file that can be read.
        """
        return self._signatures().digest_of(path)

    def digests_known(self, paths: Iterable[Path]) -> dict[Path, str]:
        """The digests of the files that `digest_of` would not have to read, looked up at once."""
        return self._signatures().known(paths)

    def lines(self, run: str, ops: tuple[str, ...] | None = None) -> Iterator[dict[str, Any]]:
        """The lines of a run in order, of these operations if given."""
        before = None
        for key, line in sorted(self.index().lines(run), key=lambda item: item[0]):
            if key != before and (ops is None or line.get("op") in ops):
                yield line
            before = key

    def verify(self) -> Report:
        """Read everything there is and compare it with its checks and digests."""
        from whence.store.verify import verify

        try:
            return verify(self.files, self.root, self._clock())
        except OSError as error:
            raise failed(error, "read the store", self.root) from error

    def _signatures(self) -> Signatures:
        signatures: Signatures | None = getattr(self._own, "signatures", None)
        if signatures is None:
            folder = cache_folder(self.root).path
            signatures = self._own.signatures = Signatures(folder, self.files, self._clock)
        return signatures

    def _packed(self, digest: str) -> bool:
        """Whether an index at hand knows packed content; none is opened for that."""
        index: Index | None = getattr(self._own, "index", None)
        place = None if index is None else index.content(digest)
        return place is not None and touched(self.files, self.root, place)

    def _place(self, digest: str) -> Slice | None:
        if self._writer is not None:
            place = self._writer.slice_of(digest)
            if place is not None:
                return place
        return self.index().content(digest)

    def _packed_bytes(self, digest: str) -> bytes | None:
        """Packed content, checked; None if no pack has it."""
        wrong: Slice | None = None
        tried: set[Slice] = set()
        for place in self._places(digest):
            if place is None or place in tried:
                continue
            tried.add(place)
            data = self._slice(place)
            if data is not None and digest_bytes(data) == digest:
                return data
            if data is not None and len(data) == place.length:
                wrong = place
        if wrong is not None:
            raise damaged(digest, layout.packs(self.root) / wrong.pack)
        return None

    def _places(self, digest: str) -> Iterator[Slice | None]:
        """Where content may be packed: as an index at hand knows it, and only then as one of now.

        What was packed does not change, so looking at the journals for each of many can wait.
        """
        if self._writer is not None:
            yield self._writer.slice_of(digest)
        index: Index | None = getattr(self._own, "index", None)
        if index is not None:
            yield from index.contents(digest)
        yield from self.index().contents(digest)

    def _slice(self, place: Slice) -> bytes | None:
        path = self._pack_of(place)
        if path is None:
            return None
        try:
            fd = self.files.open(path, os.O_RDONLY)
            try:
                return read_span(self.files, fd, place.offset, place.offset + place.length)
            finally:
                self.files.close(fd)
        except OSError as error:
            raise failed(error, "read", path) from error

    def _pack_of(self, place: Slice) -> Path | None:
        """The pack, which gc may have set aside."""
        path = layout.packs(self.root) / place.pack
        return path if self.files.has(path) else find(self.files, self.root, f"packs/{place.pack}")

    def _open(self, path: Path) -> BinaryIO:
        try:
            return open(self.files.open(path, os.O_RDONLY), "rb")
        except FileNotFoundError:
            raise
        except OSError as error:
            raise failed(error, "read", path) from error

    def _forked(self) -> None:
        """In the child: no lock, clock or connection of the parent may be used."""
        writer, kept = self._writer, self._own
        self._begin()
        self._left_alone = kept  # closing the parent's connections here could harm them
        if writer is not None:
            writer.renew(self._order)
            self._writer = writer


def _renew_after_fork(store: weakref.ref[Store]) -> None:
    def renew() -> None:
        there = store()
        if there is not None:
            there._forked()

    os.register_at_fork(after_in_child=renew)


def _store_folder(path: Path) -> Path:
    return path if path.name == layout.FOLDER or _is_store(path) else path / layout.FOLDER


def _is_store(path: Path) -> bool:
    return Files().has(path / "store.json")


def _place(files: Files, path: Path, data: bytes) -> None:
    """Write a file whole under its name, unless it is there."""
    if files.has(path):
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    fd = files.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    try:
        write_all(files, fd, data)
    finally:
        files.close(fd)
    files.rename(temporary, path)


def _read_shared(root: Path) -> bool:
    """What ``store.json`` says, if this version can work with it."""
    path = root / "store.json"
    try:
        facts = orjson.loads(read_all(Files(), path))
        made, shared = int(facts["format"]), bool(facts.get("shared"))
    except FileNotFoundError as error:
        if layout.journals(root).is_dir():
            raise _headless(root) from error
        raise UserError.of(
            "no-store", f"there is no store in {str(root)!r}", mend="`whence init` makes one."
        ) from error
    except NotADirectoryError as error:
        file = next((one for one in (root, root.parent) if one.is_file()), root)
        raise UserError.of(
            "no-folder",
            f"{str(file)!r} is a file, not the folder of a project or of a store",
            mend="Name the folder that holds .whence.",
        ) from error
    except OSError as error:
        raise failed(error, "read", path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError.of(
            "damaged-store",
            f"{str(path)!r} does not say which format the store has",
            mend='A store of this version has {"format":1,"shared":false} there.',
        ) from error
    if made > layout.FORMAT:
        raise UserError.of(
            "newer-store",
            f"the store {str(root)!r} has format {made}; this version of whence knows formats "
            f"up to {layout.FORMAT}",
            mend="Upgrade with `pip install -U whence`.",
        )
    return shared


def _headless(root: Path) -> StoreError:
    """The error for what was copied without the file that says what it is."""
    return StoreError.of(
        "no-format",
        f"{str(root)!r} has journals, but no store.json that says which format they have",
        mend="`whence init` in its project makes one, if this version of whence wrote them.",
    )


def _git_root(folder: Path) -> Path | None:
    import subprocess  # only needed here, and slow to import

    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "rev-parse", "--show-toplevel"],
            cwd=folder,
            capture_output=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(os.fsdecode(done.stdout.rstrip(b"\n")))
