"""What catalogs of many versions cost, beside listing folders three levels deep.

The floor looks with `os.scandir` at collections, artifacts and versions as a folder keeps them. The
store is compared with the folders of its claims, which are as many and have nothing else in them.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

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


def pairs() -> Iterator[Pair]:
    from whence import ArtifactManager, FolderBackend, StoreBackend
    from whence.base.digest import digest_bytes
    from whence.store import Store, claim_number, version_id

    with tempfile.TemporaryDirectory() as place:
        os.environ["WHENCE_CACHE"] = f"{place}/cache"
        for collections in (1, 10):
            store = Store.create(Path(place, f"store-{collections}"))
            shelf = Path(place, f"shelf-{collections}")

            def claim(collection: str, artifact: str, version: int) -> None:
                writer = store.writer()  # noqa: B023
                number = claim_number(store.files, store.root, collection, artifact)  # noqa: B023
                thing = version_id(collection, artifact, number, writer.id)
                writer.append("version", thing, {"digest": digest_bytes(thing.encode())})

            def lay(collection: str, artifact: str, version: int) -> None:
                folder = shelf / collection / artifact  # noqa: B023
                (folder / f"v{version}" / "files").mkdir(parents=True)
                (folder / f"v{version}.json").write_text('{"files":[]}')

            fill(claim, collections)
            fill(lay, collections)
            kept = ArtifactManager("c0", StoreBackend(store))
            laid = ArtifactManager("c0", FolderBackend(shelf))
            assert len(kept.store_to_catalog()) == len(laid.store_to_catalog()) == VERSIONS // EACH
            claims = store.root / "claims"
            what = f"{VERSIONS} versions in {collections} collection{'s' * (collections > 1)}"
            if collections == 1:
                whole = kept.collection_to_catalog
                yield Pair(f"collection_to_catalog, store, {what}", whole, lambda: scan(claims),
                           reach=3)  # fmt: skip
                whole = laid.collection_to_catalog
                yield Pair(f"collection_to_catalog, folder, {what}", whole, lambda: scan(shelf),
                           reach=3)  # fmt: skip
            listed = kept.backend.versions
            yield Pair(f"store_to_catalog, store, {what}", kept.store_to_catalog,
                       lambda: scan(claims), reach=3)  # fmt: skip
            yield Pair("store_to_catalog beside listing the versions", kept.store_to_catalog,
                       listed, reach=1.5)  # fmt: skip
            yield Pair("log_artifact of a small value", lambda: kept.log_artifact(1, "x", "new"))
            store.writer().close()
        del os.environ["WHENCE_CACHE"]
