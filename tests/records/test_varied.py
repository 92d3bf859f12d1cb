"""What differs among records."""

from whence.base.escape import encode
from whence.records import RecordStoreView, varied
from whence.store import Store


def run(store, number, **facts):
    name = f"20260101T0000{number:02}abcdefg"
    told = {"status": "completed", "created": 1.7e9 + number, **facts}
    store.writer().append("set", name, {"f": told})
    return name


def test_runs_that_share_no_parameter_are_not_compared(tmp_path):
    store = Store.create(tmp_path)
    sets = [{"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}, "d": 1}, {"e": 1}, {}]
    runs = [run(store, n, params=encode(params)) for n, params in enumerate(sets)]
    told = varied(RecordStoreView(store).aslist())
    assert [told[one] for one in runs] == [
        {"a.b": 1, "a.c": 2},
        {"a.b": 1, "a.c": 3},
        {"a.c": 3, "d": 1},
        {"e": 1},
        {},
    ]
    store.writer().close()


def test_what_differs_is_told_in_the_order_of_the_records(tmp_path):
    store = Store.create(tmp_path)
    kinds = ["task", "run", "b", "a", "d", "c"]
    for number in range(12):
        run(store, number, kind=kinds[number // 2], params={kinds[number // 2]: number})
    told = varied(RecordStoreView(store).sort("created").aslist())
    assert [key for values in told.values() for key in values][::2] == kinds
    store.writer().close()
