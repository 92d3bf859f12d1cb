import pytest

from whence.records import RecordStoreView
from whence.store import Store
from whence.testing.history import history


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty store in the working directory."""
    monkeypatch.chdir(tmp_path)
    made = Store.create(tmp_path)
    yield made
    made.writer().close()


@pytest.fixture
def run(store):
    """Puts a completed run on record, by a number and what is told of it; gives its id."""

    def put(number, **facts):
        name = f"20260101T0000{number:02}abcdefg"
        told = {"name": f"run {number}", "status": "completed", "created": 1.7e9 + number, **facts}
        store.writer().append("set", name, {"f": told})
        return name

    return put


@pytest.fixture
def view(store, run):
    """Of six runs, the last of which has no parameters."""
    for number in range(6):
        params = {"model": {"mu": number % 3}, "n": 7} if number < 5 else {}
        took = {"started": 1.7e9, "ended": 1.7e9 + 60 * number}
        run(number, params=params, reason=["why"], main_file="a/b.py", **took)
    return RecordStoreView(store)


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """A store with a year of records, which tests may read and must not change."""
    store = Store.create(tmp_path_factory.mktemp("year"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHENCE_CACHE", str(tmp_path_factory.mktemp("cache")))
        history(store)
        store.index()
        yield store
    store.writer().close()
