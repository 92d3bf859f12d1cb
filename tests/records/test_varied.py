"""What differs among records."""

from whence.base.escape import encode
from whence.records import RecordStoreView, varied


def test_runs_that_share_no_parameter_are_not_compared(store, run):
    sets = [{"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}, "d": 1}, {"e": 1}, {}]
    runs = [run(n, params=encode(params)) for n, params in enumerate(sets)]
    told = varied(RecordStoreView(store).aslist())
    assert [told[one] for one in runs] == [
        {"a.b": 1, "a.c": 2},
        {"a.b": 1, "a.c": 3},
        {"a.c": 3, "d": 1},
        {"e": 1},
        {},
    ]


def test_what_differs_is_told_in_the_order_of_the_records(store, run):
    kinds = ["task", "run", "b", "a", "d", "c"]
    for number in range(12):
        run(number, kind=kinds[number // 2], params={kinds[number // 2]: number})
    told = varied(RecordStoreView(store).sort("created").aslist())
    assert [key for values in told.values() for key in values][::2] == kinds
