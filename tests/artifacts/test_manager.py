"""Every backend does what managers need, and each what is its own."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from whence.artifacts import (
    ArtifactManager,
    Backend,
    Catalog,
    Draft,
    FolderBackend,
    MlflowBackend,
    StoreBackend,
    Version,
)
from whence.base.digest import digest_file
from whence.base.error import MissingExtraError, StoreError, UserError
from whence.formats import UNKNOWN, media_type_of
from whence.records import Records
from whence.runs import Run
from whence.store import Store
from whence.testing.manager import BackendSuite

from .server import serving


class TestStore(BackendSuite):
    @pytest.fixture
    def backend(self, store: Store) -> Backend:
        return StoreBackend(store)


class TestFolder(BackendSuite):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> Backend:
        return FolderBackend(tmp_path.parent / f"{tmp_path.name}-shelf")


class TestRelativeFolder(BackendSuite):
    processes = 4

    @pytest.fixture
    def backend(self, project: Path) -> Backend:
        return FolderBackend("the shelf")


class TestFileUrl(BackendSuite):
    processes = 4

    @pytest.fixture
    def backend(self, tmp_path: Path) -> Backend:
        return FolderBackend(f"file://{tmp_path.parent}/{tmp_path.name}-shelf")


class TestMemory(BackendSuite):
    processes = 0

    @pytest.fixture
    def backend(self) -> Backend:
        return FolderBackend(f"memory://{uuid.uuid4().hex}/shelf")


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    for package in ("s3fs", "moto", "flask", "flask_cors"):
        pytest.importorskip(package, reason="pip install 'whence[s3]' 'moto[s3]' flask flask-cors")
    program = "from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"
    log = tmp_path_factory.mktemp("moto") / "log"
    with serving([sys.executable, "-c", program], log) as url:
        yield {"key": "test", "secret": "test", "endpoint_url": url, "client_kwargs": {
            "region_name": "us-east-1"}}  # fmt: skip


class TestS3(BackendSuite):
    needed = ("s3fs",)

    @pytest.fixture
    def backend(self, s3: dict[str, Any]) -> Backend:
        import s3fs

        bucket = f"b{uuid.uuid4().hex}"
        s3fs.S3FileSystem(**s3).call_s3("create_bucket", Bucket=bucket)
        return FolderBackend(f"s3://{bucket}/shelf", s3)

    @pytest.mark.slow
    def test_processes_never_share_a_version(self, manager: ArtifactManager) -> None:
        super().test_processes_never_share_a_version(manager)

    def test_the_server_gives_a_number_once(self, backend: FolderBackend) -> None:
        def log(number: int) -> int:
            apart = FolderBackend(backend.url, backend.address(Version("c", "a", 0)).options)
            return ArtifactManager("c", apart).log_artifact(number, "a").version

        with ThreadPoolExecutor(8) as pool:  # each with a lock of its own
            assert sorted(pool.map(log, range(16))) == list(range(1, 17))


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("mlflow", reason="pip install 'whence[mlflow]'")
    folder = tmp_path_factory.mktemp("mlflow")
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", "{port}",
               "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--workers", "1",
               "--artifacts-destination", str(folder / "artifacts")]  # fmt: skip
    with serving(command, folder / "log") as url:
        yield url


class TestMlflow(BackendSuite):
    processes = 16  # one more than the server has connections to its database
    needed = ("mlflow",)

    @pytest.fixture
    def backend(self, mlflow_server: str) -> Backend:
        return MlflowBackend(mlflow_server)

    def test_what_went_wrong_first_is_told(
        self, backend: MlflowBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lost(done: int) -> None:
            """From here on nobody answers."""
            monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
            backend._client = MlflowBackend("http://127.0.0.1:9")._client
            raise ValueError("the first")

        with pytest.raises(ValueError, match="the first") as error:
            backend.put("c", "lost", Draft({"a.txt": b"a"}), lost)
        assert "is left on the server" in error.value.__notes__[0]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.import_module("fsspec.registry")
    monkeypatch.delitem(known._registry, "s3", raising=False)
    for package, make in (("mlflow", MlflowBackend), ("s3fs", lambda: FolderBackend("s3://x/y"))):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(MissingExtraError, match="pip install 'whence"):
            make()
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(UserError, match="gcsfs"):
        FolderBackend("gs://x/y")
    with pytest.raises(UserError, match="no place for artifacts"):
        FolderBackend("nonsense://x")


def test_the_store_upward_is_the_default(store: Store, project: Path) -> None:
    ArtifactManager().log_artifact([1], "net")
    assert (store.root / "claims/default/net/v0").read_bytes() == b""
    assert ArtifactManager(collection="default").get_artifact("net") == [1]
    ArtifactManager("c", project / "plain").log_artifact("text", "net")
    assert (project / "plain/c/net/v0/files/net.txt").read_text() == "text"


def test_folder_is_laid_out_for_people(tmp_path: Path) -> None:
    (tmp_path / "in" / "system").mkdir(parents=True)
    (tmp_path / "in" / "system" / "a").write_text("a")
    (tmp_path / "in" / "none").mkdir()
    manager = ArtifactManager("runs", tmp_path / "shelf")
    manager.log_files("case", tmp_path / "in")
    manager.set_alias("case", "best", "v0")
    manager.log_artifact(1, "case")
    manager.delete("case", "v1")
    found = sorted(
        p.relative_to(tmp_path / "shelf").as_posix() for p in tmp_path.rglob("shelf/**/*")
    )
    assert found == [
        "runs",
        "runs/case",
        "runs/case/best.alias",
        "runs/case/v0",
        "runs/case/v0.json",
        "runs/case/v0/claim",
        "runs/case/v0/files",
        "runs/case/v0/files/none",
        "runs/case/v0/files/system",
        "runs/case/v0/files/system/a",
        "runs/case/v1",
        "runs/case/v1.deleted",
        "runs/case/v1.json",
        "runs/case/v1/claim",
    ]
    with manager.download_artifact("case", version="best") as folder:
        assert (folder / "none").is_dir()


def test_altered_and_missing_files_are_noticed(tmp_path: Path) -> None:
    manager = ArtifactManager("c", tmp_path / "shelf")
    for name in "ab":
        manager.log_artifact("text", name)
    files = tmp_path / "shelf" / "c"
    (files / "a/v0/files/a.txt").write_text("tex_")
    (files / "b/v0/files/b.txt").unlink()
    with pytest.raises(StoreError, match="altered"):
        manager.get_artifact("a")
    with pytest.raises(StoreError, match="cannot read"):
        manager.get_artifact("b")
    assert list((tmp_path / "to").rglob("*")) == []


def test_a_manifest_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    manager = ArtifactManager("c", tmp_path / "shelf")
    manager.log_artifact("text", "a")
    manifest = tmp_path / "shelf/c/a/v0.json"
    manifest.write_text(manifest.read_text().replace("a.txt", "../../../../../evil"))
    with pytest.raises(StoreError, match="lead elsewhere"):
        manager.download_artifact("a", to=tmp_path / "to")
    assert not (tmp_path / "evil").exists()


def test_what_fails_in_the_middle_is_not_seen(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("a")
    (tmp_path / "in" / "b").symlink_to("nowhere")
    for backend in (StoreBackend(Store.create(tmp_path)), FolderBackend(tmp_path / "shelf")):
        manager = ArtifactManager("c", backend)
        with pytest.raises(UserError, match="nowhere"):
            manager.log_files("x", tmp_path / "in")
        assert not manager.exists("x")
        assert manager.versions("x") == []


@pytest.mark.parametrize("named", [True, False])
def test_versions_are_outputs_and_inputs_of_runs(store: Store, named: bool) -> None:
    """Of the one that is named, or in whose block that is done."""
    around = StoreBackend(store)
    assert around.run is None
    with Run(store).init("make") as make:
        manager = ArtifactManager("models", StoreBackend(run=make) if named else around)
        with manager.log_folder("net") as folder:
            (folder / "weights.csv").write_text("1,2")
            (folder / "sub").mkdir()
            (folder / "sub" / "big").write_bytes(b"b" * 70_000)
    source = manager.collection_to_catalog()["models/net"]
    assert source.metadata["run"] == make.id
    with Run(store).init("use") as use:
        taking = ArtifactManager("models", StoreBackend(run=use) if named else around)
        with taking.download_artifact("net") as folder:
            assert (folder / "weights.csv").read_text() == "1,2"
        with taking.download_artifact("net"):
            pass
    records = Records(store)
    made, used = records.get(make.id), records.get(use.id)
    outputs, inputs = made.of_category("output"), used.of_category("input")
    assert [item.name for item in outputs] == ["models/net/v0/sub/big", "models/net/v0/weights.csv"]
    assert [(item.name, item.digest) for item in outputs] == sorted(
        (item.name, item.digest) for item in inputs
    )
    assert [item.kept for item in outputs] == ["object", "pack"]
    assert outputs[1].type == media_type_of("weights.csv")
    assert store.verify().sound
    assert store.verify().incomplete == []
    manager = ArtifactManager("models", around)
    manager.log_artifact(1, "alone")
    assert manager.get_artifact("alone") == 1
    with Run(Store.create(store.project / "elsewhere")).init():
        assert around.run is None


def lines_of(store: Store, op: str) -> list[dict[str, Any]]:
    found = []
    for path in store.root.glob("journals/*/*.jsonl"):
        found += [line for row in path.read_bytes().splitlines() if (line := json.loads(row))]
    return [line for line in found if line.get("op") == op]


def test_a_version_is_an_input_by_one_line(store: Store, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(300):
        (tmp_path / "many" / f"{number}.csv").write_text(str(number // 2))
    (tmp_path / "many" / "large").write_bytes(b"l" * 70_000)
    ArtifactManager("c", StoreBackend(store)).log_files("mesh", tmp_path / "many")
    ArtifactManager("c", StoreBackend(store)).log_artifact("text", "net")
    with Run(store).init("first") as first:
        manager = ArtifactManager("c", StoreBackend(run=first))
        for _ in range(2):
            manager.download_artifact("mesh", to=tmp_path / "to")
    with Run(store).init("second") as second:  # which finds the files there
        ArtifactManager("c", StoreBackend(run=second)).download_collection("c", tmp_path / "to")
    lines = lines_of(store, "artifacts")
    names = [(line["of"], line["lead"], len(line["files"])) for line in lines]
    assert names == [(first.id, "c/mesh/v0/", 301), (second.id, "c/mesh/v0/", 301),
                     (second.id, "c/net/v0/", 1)]  # fmt: skip
    records = Records(store)
    inputs = {item.name: item for item in records.get(first.id).of_category("input")}
    assert len(inputs) == 301
    for name, kind, kept in (("299.csv", "text/csv", "pack"), ("large", UNKNOWN, "object")):
        item, file = inputs[f"c/mesh/v0/{name}"], tmp_path / "many" / name
        assert (item.digest, item.size) == (digest_file(file), file.stat().st_size)
        assert (item.type, item.kept) == (kind, kept)
    taken = {item.digest for item in records.get(second.id).of_category("input")}
    assert {item.digest for item in inputs.values()} < taken


def test_all_that_is_wrong_with_a_version_is_told_and_the_rest_brought(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(10):
        (tmp_path / "in" / str(number)).write_text(str(number))
    manager = ArtifactManager("c", tmp_path / "shelf")
    manager.log_files("a", tmp_path / "in")
    (tmp_path / "shelf/c/a/v0/files/3").write_text("4")
    (tmp_path / "shelf/c/a/v0/files/5").unlink()
    with pytest.raises(StoreError) as caught:
        manager.download_artifact("a", to=tmp_path / "to")
    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["damaged-content", "artifact-store", "partly-fetched"]
    assert {path.name for path in (tmp_path / "to" / "a").iterdir()} == set("01246789")


def test_damage_to_one_of_some_files_alike_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in "abc":
        (tmp_path / "in" / name).write_text("same")
    manager = ArtifactManager("c", tmp_path / "shelf")
    manager.log_files("x", tmp_path / "in")
    (tmp_path / "shelf/c/x/v0/files/c").write_text("else")
    with pytest.raises(StoreError, match=r"'c' in .* was altered"):
        manager.download_artifact("x", to=tmp_path)
    assert {path.name: path.read_text() for path in (tmp_path / "x").iterdir()} == {
        "a": "same", "b": "same"}  # fmt: skip


def test_a_run_by_the_command_line_is_known(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(store).init("outer")
    monkeypatch.setenv("WHENCE_RUN", run.id)
    ArtifactManager("c", StoreBackend(store)).log_artifact(1, "x")
    assert ArtifactManager("c").versions("x")[0].run == run.id
    run.close()


def test_a_version_is_looked_up_once_to_read_all_its_files(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "many").mkdir()
    for number in range(50):
        (tmp_path / "many" / f"{number:02}").write_text(str(number))
    manager = ArtifactManager("c", StoreBackend(store))
    manager.log_files("mesh", tmp_path / "many")
    asked: list[Version] = []
    manifest = StoreBackend.manifest

    def noted(backend: StoreBackend, version: Version) -> Any:
        asked.append(version)
        return manifest(backend, version)

    monkeypatch.setattr(StoreBackend, "manifest", noted)
    driver = manager.collection_to_catalog()["c/mesh"].get_driver()
    assert [int(data) for data in driver.get_iter()] == list(range(50))
    assert len(asked) == 1


def test_same_content_is_stored_once(store: Store) -> None:
    manager = ArtifactManager("c", StoreBackend(store))
    data = os.urandom(1 << 20)
    for _ in range(5):
        manager.log_artifact(data, "x")
    objects = [path for path in store.root.glob("objects/*/*") if path.is_file()]
    assert [path.stat().st_size for path in objects] == [1 << 20]


def test_deletion_can_be_taken_back_until_it_is_final(store: Store) -> None:
    backend = StoreBackend(store)
    manager = ArtifactManager("c", backend)
    manager.log_artifact(1, "x")
    (version,) = manager.versions("x")
    manager.delete("x", "v0")
    backend.restore(version)
    assert manager.get_artifact("x") == 1
    manager.delete("x", "v0")
    store.writer().append("tombstone", f"c/x/v0~{store.writer().id}", {})
    with pytest.raises(StoreError, match="collected"):
        backend.restore(version)
    assert manager.versions("x")[0].deleted


def test_versions_are_no_runs_and_survive_a_new_index(store: Store) -> None:
    manager = ArtifactManager("c", StoreBackend(store))
    for number in range(3):
        manager.log_artifact(number, "x")
    manager.set_alias("x", "best", "v1")
    manager.delete("x", "v0")
    before = manager.versions("x"), manager.aliases("x"), store.index().ids()
    assert before[2] == []
    store.index().rebuild()
    assert (manager.versions("x"), manager.aliases("x"), store.index().ids()) == before


def test_merged_stores_keep_both_of_a_number(tmp_path: Path) -> None:
    stores = [Store.create(tmp_path / name) for name in "ab"]
    managers = [ArtifactManager("c", StoreBackend(store)) for store in stores]
    for number in range(2):
        for letter, manager in zip("ab", managers, strict=True):
            manager.log_artifact(f"{letter}{number}", "x")
    managers[1].log_artifact("b2", "x")
    managers[1].set_alias("x", "best", "v1")
    for store in stores:
        store.writer().close()
    for here, there in ((0, 1), (1, 0)):
        shutil.copytree(stores[there].root, stores[here].root, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("store.json"))  # fmt: skip
    writer = stores[1].index().connection.execute(
        "SELECT DISTINCT writer FROM version ORDER BY number DESC, lc DESC"
    ).fetchone()[0]  # fmt: skip
    for manager in managers:
        names = [version.name for version in manager.versions("x")]
        assert names == ["v0", f"v0~{writer}", "v1", f"v1~{writer}", "v2"]
        wanted = {"v0": "a0", "v1": "a1", f"v0~{writer}": "b0", f"v1~{writer[:20]}": "b1",
                  "best": "b1", "latest": "b2"}  # fmt: skip
        assert {name: manager.get_artifact("x", version=name) for name in wanted} == wanted
        catalog = manager.collection_to_catalog()
        assert sorted(catalog["c/x"].versions) == [1, 2, 3]
        twin = catalog[f"c/x~{writer}"]
        assert sorted(twin.versions) == [1, 2]
        driver = twin.get_driver()
        assert driver.get("x.txt") == b"b1"
        assert manager.log_artifact("next", "x").metadata["version"] == "v3"
        manager.delete("x", "v3")
        shutil.rmtree(tmp_path / "a" / ".whence" / "claims", ignore_errors=True)
    assert all(store.verify().sound for store in stores)


KILLED = """
import os, sys
from whence.artifacts import ArtifactManager, FolderBackend, StoreBackend
from whence.store import Store

kind, place, source = sys.argv[1:]
backend = StoreBackend(Store.open(place)) if kind == "store" else FolderBackend(place)
manager = ArtifactManager("c", backend)
print("ready", flush=True)
while True:
    manager.log_files("mesh", source)
"""


@pytest.mark.parametrize("kind", ["store", "folder"])
def test_a_killed_log_leaves_no_part_to_be_seen(kind: str, tmp_path: Path) -> None:
    place, source = tmp_path / "shelf", tmp_path / "source"
    place.mkdir()
    source.mkdir()
    if kind == "store":
        Store.create(place)
    for number in range(20):
        (source / str(number)).write_bytes(bytes([number]) * 100_000)
    command = [sys.executable, "-c", KILLED, kind, str(place), str(source)]
    for pause in (0.0, 0.003, 0.011, 0.03, 0.07):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(pause)
        process.kill()
        process.wait()
        process.stdout.close()
    backend = StoreBackend(Store.open(place)) if kind == "store" else FolderBackend(place)
    manager = ArtifactManager("c", backend)
    for version in manager.versions("mesh"):
        with manager.download_artifact("mesh", version=version.name) as folder:
            assert len(list(folder.iterdir())) == 20
    before = len(manager.versions("mesh"))
    source_ = manager.log_files("mesh", source)  # the next one finishes the work
    assert source_.metadata["version"] == manager.versions("mesh")[-1].name
    assert len(manager.versions("mesh")) == before + 1


def test_a_changing_file_is_refused_by_a_folder(tmp_path: Path) -> None:
    from whence.artifacts.folder_backend import _copied

    file = tmp_path / "grows"
    file.write_bytes(b"a" * 10)

    def write(piece: bytes) -> None:
        with file.open("ab") as more:
            more.write(b"more")

    with pytest.raises(UserError, match="changed while"):
        _copied(file, write)


def test_sockets_and_links_to_folders_are_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("a")
    (tmp_path / "in" / "link").symlink_to("a")
    os.mkfifo(tmp_path / "in" / "pipe")
    (tmp_path / "in" / "up").symlink_to("..")
    manager = ArtifactManager("c", tmp_path / "shelf")
    with pytest.warns(UserWarning, match="not logged") as told:
        manager.log_files("x", tmp_path / "in")
    assert len(told) == 2
    with manager.download_artifact("x") as folder:
        assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "a", "link": "a"}


def test_every_call_of_the_seed(project: Path, store: Store) -> None:
    import pathlib

    from whence.compat import squirrel

    base = squirrel.artifact_manager.base
    assert base.logger.name
    manager = base.ArtifactManager(collection="default")
    assert manager.active_collection == "default"
    pathlib.Path("folder").mkdir()
    pathlib.Path("folder/a.txt").write_text("a")
    log_files = manager.log_files(
        artifact_name="files",
        local_path=pathlib.Path("folder"),
        collection=None,
        artifact_path=None,
    )
    assert isinstance(log_files, squirrel.catalog.CatalogSource)
    obj = manager.log_artifact(obj={"name": "John", "age": 30}, name="john", collection=None)
    assert isinstance(obj, squirrel.catalog.CatalogSource)
    assert manager.get_artifact(artifact="john", collection=None, version=None) == {
        "name": "John",
        "age": 30,
    }
    logger = manager.log_folder(artifact="logged", collection=None)
    assert isinstance(logger, base.DirectoryLogger)
    with logger as path:
        assert isinstance(path, pathlib.Path)
        assert path.is_absolute()
        (path / "b.txt").write_text("b")
    with base.DirectoryLogger(artifact_manager=manager, artifact="logged", collection=None) as path:
        (path / "b.txt").write_text("c")
    with base.TmpArtifact(
        artifact_manager=manager, collection="default", artifact="logged", version="v0"
    ) as path:
        assert (path / "b.txt").read_text() == "b"
    assert not path.exists()
    assert manager.exists(artifact="files")
    assert manager.exists_in_collection(artifact="files", collection=None)
    assert list(manager.list_collection_names()) == ["default"]
    to = manager.download_artifact(
        artifact="files", collection=None, version=None, to=pathlib.Path("to")
    )
    assert (to / "a.txt").read_text() == "a"
    temporary = manager.download_artifact(artifact="files")
    assert isinstance(temporary, base.TmpArtifact)
    pathlib.Path("here").mkdir()
    os.chdir("here")
    catalog = manager.download_collection(collection=None, to="./")
    assert sorted(path.name for path in pathlib.Path().iterdir()) == ["files", "john", "logged"]
    assert isinstance(catalog, Catalog)
    assert manager.collection_to_catalog(collection=None) == catalog
    assert manager.store_to_catalog() == catalog
    manager.active_collection = "other"
    assert not manager.exists_in_collection("files")


def test_what_a_notebook_shows_says_what_it_is(store, tmp_path):
    manager = ArtifactManager("models", StoreBackend(store))
    assert repr(manager) == f"<ArtifactManager of 'models' in StoreBackend({str(store.root)!r})>"
    assert repr(FolderBackend(tmp_path)) == f"FolderBackend({str(tmp_path)!r})"
    manager.log_artifact([1], "a")
    catalog = manager.store_to_catalog()
    assert repr(catalog["models/b"]) == "<no source 'models/b' in <Catalog of 1: models/a (1)>>"
    assert repr(catalog["models/a"].get_driver()).startswith("<DirectoryDriver of 'whence://")


def test_claims_that_were_not_copied_are_made_anew(tmp_path: Path) -> None:
    """Some ways to copy a store leave empty files out."""
    store = Store.create(tmp_path)
    manager = ArtifactManager("nets", StoreBackend(store))
    for number in range(3):
        manager.log_artifact({"n": number}, "net")
    manager.log_artifact({}, "other")
    manager.delete("net", "v2")
    shutil.rmtree(store.root / "claims")
    later = ArtifactManager("nets", StoreBackend(Store.open(store.root)))
    assert later.log_artifact({"n": 3}, "net").metadata["version"] == "v3"
    assert later.get_artifact("net") == {"n": 3}
    assert later.log_artifact({}, "other").metadata["version"] == "v1"
    assert manager.log_artifact({}, "new").metadata["version"] == "v0"
