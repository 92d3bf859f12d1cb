import pytest

from whence.store import Store
from whence.testing.history import history


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
