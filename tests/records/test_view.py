"""A view as people use it: asked, sorted, split, joined, edited, summed up, shown."""

import datetime as dt
import decimal
import json
import pathlib
import platform

import numpy as np
import pandas as pd
import pytest

from whence.base.error import UserError
from whence.base.escape import encode
from whence.records import Record, RecordStoreView, UnknownRun, record_filter
from whence.records.filter import FILTERS
from whence.store import Store


def numbers(records):
    return [int(record.name[-1]) for record in records]


def test_newest_first_lazily_and_again(view, store, run):
    assert numbers(view) == [5, 4, 3, 2, 1, 0]
    assert numbers(view) == [5, 4, 3, 2, 1, 0]
    run(6)
    assert numbers(view) == [6, 5, 4, 3, 2, 1, 0]
    listed = view.list
    assert listed is view
    run(7)
    assert numbers(view) == [6, 5, 4, 3, 2, 1, 0]
    assert len(view) == 7
    assert len(RecordStoreView(store)) == 8


def test_deleted_records_are_not_counted(view, store):
    assert len(view) == len(view.aslist()) == 6
    store.writer().append("delete", view[0].id, {})
    store.writer().append("tombstone", view[1].id, {})
    assert len(view) == len(view.aslist()) == 4
    assert len(view.limit(3)) == 3
    assert len(list(view.limit(10**30))) == len(view.limit(10**30)) == 4


def test_ends_and_indexing(view):
    assert numbers([view.first, view.last, view.latest, view.earliest]) == [5, 0, 5, 0]
    turned = view.sort("created")
    assert numbers([turned.first, turned.last, turned.latest, turned.earliest]) == [0, 5, 5, 0]
    assert numbers([view[0], view[-1]]) == [5, 0]
    assert numbers(view[1:3]) == [4, 3]
    assert numbers(view.list[::2]) == [5, 3, 1]
    assert numbers(view[1:5].filter.params({"model.mu": 1})) == [4, 1]
    with pytest.raises(IndexError):
        view[6]
    assert view.most_recent() == view[0].label == view.labels()[0]
    assert view[0] in view
    assert view[0].id in view
    assert view[0] not in view[1:]


def test_getting_by_label(view, store):
    first = view.earliest
    assert view.get(first.id) == view[first.id] == view["run 0"] == view["T000000a"] == first
    assert view.get([first.id, "run 3"]) == [first, view["run 3"]]
    store.writer().append("set", first.id, {"f": {"label": "20201118-212254_c2c6ab"}})
    assert view["20201118-212254_c2c6ab"].id == first.id
    assert view.earliest.label == "20201118-212254_c2c6ab"
    assert view.labels()[-1] == "20201118-212254_c2c6ab"
    assert view.filter.label("c2c6").labels() == ["20201118-212254_c2c6ab"]
    with pytest.raises(UnknownRun, match="several runs fit '2026'"):
        view["2026"]
    with pytest.raises(KeyError, match="no run fits 'nothing'"):
        view["nothing"]
    with pytest.raises(UnknownRun, match="none of the records of this view"):
        view.filter.params(gt={"model.mu": 1})["run 0"]
    with pytest.raises(UnknownRun, match="no records"):
        _ = view.filter.user("nobody").latest


def test_sorting(view):
    assert numbers(view.sort("model.mu", "-name")) == [3, 0, 4, 1, 2, 5]
    assert numbers(view.sort("-params.model.mu")) == [2, 4, 1, 3, 0, 5]
    assert numbers(view.sort("-duration").limit(2)) == [5, 4]
    assert numbers(view.sort("duration", descending=True).limit(2)) == [5, 4]
    assert numbers(view.limit(3).sort("name")) == [3, 4, 5]
    assert numbers(view.limit(3).limit(5)) == [5, 4, 3]
    with pytest.raises(UserError, match="no record has a 'creatd'"):
        view.sort("creatd").aslist()
    with pytest.raises(UserError, match="limit is a whole number"):
        view.limit(-1)


def test_custom_filters_come_last_and_stream(view):
    seen = []

    def odd(record):
        seen.append(record.name)
        return numbers([record])[0] % 2

    kept = view.filter(odd).filter.params({"n": 7})
    assert next(iter(kept)).name == "run 3"
    assert seen == ["run 4", "run 3"]
    assert numbers(kept) == [3, 1]
    assert numbers(kept.limit(1)) == [3]
    assert len(kept) == 2
    assert numbers(view.filter.any_of(odd, view.filter.name("2"))) == [5, 3, 2, 1]
    seen.clear()
    listed = kept.list
    asked = len(seen)
    assert numbers(listed.filter.name("3")) == [3]
    assert len(seen) == asked


def test_errors_of_custom_filters(view):
    lacking = view.filter(lambda record: record.get_param("model.mu") > 0)
    assert numbers(lacking) == [4, 2, 1]
    assert numbers(view.filter(lambda record: record.nothing)) == []
    assert len(view.filter(lambda record: 1 / 0, errors={ZeroDivisionError: True})) == 6
    with pytest.raises(ZeroDivisionError) as caught:
        view.filter(lambda record: 1 / 0).aslist()
    assert "for the record 20260101T000005abcdefg" in caught.value.__notes__[0]
    with pytest.raises(KeyError):
        view.filter(lambda r: r.get_param("x"), errors={KeyError: "raise"}).aslist()


def test_a_function_that_raises_for_every_record_is_told_of_with_its_place(view, caplog):
    def mistyped(record):
        return record.parms["mu"] > 0

    assert numbers(view.filter(mistyped)) == []
    (told,) = [record.getMessage() for record in caplog.records]
    assert "mistyped" in told
    assert "(6)" in told
    assert f"{__file__}:{mistyped.__code__.co_firstlineno}" in told
    assert "AttributeError: 'Record' object has no attribute 'parms'" in told
    caplog.clear()
    assert numbers(view.filter(lambda record: record.get_param("model.mu") > 0)) == [4, 2, 1]
    assert numbers(view.filter(mistyped, errors={AttributeError: False})) == []
    assert numbers(view.filter.name("none such").filter(mistyped)) == []
    assert not caplog.records


def test_thousands_of_conditions_in_one_question(view):
    found = view
    for number in range(1200):
        found = found.filter.tags_not(f"t{number}").filter.reason_not(f"r{number}")
    assert len(found) == 6
    many = [view.filter.name(f"run {number}") for number in range(5, 1500)]
    assert numbers(view.filter.any_of(*many)) == [5]
    assert numbers(view.filter.tags_or([f"t{number}" for number in range(1500)])) == []
    assert len(view.filter.ids(view.labels() * 1000)) == 6


def test_own_filters(view):
    @record_filter
    def takes_at_least(minutes):
        """Keep what took so long."""
        return lambda record: record.duration >= 60 * minutes

    try:
        assert numbers(view.filter.takes_at_least(4)) == [5, 4]
        assert "takes_at_least" in view.filter.registered_filters
        assert view.filter.takes_at_least.__doc__ == "Keep what took so long."
        assert len(view.filter.takes_at_least("ab", errors={TypeError: True})) == 6
        with pytest.raises(TypeError):
            view.filter.takes_at_least("ab").aslist()
    finally:
        FILTERS._entries.pop("takes_at_least")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f.parms({"x": 1}), "Did you mean 'params'"),
        (lambda f: f.params(gte={"x": 1}), "unexpected keyword argument 'gte'"),
        (lambda f: f.params(gt={"x": None}), "gt cannot be used for 'x'"),
        (lambda f: f.params(isclose={"x": "a"}), "nothing is close to 'a'"),
        (lambda f: f.params(gt=3), "gt is a mapping"),
        (lambda f: f.params({"x": object()}), "cannot be recorded"),
        (lambda f: f.before(20231), "20231 is not a date"),
        (lambda f: f.on("2020-13"), "'2020-13' is not a date"),
        (lambda f: f.created_within("3 moons"), "not a length of time"),
        (lambda f: f.status("finnished"), "Did you mean 'finished'"),
        (lambda f: f.tags(3), "a tag is a text"),
        (lambda f: f.name(3), "looked for by a text"),
        (lambda f: f.name("\ud800"), "not text in UTF-8"),
        (lambda f: f.params({"\ud800": 1}), "not text in UTF-8"),
        (lambda f: f.params({"x": "\ud800"}), "not text in UTF-8"),
        (lambda f: f.text("a\ud800"), "not text in UTF-8"),
        (lambda f: f.tags("\ud800"), "not text in UTF-8"),
        (lambda f: f.outputpath(3), "a text is looked for"),
        (lambda f: f.regex("name", "("), "not a regular expression"),
        (lambda f: f.text("...").list, "no word"),
        (lambda f: f(3), "3 is not a filter"),
        (lambda f: f("metadata.x >"), "compares with nothing"),
    ],
)
def test_bad_filters_are_refused_in_words(view, call, message):
    with pytest.raises(UserError) as caught:
        call(view.filter)
    assert message in str(caught.value)


def test_edits_are_seen_by_the_view_that_made_them(view, store):
    chosen = view.filter.params({"model.mu": 1})
    chosen.add_tag("figure1")
    assert numbers(view.filter.tag("figure1")) == [4, 1]
    listed = chosen.list
    listed.add_tags({"a", "b"})
    assert listed[0].tags == ("a", "b", "figure1")
    listed.remove_tags("a").remove_tag(["b"])
    assert listed[0].tags == ("figure1",)
    listed.add_comment("fine").add_comment("fine").add_comment("really")
    assert listed[0].outcome == "fine\nreally"
    assert numbers(view.filter.outcome("really")) == [4, 1]
    listed.add_comment("else", replace=True)
    assert listed[0].outcome == "else"
    before = len(list(store.lines(listed[0].id)))
    listed.add_tag("figure1")
    assert len(list(store.lines(listed[0].id))) == before
    for bad in ("", "_finished_", 3):
        with pytest.raises(UserError, match="tag"):
            view.add_tag([bad])


def test_splitting(view):
    parts = view.splitby(["model.mu", "n", "kind"])
    assert {key.mu: numbers(part) for key, part in parts.items()} == {
        None: [5], 2: [2], 1: [4, 1], 0: [3, 0]
    }  # fmt: skip
    assert next(iter(parts))._fields == ("mu",)
    kept = view.splitby("kind", names=["what"], drop_unused_split_fields=False)
    assert [key.what for key in kept] == ["run"]
    with pytest.raises(UserError, match="2 names for 1 fields"):
        view.splitby("kind", names=["a", "b"])


def test_views_of_another_store_do_not_join(view, tmp_path):
    other = RecordStoreView(Store.create(tmp_path / "other"))
    for ask in (
        lambda: view.join(other),
        lambda: view & other,
        lambda: view - other.limit(1),
        lambda: view.filter.none_of(other.filter("n > 3")),
    ):
        with pytest.raises(UserError, match="only views of one store"):
            ask().aslist()


def test_what_a_view_is_made_of(view, store, monkeypatch, tmp_path):
    assert RecordStoreView(str(store.project)).labels() == view.labels()
    assert numbers(RecordStoreView([view[2], view[0]])) == [5, 3]
    assert numbers(RecordStoreView(view.limit(2))) == [5, 4]
    monkeypatch.chdir(store.project)
    assert RecordStoreView().project == store.project
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(UserError, match="there is no store"):
        RecordStoreView()
    for wrong in ([Record({"id": "x"})], [], 5):
        with pytest.raises(UserError, match="made of a store"):
            RecordStoreView(wrong)
    other = Store.create(tmp_path / "other")
    with pytest.raises(UserError, match="only views of one store"):
        RecordStoreView([view[0], Record({"id": "x"}, store=other)])


def test_wide_frame(view):
    frame = view.dframe()
    assert frame["duration"].iloc[0] == pd.Timedelta(minutes=5)
    assert frame["timestamp"].iloc[0] == dt.datetime.fromtimestamp(1.7e9 + 5, dt.UTC)
    assert list(view.dframe(["model.mu", "name"]).columns) == ["name", "params.model.mu"]
    assert list(view.dframe(["model"]).columns) == ["params.model.mu"]
    assert list(view.dframe(name for name in ("n", "name")).columns) == ["name", "params.n"]
    some = view.filter.params({"n": 7}).dframe(["params"], ["n"], {"params.model.mu": float})
    assert some["params.model.mu"].dtype == float


def test_export_is_json_of_whole_records(view):
    told = json.loads(view.export())
    assert [one["id"] for one in told] == view.labels()
    assert json.loads(view.export_records([view[1]], indent=4)) == told[1:2]


def test_notebooks(view, run):
    run(8, name="<b>", status="failed")
    html = view._repr_html_()
    assert "&lt;b&gt;" in html
    assert "#b91c1c" in html
    assert "7 records" in html
    assert "model.mu" in html
    card = view["run 1"]._repr_html_()
    assert ">model.mu</th>" in card
    assert "2023-11-1" in card
    assert view.summary._repr_html_().startswith("<table")
    assert repr(view).startswith("<RecordStoreView of 7 records in ")


def test_every_value_is_found_by_itself(store, run):
    values = [
        {1, 2}, (1, "a"), 10**400, -(2**70), np.float32(0.1), np.arange(3), np.int8(3), 1 + 2j,
        np.complex64(1 + 2j), np.datetime64("2020-01-01T01", "ns"), np.timedelta64(3, "s"),
        np.array(["2020-01-01"], "M8[D]"), np.str_("x"), dt.date(2020, 1, 1), pathlib.Path("a/b"),
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.timedelta(1), b"\xff", decimal.Decimal("1.10"),
        float("nan"), float("inf"), None, True, "ü€", "a\x00b", np.zeros(3000), range(3),
        range(10**9), 2**63 + 5, np.uint64(2**63 + 6), "{abc}", "{}", {}, "[1,2]", [1, 2],
        "sha256:" + "a" * 64, '{"$float":"nan"}', list(range(3000)), str(2**70), "\U0010ffff1[1]",
    ]  # fmt: skip
    params = {f"v{number}": value for number, value in enumerate(values)}
    run(1, params=encode(params))
    run(2, params=encode(dict.fromkeys(params, "another")))
    view = RecordStoreView(store)
    for name, value in params.items():
        assert len(view.filter.params({name: value})) == 1, value
        assert len(view.filter.match(view[-1], name)) == 1, value
    assert len(view.filter.params({"v28": 2**63 + 5, "v29": 2**63 + 6})) == 1


def test_texts_that_look_like_something_else_are_texts(store, run):
    """Each pair of values is told apart, whichever of them is asked for, and texts are ordered."""
    nan, high = float("nan"), "\U0010ffff1[1]"
    texts = ["[1,2]", "{}", "{abc}", '{"$float":"nan"}', "sha256:" + "a" * 64, str(2**70), high]
    others = [[1, 2], {}, nan, 2**70, [1], list(range(3000)), np.arange(3000)]
    for number, value in enumerate([*texts, *others]):
        run(number, params=encode({"s": value}), name=str(number))
    view = RecordStoreView(store)

    def names(**asked):
        return {int(record.name) for record in view.filter.params(**asked)}

    for number, value in enumerate([*texts, *others]):
        same = {12, 13} if number in (12, 13) else {number}
        assert names(eq={"s": value}) == same, value
    for wanted in ["", "a", "[", "{", "|", high]:
        for operator, holds in [("gt", str.__gt__), ("le", str.__le__)]:
            kept = {number for number, text in enumerate(texts) if holds(text, wanted)}
            assert names(**{operator: {"s": wanted}}) == kept, (operator, wanted)
    assert names(gt={"s": 0}) == {7, 10, 11}
    assert {int(one.name) for one in view.filter("params.s contains 2999")} == {12}
    assert {int(one.name) for one in view.filter("params.s ~ ,2999.$")} == {12}
    assert {int(one.name) for one in view.filter("params.s contains sha256")} == {4}
    assert {int(one.name) for one in view.filter("params.s contains 0")} == {5, 12}


def test_integers_beyond_floats_can_be_compared_with(store, run):
    values = [1, "1", 10**400, -(10**400), float("inf"), float("-inf")]
    for number, value in enumerate(values):
        run(number, params=encode({"x": value}), name=str(number))
    view = RecordStoreView(store)

    def names(**asked):
        return "".join(sorted(record.name for record in view.filter.params(**asked)))

    assert names(gt={"x": 10**400}) == "4"
    assert names(ge={"x": -(10**400)}) == "0234"
    assert names(lt={"x": 10**400}) == "035"
    assert names(isclose={"x": 10**400}) == "2"
    assert names(isclose={"x": [10**400]}) == ""


def test_filters_are_called_as_they_are_registered():
    other = {"tag": "tags", "all_of": "all_of_them"}
    assert {name: make.__name__ for name, make in FILTERS.items()} == {
        name: other.get(name, name) for name in FILTERS
    }


def test_what_filters_cannot_be_asked(view):
    for wrong in (
        lambda: view.filter.output("a"),
        lambda: view.filter.output(3, 1),
        lambda: view.splitby("nowhere"),
        lambda: view.splitby("as_dict"),
        lambda: view.summary.dataframe(fields=["as_dict"]),
        lambda: view.summary.dataframe(fields=[1]),
        lambda: view.add_tag(3),
    ):
        with pytest.raises(UserError):
            wrong()
    assert len(view.filter.output(10**30)) == 0
    assert len(view.filter.output(0, 10**30)) == 6


def test_lost_runs_are_found_as_lost(view, store, run):
    dead = {"host": "elsewhere", "boot": "x", "pid": 1, "start": 1.0}
    store.writer().append("set", "20200101T000000aaaaaaa", {"f": {"status": "running"}})
    lost = run(9, status="running", process=dead)
    old = Store.open(store.root, clock=lambda: 1.6e9)
    old.writer().append(
        "set", "20200101T000000bbbbbbb", {"f": {"status": "running", "process": dead}}
    )
    old.writer().close()
    assert view.filter.status("lost").labels() == ["20200101T000000bbbbbbb"]
    assert set(view.filter.tags("running").labels()) == {lost, "20200101T000000aaaaaaa"}
    assert len(view.filter.tags_not("lost", "running")) == 6


def test_what_is_said_of_a_lost_run_later_does_not_lengthen_it(view, store):
    gone = {"host": platform.node(), "boot": "before", "pid": 1, "start": 1.0}
    at = [1.6e9]
    theirs = Store.open(store.root, clock=lambda: at[0])
    facts = {"status": "running", "process": gone, "started": 1.6e9}
    theirs.writer().append("set", "20200913T122640ccccccc", {"f": facts})
    at[0] += 30
    theirs.writer().beat()  # no line about the run, and yet a sign of life of its process
    theirs.writer().close()
    (lost,) = found = view.filter.status("lost")
    assert (lost.status, lost.duration) == ("lost", 30.0)
    found.add_tag("seen").add_comment("a pity")
    (again,) = RecordStoreView(store).filter.status("lost")
    assert (again.tags, again.outcome, again.duration) == (("seen",), "a pity", 30.0)
    assert again.state["last"] > 1.7e9


def test_digits_and_numbers_too_long_for_sqlite_are_told_apart(view, run):
    long = 10**30
    for number, value in ((6, long), (7, str(long)), (8, -long)):
        run(number, params=encode({"seed": value}))
    assert numbers(view.filter.params({"seed": long})) == [6]
    assert numbers(view.filter.params({"seed": str(long)})) == [7]
    assert numbers(view.filter.params({"seed": -long})) == [8]


def test_nothing_lies_beyond_a_bound_that_is_no_number(view):
    above = view.filter.params(ge={"n": 0})
    assert len(above) == 5
    assert not above.filter.params(ge={"n": float("nan")})


NO_TEXT = "\udcff"


@pytest.mark.parametrize(
    "ask",
    [
        lambda view: view.get(NO_TEXT),
        lambda view: view.get(""),
        lambda view: view.get(" "),
        lambda view: view.get("run\0"),
        lambda view: view.get(3),
        lambda view: view.filter.ids(NO_TEXT),
        lambda view: view.filter.tag(NO_TEXT),
        lambda view: view.filter(f"system.{NO_TEXT} == 1"),
        lambda view: view.filter(f"{NO_TEXT} == 1"),
        lambda view: view.sort(NO_TEXT),
    ],
)
def test_what_cannot_name_a_run_or_a_field_is_refused_in_words(view, ask):
    with pytest.raises(UserError):
        ask(view)


def test_a_text_with_a_nul_is_looked_for_by_its_words(view):
    view.store.writer().append("out", view[0].id, {"text": "a b", "stream": "stdout"})
    view.store.writer().sync()
    assert len(view.filter.text("a\0b")) == 1


def test_a_pattern_is_taken_as_it_is(store, run):
    for number, name in enumerate(["'q'", " led", "a\nb", "= x"]):
        run(number, name=name, params={"x": name})
    view = RecordStoreView(store)
    for number, pattern in enumerate(["'q'", r"\A ", "\n", "= x"]):
        for field in ("name", "params.x", "x"):
            assert len(view.filter.regex(field, pattern)) == 1, (field, pattern)
            (found,) = view.filter.regex(field, pattern)
            assert found.id.endswith(f"{number}abcdefg")
    assert len(view.filter.regex("name", "")) == 4
    for field in ("na me", "", 3, "status", "created"):
        with pytest.raises(UserError):
            view.filter.regex(field, "x")


@pytest.fixture
def asked(view):
    """A view that a function narrows down, and of which records it was asked."""
    records = []

    def odd(record):
        records.append(record.id)
        return int(record.id[14]) % 2 == 1

    return view.filter(odd), records


@pytest.mark.parametrize("take", [list, tuple, sorted, RecordStoreView.aslist, "_repr_html_"])
def test_a_function_is_asked_once_of_each_record(asked, take):
    view, records = asked
    take = RecordStoreView._repr_html_ if take == "_repr_html_" else take
    if take is sorted:
        sorted(view, key=id)
    else:
        take(view)
    assert len(records) == len(set(records)) == 6


def test_a_function_is_asked_no_more_than_it_takes(asked):
    view, records = asked
    assert view[0].name == "run 5"
    assert len(records) <= 2
    assert [one.name for one in view[1:2]] == ["run 3"]
    assert len(records) <= 6
    assert (view[2].name, view[-1].name) == ("run 1", "run 1")
    for wrong in (3, -4):
        with pytest.raises(IndexError):
            view[wrong]


def test_what_a_function_answers_is_not_kept_for_later(view):
    wanted = ["run 1"]
    some = view.filter(lambda record: record.name in wanted)
    assert [len(some), len(list(some)), len(some)] == [1, 1, 1]
    begun = iter(some)
    assert next(begun).name == "run 1"
    wanted.append("run 2")
    assert len(some) == 2
    assert [one.name for one in some] == ["run 2", "run 1"]
    unbegun, other = iter(some), iter(some)
    assert len(some) == 2
    wanted.append("run 3")
    assert [len(list(unbegun)), len(list(other))] == [3, 2]
    assert len(some) == 3


@pytest.mark.parametrize("descending", [False, True])
def test_the_last_is_the_last_where_some_lack_what_they_are_sorted_by(view, descending):
    for order in ("params.n", "params.model.mu", "ended", "created"):
        whole = view.sort(order, descending=descending)
        for part in (whole, whole.limit(4), whole.limit(6), whole.sort("name").limit(3)):
            ids = [record.id for record in part]
            assert part.last.id == ids[-1] == part[-1].id
    assert (view.earliest.name, view.latest.name) == ("run 0", "run 5")


@pytest.mark.parametrize("key", [1.5, None, slice(0.5, 2), slice(None, None, 0)])
def test_what_is_no_place_in_a_view_is_refused(view, key):
    for one in (view, view.list):
        with pytest.raises(UserError, match=r"of a view is not 0|label, a place or a slice"):
            one[key]
    assert numbers([view[np.int64(1)]]) == [4]


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, "/".join(["y" * 200] * 30)])
def test_a_path_that_cannot_be_has_no_store(path):
    with pytest.raises(UserError, match="no store can be in") as error:
        RecordStoreView(path)
    assert len(str(error.value)) < 250
