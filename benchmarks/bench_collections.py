"""What catalogs of many versions cost, beside listing folders three levels deep.

The floor looks with `os.scandir` at collections, artifacts and versions as a folder keeps them. The
store is compared with the folders of its claims, which are as many and have nothing else in them.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pair import Pair

VERSIONS = int(os.environ.get("WHENCE_BENCH_VERSIONS", "10000"))
EACH = 10  # versions of an artifact


def scan(root: Path) -> list[tuple[str, str, str]]:
    return [
        (collection.name, artifact.name, version.name)
        for collection in os.scandir(root)
        for artifact in os.scandir(collection.path)
        for version in os.scandir(artifact.path)
    ]


def fill(log: Callable[[str, str, int], None], collections: int) -> None:
    for number in range(VERSIONS // EACH):
        for version in range(EACH):
            log(f"c{number % collections}", f"artifact-{number}", version)


def stored(place: Path, collections: int) -> tuple[Any, Path]:
    """A manager over a store with that many versions, and the folder of its claims."""
    from whence import ArtifactManager, StoreBackend
    from whence.base.digest import digest_bytes
    from whence.store import Store, claim_number, version_id

    store = Store.create(place)
    writer = store.writer()

    def claim(collection: str, artifact: str, version: int) -> None:
        number = claim_number(store.files, store.root, collection, artifact)
        thing = version_id(collection, artifact, number, writer.id)
        writer.append("version", thing, {"digest": digest_bytes(thing.encode())})

    fill(claim, collections)
    return ArtifactManager("c0", StoreBackend(store)), store.root / "claims"


def laid_out(place: Path, collections: int) -> tuple[Any, Path]:
    """A manager over a folder with that many versions, and the folder."""
    from whence import ArtifactManager, FolderBackend

    def lay(collection: str, artifact: str, version: int) -> None:
        folder = place / collection / artifact
        (folder / f"v{version}" / "files").mkdir(parents=True)
        (folder / f"v{version}.json").write_text('{"files":[]}')

    fill(lay, collections)
    return ArtifactManager("c0", FolderBackend(place)), place


def compared(place: Path, collections: int) -> Iterator[Pair]:
    what = f"{VERSIONS} versions in {collections}"
    for kind, make in (("store", stored), ("folder", laid_out)):
        manager, folders = make(place / kind, collections)
        assert len(manager.store_to_catalog()) == VERSIONS // EACH
        floor = partial(scan, folders)
        if collections == 1:
            whole = manager.collection_to_catalog
            yield Pair(f"collection_to_catalog, {kind}, {what}", whole, floor, reach=3)
        whole = manager.store_to_catalog
        yield Pair(f"store_to_catalog, {kind}, {what}", whole, floor, reach=3)
        listed = manager.backend.versions
        yield Pair(f"the same beside listing them, {kind}", whole, listed, reach=1.5)
        yield Pair(f"log_artifact, small, {kind}", partial(manager.log_artifact, 1, "x", "new"))
        if kind == "store":
            manager.backend.store.writer().close()


def pairs() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as place:
        before = os.environ.get("WHENCE_CACHE")
        os.environ["WHENCE_CACHE"] = f"{place}/cache"
        try:
            for collections in (1, 10):
                yield from compared(Path(place, str(collections)), collections)
        finally:
            del os.environ["WHENCE_CACHE"]
            if before is not None:
                os.environ["WHENCE_CACHE"] = before
