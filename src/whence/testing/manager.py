"""What every backend of `ArtifactManager` must do.

Subclass `BackendSuite` and give it a fixture ``backend``: an empty one for each test, or one that
other tests have used, as every test has collections of its own.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from whence.artifacts import ArtifactManager, Backend, Catalog, DirectoryLogger, TmpArtifact, meter
from whence.base.digest import digest_file
from whence.base.error import UserError

HOSTILE = (
    "../../x",
    "..",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a\0b",
    "x" * 10_000,
    "CON",
    "nul.txt",
    ".hidden",
    "ends.",
    " ",
    "",
    "line\nbreak",
    "e\u0301t\u00e9",
    "\udcff",
    "what?",
)

_MANY = """
import importlib, os, pickle, sys
from whence.artifacts import ArtifactManager

collection, count, *needed = sys.argv[1:]
for name in needed:
    importlib.import_module(name)  # once, instead of in each
told = sys.stdin.buffer.read()
ready, go = os.pipe()
children = []
for number in range(int(count)):
    child = os.fork()
    if not child:
        os.close(go)
        os.read(ready, 1)  # until all are there
        manager = ArtifactManager(collection, pickle.loads(told))
        with manager.log_folder("net") as folder:
            for part in range(3):
                (folder / str(part)).write_text(f"{number}" * 10_000)
        store = getattr(manager.backend, "store", None)
        if store is not None:
            store.writer().close()
        sys.stdout.flush()
        os._exit(0)
    children.append(child)
os.close(go)
codes = [os.waitpid(child, 0)[1] for child in children]
assert not any(codes), codes
"""


class BackendSuite:
    """The contract of `whence.artifacts.Backend`, as tests of a manager over it.

    Attributes
    ----------
    processes : int
        How many are to log one artifact at once; none where others cannot come to the backend.
    needed : tuple of str
        Modules that the backend imports, and that take long.
    """

    processes = 64
    needed: tuple[str, ...] = ()

    @pytest.fixture
    def manager(self, backend: Backend) -> ArtifactManager:
        """A manager whose collection is its own."""
        return ArtifactManager(f"c{uuid.uuid4().hex[:12]}", backend)

    @pytest.fixture
    def mesh(self, tmp_path: Path) -> Path:
        """A folder to log."""
        folder = tmp_path / "a mesh"
        (folder / "system").mkdir(parents=True)
        (folder / "points.csv").write_text("x,y\n0,1\n2,3\n")
        (folder / "system" / "controlDict").write_bytes(b"\0" * 70_000)
        return folder

    def test_versions_count_from_v0_and_latest_is_the_newest(
        self, manager: ArtifactManager
    ) -> None:
        """Each log makes a version; old ones stay as they are."""
        for number in range(12):
            source = manager.log_artifact({"number": number}, "net")
            assert source.metadata["version"] == f"v{number}"
            assert source.version == number + 1
        assert manager.get_artifact("net") == {"number": 11}
        assert manager.get_artifact("net", version="latest") == {"number": 11}
        assert manager.get_artifact("net", version="v9") == {"number": 9}
        assert [version.name for version in manager.versions("net")] == [f"v{n}" for n in range(12)]

    def test_nothing_is_there_at_first(self, manager: ArtifactManager) -> None:
        """Asking for what is not there is answered, or refused with a reason."""
        assert manager.active_collection not in manager.list_collection_names()
        assert not manager.exists_in_collection("net")
        assert len(manager.collection_to_catalog()) == 0
        with pytest.raises(UserError, match="no collection"):
            manager.get_artifact("net")
        manager.log_artifact(1, "net")
        assert manager.active_collection in manager.list_collection_names()
        with pytest.raises(UserError, match="Did you mean 'net'"):
            manager.download_artifact("nett")
        for name in ("v1", "0", "vx", "best", "v3~x"):
            with pytest.raises(ValueError, match="has no version"):
                manager.get_artifact("net", version=name)

    def test_files_and_folders_come_back(
        self, manager: ArtifactManager, mesh: Path, tmp_path: Path
    ) -> None:
        """Every byte, wherever it was asked to lie in the artifact."""
        manager.log_files("mesh", mesh)
        to = manager.download_artifact("mesh", to=tmp_path / "to")
        assert to == tmp_path / "to" / "mesh"
        assert _files(tmp_path / "to" / "mesh") == _files(mesh)
        manager.log_files("mesh", mesh / "points.csv")
        manager.log_files("mesh", mesh / "points.csv", artifact_path=Path("deep/p.csv"))
        manager.log_files("mesh", mesh / "points.csv", artifact_path=Path("./"))
        manager.log_files("mesh", mesh / "points.csv", artifact_path="deep/")
        manager.log_files("mesh", mesh, artifact_path=Path("deep"))
        points = (mesh / "points.csv").read_bytes()
        deep = {f"deep/{path}": data for path, data in _files(mesh).items()}
        wanted = ({"points.csv": points}, {"deep/p.csv": points}, {"points.csv": points},
                  {"deep/points.csv": points}, deep)  # fmt: skip
        for number, files in enumerate(wanted, 1):
            with manager.download_artifact("mesh", version=f"v{number}") as folder:
                assert _files(folder) == files

    def test_download_without_a_place_is_a_temporary_folder(
        self, manager: ArtifactManager, mesh: Path
    ) -> None:
        """Its version is the one that was the latest when it was asked for."""
        manager.log_files("mesh", mesh)
        temporary = manager.download_artifact("mesh")
        assert isinstance(temporary, TmpArtifact)
        manager.log_artifact(1, "mesh")
        for _ in range(2):
            with temporary as folder:
                assert folder.name == "mesh"
                assert _files(folder) == _files(mesh)
            assert not folder.exists()

    def test_download_does_not_mix_versions(
        self, manager: ArtifactManager, mesh: Path, tmp_path: Path
    ) -> None:
        """Files of another version are not taken for files of this one."""
        manager.log_files("mesh", mesh)
        manager.log_files("mesh", mesh / "points.csv")
        manager.download_artifact("mesh", to=tmp_path, version="v0")
        manager.download_artifact("mesh", to=tmp_path, version="v0")
        with pytest.raises(UserError, match="not in"):
            manager.download_artifact("mesh", to=tmp_path, version="v1")

    def test_files_that_are_there_are_not_brought_again(
        self, manager: ArtifactManager, mesh: Path, tmp_path: Path
    ) -> None:
        """What is missing or has other content is, and goes on from what a killed process left."""
        for number in range(100):
            (mesh / "system" / f"part{number}").write_text(str(number // 2))
        manager.log_files("mesh", mesh)
        digest = digest_file(mesh / "system" / "controlDict")
        folder = tmp_path / "to" / "mesh"
        (folder / "system").mkdir(parents=True)
        part = folder / "system" / f".{digest[:24]}.whence-part"
        part.write_bytes(b"\0" * 40_000)
        begun = part.stat().st_ino
        manager.download_artifact("mesh", to=tmp_path / "to")
        assert (folder / "system" / "controlDict").stat().st_ino == begun
        assert _files(folder) == _files(mesh)
        before = {path: path.stat() for path in sorted(folder.rglob("*")) if path.is_file()}
        (folder / "system" / "part7").unlink()
        (folder / "system" / "part8").write_text("other")
        manager.download_artifact("mesh", to=tmp_path / "to")
        assert _files(folder) == _files(mesh)
        after = {path: path.stat().st_mtime_ns for path in before}
        again = {path.name for path in before if after[path] != before[path].st_mtime_ns}
        assert again == {"part7", "part8"}

    def test_progress_is_told_of_what_takes_long(
        self,
        manager: ArtifactManager,
        mesh: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Of logging and of bringing: bytes done, all bytes and what is at work."""
        told: list[tuple[int, int, str]] = []
        telling = ArtifactManager(
            manager.active_collection, manager.backend, lambda *words: told.append(words)
        )
        monkeypatch.setattr(meter, "_PATIENCE", 1e9)
        telling.log_files("soon", mesh)
        telling.download_artifact("soon", to=tmp_path)
        assert told == []
        monkeypatch.setattr(meter, "_PATIENCE", 0.0)
        monkeypatch.setattr(meter, "_PAUSE", 0.0)
        telling.log_files("mesh", mesh)
        telling.log_artifact("text", "text")
        telling.log_artifact(b"0" * 100_000, "bytes")
        size = 70_012
        first = [words for words in told if words[1] == size]
        assert first[0][0] < size
        assert first[-1] == (size, size, "mesh")
        assert told[-1] == (100_000, 100_000, "bytes")
        assert len(telling.get_artifact("bytes")) == 100_000
        assert told[-1] == (100_000, 100_000, "bytes.bin")
        told.clear()
        telling.download_collection(to=tmp_path / "to")
        whole = 2 * size + 100_004
        assert told[0][0] < whole
        assert told[-1][:2] == (whole, whole)
        names = {f"{name}/{path}" for name in ("soon", "mesh") for path in _files(mesh)}
        assert {words[2] for words in told} <= names | {"text/text.txt", "bytes/bytes.bin"}

    def test_download_never_goes_through_a_link(
        self, manager: ArtifactManager, mesh: Path, tmp_path: Path
    ) -> None:
        """A link in the folder could lead anywhere."""
        manager.log_files("mesh", mesh)
        outside = tmp_path / "outside"
        outside.mkdir()
        (tmp_path / "to" / "mesh").mkdir(parents=True)
        (tmp_path / "to" / "mesh" / "system").symlink_to(outside)
        with pytest.raises(UserError, match="symbolic link"):
            manager.download_artifact("mesh", to=tmp_path / "to")
        assert list(outside.iterdir()) == []

    def test_a_folder_is_logged_after_its_block(self, manager: ArtifactManager) -> None:
        """It is empty at first and gone afterwards."""
        logger = manager.log_folder("mesh")
        for number in range(2):
            with logger as folder:
                assert list(folder.iterdir()) == []
                (folder / "a").write_text(str(number))
            assert not folder.exists()
            assert logger.source is not None
            assert logger.source.metadata["version"] == f"v{number}"
        with manager.log_folder("nothing"):
            pass
        assert not manager.exists_in_collection("nothing")

    def test_a_failed_block_is_not_logged_unless_wanted(self, manager: ArtifactManager) -> None:
        """What it left is marked, and is never the latest."""
        for keep in (False, True):
            with pytest.raises(RuntimeError):
                _fail_in(manager.log_folder("mesh", keep_failed=keep))
            assert manager.exists_in_collection("mesh") is keep
        (version,) = manager.versions("mesh")
        assert version.failed
        with pytest.raises(UserError, match="failed"):
            manager.get_artifact("mesh")
        assert manager.get_artifact("mesh", version=version.name) == b"h"
        source = manager.collection_to_catalog()[f"{manager.active_collection}/mesh"]
        assert source.metadata["failed"] is True

    def test_what_cannot_be_logged_leaves_nothing(
        self, manager: ArtifactManager, tmp_path: Path
    ) -> None:
        """No version, and no number lost to sight."""
        with pytest.raises(ValueError, match="no file or folder"):
            manager.log_files("mesh", tmp_path / "none")
        with pytest.raises(ValueError, match="Path"):
            manager.log_files("mesh", 3)  # type: ignore[arg-type]
        with pytest.raises(UserError, match="allow_pickle"):
            manager.log_artifact(object(), "mesh")
        for where in ("../x", "/x", "a/../../x"):
            with pytest.raises(UserError, match="lead"):
                manager.log_files("mesh", tmp_path, artifact_path=where)
        assert not manager.exists_in_collection("mesh")

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_names_are_refused(
        self, manager: ArtifactManager, name: str, tmp_path: Path
    ) -> None:
        """For artifacts, collections and aliases alike, with a reason, before anything is done."""
        (tmp_path / "f").write_text("f")
        manager.log_artifact(1, "fine")
        before = sorted(tmp_path.rglob("*"))
        for attempt in (
            lambda: manager.log_artifact(1, name),
            lambda: manager.log_artifact(1, "x", name),
            lambda: manager.log_files(name, tmp_path / "f"),
            lambda: manager.log_folder(name),
            lambda: manager.log_folder("x", name),
            lambda: manager.get_artifact(name),
            lambda: manager.download_artifact("x", name),
            lambda: manager.exists(name),
            lambda: manager.collection_to_catalog(name),
            lambda: manager.set_alias("fine", name, "v0"),
            lambda: setattr(manager, "active_collection", name),
            lambda: ArtifactManager(name, manager.backend),
        ):
            with pytest.raises(ValueError, match="can be called"):
                attempt()
        assert sorted(tmp_path.rglob("*")) == before

    def test_names_that_differ_in_case_only_are_refused(self, manager: ArtifactManager) -> None:
        """Some file systems could not tell them apart."""
        manager.log_artifact(1, "Net")
        with pytest.raises(UserError, match="only in case"):
            manager.log_artifact(1, "net")
        with pytest.raises(UserError, match="only in case"):
            manager.log_artifact(1, "x", manager.active_collection.upper())
        manager.log_artifact(2, "Net")

    @pytest.mark.parametrize(
        "name", ["été", "with blank", "a-b_c:d", "x.tar.gz", "v0", "-", "模型"]
    )
    def test_other_names_are_fine(self, manager: ArtifactManager, name: str) -> None:
        """As long as any file system can have them."""
        manager.log_artifact(1, name)
        manager.log_artifact([name], name)
        assert manager.get_artifact(name) == [name]
        assert list(manager.collection_to_catalog().keys()) == [
            f"{manager.active_collection}/{name}"
        ]
        driver = manager.collection_to_catalog()[f"{manager.active_collection}/{name}"].get_driver()
        assert [driver.get(key) for key in driver.keys()]  # noqa: SIM118

    def test_collections_are_apart(self, manager: ArtifactManager) -> None:
        """The active one is meant where none is named."""
        first, other = manager.active_collection, f"{manager.active_collection}b"
        manager.log_artifact(1, "net")
        assert not manager.exists_in_collection("net", other)
        manager.active_collection = other
        assert manager.active_collection == other
        manager.log_artifact(2, "net")
        manager.log_artifact(3, f"only-{other}", collection=other)
        assert manager.get_artifact("net", first) == 1
        assert manager.get_artifact("net") == 2
        manager.active_collection = first
        assert manager.exists(f"only-{other}")
        assert not manager.exists_in_collection(f"only-{other}")
        assert {first, other} <= set(manager.list_collection_names())
        everything = manager.store_to_catalog()
        assert {f"{first}/net", f"{other}/net"} <= set(everything.keys())
        assert everything[f"{other}/net"] == manager.collection_to_catalog(other)[f"{other}/net"]

    def test_deletion_leaves_a_tombstone(self, manager: ArtifactManager) -> None:
        """The number is not given again."""
        for number in range(3):
            manager.log_artifact(number, "net")
        manager.set_alias("net", "best", "v2")
        assert manager.aliases("net") == {"best": "v2"}
        with pytest.warns(UserWarning, match="v2 was deleted, which the alias 'best' pointed to"):
            manager.delete("net", "v2")
        assert manager.aliases("net") == {}
        assert manager.get_artifact("net") == 1
        for name in ("v2", "best"):
            with pytest.raises(UserError, match="deleted"):
                manager.get_artifact("net", version=name)
        assert [version.deleted for version in manager.versions("net")] == [False, False, True]
        assert manager.log_artifact(3, "net").metadata["version"] == "v3"
        catalog = manager.collection_to_catalog()
        assert sorted(catalog[f"{manager.active_collection}/net"].versions) == [1, 2, 4]
        for name in ("v0", "v1", "v3"):
            manager.delete("net", name)
        assert not manager.exists("net") or not manager.exists_in_collection("net")
        with pytest.raises(UserError, match="deleted"):
            manager.get_artifact("net")
        assert manager.active_collection not in manager.list_collection_names()
        assert manager.log_artifact(4, "net").metadata["version"] == "v4"

    def test_a_version_goes_by_its_number_too(self, manager: ArtifactManager) -> None:
        """Wherever one is taken; what is no version is refused with our error."""
        for number in range(3):
            manager.log_artifact(number, "net")
        assert manager.get_artifact("net", version=1) == 1
        assert manager.get_artifact("net", None, np.int64(0)) == 0
        with manager.download_artifact("net", version=0) as folder:
            assert [path.name for path in folder.iterdir()]
        assert manager.get_artifact_source("net", version=2).metadata["version"] == "v2"
        manager.set_alias("net", "best", 1)
        assert manager.aliases("net") == {"best": "v1"}
        manager.delete("net", 0)
        assert [version.deleted for version in manager.versions("net")] == [True, False, False]
        for odd in (-1, True, 1.0, b"v1"):
            with pytest.raises(UserError, match="is no version"):
                manager.get_artifact("net", version=odd)  # type: ignore[arg-type]

    def test_aliases_move(self, manager: ArtifactManager) -> None:
        """They point where they were told last."""
        for number in range(3):
            manager.log_artifact(number, "net")
        assert manager.aliases("net") == {}
        manager.set_alias("net", "best", "v0")
        manager.set_alias("net", "paper", "latest")
        assert manager.get_artifact("net", version="best") == 0
        manager.set_alias("net", "best", "v1")
        assert manager.aliases("net") == {"best": "v1", "paper": "v2"}
        assert manager.get_artifact("net", version="best") == 1
        manager.set_alias("net", "best", None)
        assert manager.aliases("net") == {"paper": "v2"}
        for name in ("latest", "v7"):
            with pytest.raises(UserError, match="has a meaning"):
                manager.set_alias("net", name, "v0")

    def test_a_collection_is_downloaded(
        self, manager: ArtifactManager, mesh: Path, tmp_path: Path
    ) -> None:
        """The latest version of each artifact; the catalog tells all of them."""
        manager.log_artifact("old", "text")
        manager.log_artifact("new", "text")
        manager.log_files("mesh", mesh)
        catalog = manager.download_collection(to=tmp_path / "to")
        assert isinstance(catalog, Catalog)
        assert (tmp_path / "to" / "text" / "text.txt").read_text() == "new"
        assert _files(tmp_path / "to" / "mesh") == _files(mesh)
        lead = manager.active_collection
        assert {name: list(source.versions) for name, source in catalog.items()} == {
            f"{lead}/mesh": [1],
            f"{lead}/text": [1, 2],
        }

    def test_a_saved_catalog_reads_the_files(self, manager: ArtifactManager, mesh: Path) -> None:
        """Wherever it is loaded."""
        manager.log_files("mesh", mesh)
        catalog = Catalog.from_str(manager.collection_to_catalog().to_str())
        assert catalog == manager.collection_to_catalog()
        driver = catalog[f"{manager.active_collection}/mesh"].get_driver()
        source = manager.get_artifact_source("mesh", version="latest")
        assert source == catalog[f"{manager.active_collection}/mesh"]
        assert source.versions == {source.version: source}
        assert manager.get_artifact_source("mesh", catalog=catalog).versions == source.versions
        assert list(driver.keys()) == ["points.csv", "system/controlDict"]
        assert driver.get("points.csv") == (mesh / "points.csv").read_bytes()
        assert [len(data) for data in driver.get_iter()] == [12, 70_000]
        with pytest.raises(UserError):
            driver.get("none")

    def test_threads_never_share_a_version(self, manager: ArtifactManager) -> None:
        """Each has a whole one of its own."""
        with ThreadPoolExecutor(8) as pool:
            sources = list(pool.map(lambda n: manager.log_artifact({"n": n}, "net"), range(16)))
        assert sorted(source.version for source in sources) == list(range(1, 17))
        for number, source in enumerate(sources):
            version = source.metadata["version"]
            assert manager.get_artifact("net", version=version) == {"n": number}

    def test_processes_never_share_a_version(self, manager: ArtifactManager) -> None:
        """Each has a whole one of its own, whoever is first to make the collection."""
        if not self.processes:
            pytest.skip("no other process can come to it")
        words = [manager.active_collection, str(self.processes), *self.needed]
        done = subprocess.run(
            [sys.executable, "-c", _MANY, *words],
            input=pickle.dumps(manager.backend),
            capture_output=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr.decode()
        names = [version.name for version in manager.versions("net")]
        assert names == [f"v{number}" for number in range(self.processes)]

        def text_of(version: str) -> str:
            with manager.download_artifact("net", version=version) as folder:
                files = _files(folder)
            assert sorted(files) == ["0", "1", "2"]
            (text,) = set(files.values())
            return text.decode()

        with ThreadPoolExecutor(8) as pool:
            texts = sorted(pool.map(text_of, names))
        assert texts == sorted(str(number) * 10_000 for number in range(self.processes))

    def test_unsafe_objects_need_leave(self, manager: ArtifactManager) -> None:
        """On both sides."""
        manager.log_artifact(Path, "class", allow_pickle=True)
        with pytest.raises(UserError, match="pickle"):
            manager.get_artifact("class")
        assert manager.get_artifact("class", allow_pickle=True) is Path

    def test_a_folder_is_no_object(self, manager: ArtifactManager, mesh: Path) -> None:
        """But a single file is what its format reads."""
        manager.log_files("mesh", mesh)
        with pytest.raises(UserError, match="download_artifact"):
            manager.get_artifact("mesh")
        manager.log_files("table", mesh / "points.csv")
        assert manager.get_artifact("table")["y"].tolist() == [1, 3]


def _fail_in(logger: DirectoryLogger) -> None:
    with logger as folder:
        (folder / "half").write_text("h")
        raise RuntimeError


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
