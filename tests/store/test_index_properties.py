from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from whence.store import Store
from whence.testing.record import operations

_TABLES = {
    "run": "id, kind, name, status, created, last, writer, lc, deleted",
    "tag JOIN run ON run.key = tag.run": "tag, id",
    "param JOIN run ON run.key = param.run JOIN name ON name.id = param.name": "run.id, name.name,"
    " num, text",
    "artifact JOIN run ON run.key = artifact.run": "id, category, artifact.name, digest, path",
    "state JOIN run ON run.key = state.run": "json",
}


def _answers(store: Store) -> list[Any]:
    db = store.index().connection
    return [
        sorted(db.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)
        for table, columns in _TABLES.items()
    ]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from("pqr"), st.integers(0, 2), operations(final=True), st.booleans()),
        max_size=15,
    )
)
def test_refreshing_step_by_step_is_building_anew(steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WHENCE_CACHE"] = folder + "/cache"
        Store.create(folder)
        skews = (0.0, 100.0, -100.0)
        stores = [Store.open(folder, clock=_skewed(skew)) for skew in skews]
        for run, which, (op, facts), look in steps:
            stores[which].writer().append(op, run, facts)
            if look:
                stores[0].index()
        grown = _answers(stores[0])
        for store in stores:
            store.writer().close()
            store.index().close()
        os.environ["WHENCE_CACHE"] = folder + "/other"
        anew = Store.open(folder)
        assert _answers(anew) == grown
        anew.index().close()
        assert Path(folder, "cache").is_dir()


def _skewed(seconds: float) -> Any:
    import time

    return lambda: time.time() + seconds
