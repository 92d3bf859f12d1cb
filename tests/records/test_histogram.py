"""How the times and durations of records are spread, and the words of smttask for views."""

import numpy as np
import pandas as pd
import pytest

from whence.base.error import UserError
from whence.records import RecordStoreView
from whence.store import Store


@pytest.fixture
def view(store, run):
    """Of 20 runs that took longer and longer."""
    for number in range(20):
        newest = run(number, started=1.7e9, ended=1.7e9 + 60 * number)
    store.writer().append("tags", newest, {"add": ["surrogate"], "remove": []})
    return RecordStoreView(store)


def test_counts_and_histograms(view):
    table = view.counts_table()
    assert table.loc["all records", "No. records"] == 20
    times, lengths = view.summaries["timestamp"], view.summaries["duration"]
    assert times["count"].sum() == lengths["count"].sum() == 19
    assert times["left"].iloc[0] == pd.Timestamp(1.7e9, unit="s", tz="UTC")
    assert lengths.attrs["unit"] == "min"
    assert lengths["right"].iloc[-1] == 18
    assert (lengths["left"].to_numpy()[1:] == lengths["right"].to_numpy()[:-1]).all()
    for field in ("timestamp", "duration"):
        (axes,) = view.summary_hist(field).axes
        assert sum(patch.get_height() for patch in axes.patches) == 19
    assert "min" in axes.get_xlabel()
    with pytest.raises(UserError, match="no histogram of 'durations'"):
        view.summary_hist("durations")


def test_of_no_records_or_of_one(view):
    empty = view.filter.tags("none")
    assert empty.counts_table()["No. records"].tolist() == [0]
    assert all(len(frame) == 0 for frame in empty.summaries.values())
    assert not empty.summary_hist("timestamp").axes[0].patches
    one = view.limit(2).summaries["duration"]
    assert (one["count"].tolist(), np.isfinite(one["left"]).all()) == ([1], True)
    view.filter.tags("none").summary_hist("duration").savefig("/dev/null", format="png")
    view.limit(2).summary_hist("timestamp").savefig("/dev/null", format="png")


def test_surrogates_are_left_out_of_a_table_if_asked(view):
    assert len(view.dframe()) == 20
    assert len(view.dframe(exclude_surrogates=True)) == 19


def test_a_view_by_the_words_of_smttask(store, view, tmp_path):
    assert view.record_store is store
    records = view.limit(3).aslist()
    assert RecordStoreView(iterable=records).labels() == [one.label for one in records]
    assert len(RecordStoreView(project=tmp_path)) == 20
    assert len(RecordStoreView(iterable=view.limit(2), project=tmp_path)) == 2
    assert len(RecordStoreView(records)) == 3
    with pytest.raises(UserError, match="spellings of one thing"):
        RecordStoreView(store, project=tmp_path)
    Store.create(tmp_path / "two")
    with pytest.raises(UserError, match="store"):
        RecordStoreView(iterable=records, project=tmp_path / "two")


def test_there_are_no_links_to_rebuild(view):
    for rebuild in (view.rebuild_links, view.rebuild_input_datastore):
        with pytest.raises(UserError, match="none to rebuild"):
            rebuild(lambda record: None)
