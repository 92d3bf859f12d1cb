"""Records summed up in a table: its order, rows of several records, names of what is asked for."""

import numpy as np
import pytest

from whence.base.digest import digest_value
from whence.base.error import UserError
from whence.records import RecordStoreView


def test_summary(view):
    frame = view.summary.dataframe()
    one_line = [name.replace("\n", "") for name in frame.columns]
    assert str(view.summary) == frame.set_axis(one_line, axis=1).to_string()
    assert list(frame.columns) == [
        "# records", "reason", "outcome", "tags", "main_file", "avg\n. duration"
    ]  # fmt: skip
    assert frame.index[0] == view[0].label
    assert frame["avg\n. duration"].iloc[0] == "0h 05m 00s"
    wide = view.summary(parameters=["model.mu", "model"], max_chars=3)
    assert list(wide["model\n.mu"]) == ["undefined"[:2] + "…", "1", "0", "2", "1", "0"]
    assert list(wide["main_file"]) == ["…py"] * 6
    hashed = view.summary.dataframe((), ["model"])["model"]
    assert hashed.iloc[1].startswith("#")
    assert len(hashed.iloc[1]) == 8
    assert hashed.iloc[1] == hashed.iloc[4]
    assert len(view.summary.head(2)) == len(view.summary.tail(2)) == 2
    assert list(view.summary.tail(1)) == [view[-1].label]
    with pytest.raises(UserError, match="no field 'reasn'"):
        view.summary.dataframe(["reasn"])


def test_a_summary_goes_downward_or_in_the_order_that_was_asked_for(view, run):
    run(90, created=1.6e9, label="20991231-000000_zz", ended=1.7e9, started=1.7e9 - 3.2)
    assert view[0].label != "20991231-000000_zz" == view.summary.dataframe().index[0]
    assert view.summary.merged.dataframe().index[0] == "20991231-000000"
    upward = view.sort("created")
    assert list(upward.summary.dataframe().index) == [record.label for record in upward]
    assert upward.summary.head(1).dataframe()["avg\n. duration"].to_list() == ["0h 00m 03s"]
    upward.filter.label("_zz").add_comment("late")
    merged = upward.filter.label("2026").join(upward).summary.merged.dataframe(["outcome"])
    assert "late" in merged["outcome"].to_list()  # with no comma for those that have none
    assert len(view.summary._repr_html_().split("<tr")) == len(view) + 2


def test_records_of_one_second_are_merged(view, run):
    for number, reason in enumerate(["one", "two, really"]):
        facts = {"label": f"20201118-212254_c{number}", "created": 1.6e9, "reason": [reason]}
        run(number + 7, **facts)
    merged = view.summary.merged
    assert len(merged) == 7
    assert [record.label[-2:] for record in merged["20201118-212254"]] == ["c1", "c0"]
    frame = merged.dataframe(("reason", "name"))
    assert list(frame.loc["20201118-212254"]) == [2, "two, really; one", "run 8, run 7"]
    assert len(merged.unmerged) == 8


def test_parameters_and_metadata_are_called_as_in_filters(view, store):
    store.writer().append("meta", view[0].id, {"m": {"x": {"y": 5}}})
    for name in ("model.mu", "params.model.mu", "parameters.model.mu"):
        assert len(view.splitby(name)) == 4
    assert [key.y for key in view.splitby("metadata.x.y")] == [5, None]
    assert view.splitby("x.y").keys() == view.splitby("metadata.x.y").keys()
    told = view.summary.dataframe((), ["params.model.mu", "x.y"])
    assert told.iloc[0].to_list() == [1, "undefined", "5"]
    with pytest.raises(UserError, match=r"Did you mean 'model\.mu'"):
        view.splitby("model.my")


def test_a_notebook_shows_texts_as_they_are(store, run):
    run(7, label="<b>\\nu</b>", reason=["\\nu & <i>", "second"], outcome="a\tb")
    html = RecordStoreView(store).limit(1).summary._repr_html_()
    assert "&lt;b&gt;\\nu&lt;/b&gt;" in html
    assert "\\nu &amp; &lt;i&gt;" in html
    assert "avg<br>. duration" in html
    assert "a&#9;b" in html
    assert "\\n." not in html


ODD = (
    {},
    {"reason": [], "outcome": [""], "error": {"type": "E", "message": "it failed"}},
    {"reason": ["one", "zwei: ü"], "outcome": "done", "command": ["./melt", "-n", "3"]},
    {"reason": [""], "outcome": None, "error": None, "main_file": None, "target": "a/b.py:go"},
    {"reason": "told " * 20, "outcome": ["line\nline", "é" * 60], "main_file": "deep/" * 20},
    {"reason": [1, "two", None], "started": 1.7e9, "ended": 1.7e9 + 2.5},
    {"started": 1.7e9, "ended": 1.7e9 - 5.0},
    {"started": 1.7e9, "ended": 1.7e9 + 3_599_999.5, "params": {"a": "long " * 20}},
    {"started": 1.7e9, "status": "running", "params": {"a": {"b": None}}},
    {"started": 1_700_000_000, "ended": 1_700_000_090, "params": {"a": ["x", "\u2028"]}},
)


def test_each_cell_tells_of_its_record_however_many_there_are(store, view):
    for number in range(600):
        name = f"20260102T{number:06}abcdefg"
        facts = {"created": 1.7e9 + number, **ODD[number % 7 if number < 550 else number % 10]}
        store.writer().append("set", name, {"f": facts})
        if number % 3:
            store.writer().append("tags", name, {"add": ["b, c", f"ü{number}"], "remove": []})
    for shown in (view, view.limit(700).list, view.sort("created"), view.sort("-duration").list):
        records = list(shown)
        if not shown.is_sorted:
            records.sort(key=lambda record: record.label, reverse=True)
        frame = shown.summary.dataframe(parameters=["a", "a.b"])
        assert list(frame.index) == [record.label for record in records]
        assert frame.to_numpy().tolist() == [cells(record) for record in records]
        assert {*frame.dtypes, frame.index.dtype} == {np.dtype(object)}


def cells(record):
    """The cells of a record, one after the other."""
    seconds = None if record.duration is None else round(record.duration)
    told = record.state.get("reason")
    lines = [line for line in told or () if isinstance(line, str)]
    reason = told if isinstance(told, str) else "\n".join(lines)
    a = record.get_param("a", "undefined")
    deeper = record.get_param("a.b", "undefined") if isinstance(a, dict) else "undefined"
    return [
        1,
        shortened(reason),
        shortened(record.outcome),
        ", ".join(record.tags),
        record.main_file if len(record.main_file) <= 50 else "…" + record.main_file[-49:],
        "undefined"
        if seconds is None
        else f"{seconds // 3600}h {seconds // 60 % 60:02}m {seconds % 60:02}s",
        "#" + digest_value(a)[:7] if isinstance(a, dict) else shortened(str(a)),
        "undefined" if deeper is None else shortened(str(deeper)),
    ]


def shortened(text):
    line = text.split("\n")[0]
    return line if len(line) <= 50 else line[:49] + "…"
