"""Filter strings, and the dates and lengths of time in them."""

import datetime as dt
import getpass
import time

import pytest

from whence.base.error import UserError
from whence.records import RecordStoreView, conditions_of
from whence.records.period import length, moment, period
from whence.store import Store


@pytest.fixture
def view(tmp_path):
    store = Store.create(tmp_path)
    writer, now = store.writer(), time.time()
    for number, (name, folder) in enumerate([("melt", "/md"), ("melt 2", "/md/a"), ("ice", "/")]):
        facts = {
            "name": name, "folder": folder, "status": ["completed", "failed", "running"][number],
            "created": now - 86400 * number - 60, "params": {"T": 0.5 * number, "n a": "3"},
            "user": [getpass.getuser(), "bob", "bob"][number], "description": f"about {name}",
            "system": {"cpu": {"arch": "x86_64"}}, "cwd": "/work", "host": "vm",
        }  # fmt: skip
        writer.append("set", f"r{number}", {"f": facts})
        writer.append("meta", f"r{number}", {"m": {"x": 2 * number, "s": "on" if number else 1}})
        writer.append("tags", f"r{number}", {"add": ["melt"] if number < 2 else [], "remove": []})
    writer.append("event", "r1", {"level": "info", "message": "Energy drifts", "at": now})
    for run, name, status in (
        ("r0", "T too high", "critical"),
        ("r1", "T too high", "ok"),
        ("r2", "low", "critical"),
    ):
        facts = {"name": name, "attached": True, "status": status}
        writer.append("alert", run, {"alert": f"id of {name}", "facts": facts})
    artifact = {"name": "o", "category": "output", "digest": "ab" * 32, "size": 1, "path": "o.h5"}
    writer.append("artifact", "r2", artifact)
    yield RecordStoreView(store)
    writer.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name == melt", "0"),
        ("name != melt", "12"),
        ("name contains melt", "01"),
        ("name not contains melt", "2"),
        ("name ~ ^melt .$", "1"),
        ("description contains about", "012"),
        ("status == completed", "0"),
        ("status != completed", "12"),
        ("status == finished", "0"),
        ("user == self", "0"),
        ("user == bob", "12"),
        ("user != bob", "0"),
        ("folder.path == /md", "0"),
        ("folder.path contains md", "01"),
        ("/md", "01"),
        ("melt", "01"),
        ("not melt", "2"),
        ("has tag.melt", "01"),
        ("has not tag.melt", "2"),
        ("metadata.x exists", "012"),
        ("metadata.y not exists", "012"),
        ("metadata.x > 1", "12"),
        ("metadata.x<=2", "01"),
        ("metadata.x == 2.0", "1"),
        ("metadata.x != 2", "02"),
        ("metadata.s == on", "12"),
        ("metadata.s contains o", "12"),
        ("params.T ~= 0.5", "1"),
        ("T >= 0.5", "12"),
        ('params."n a" == 3', "012"),
        ('params."n a" == 3.0', "012"),
        ('params."n a" != 3.0', ""),
        ('params."n a" > 2', "012"),
        ('params."n a" >= 4', ""),
        ('params."n a" ~= 3.00001', "012"),
        ("metadata.s < 2", "0"),
        ("x > 3", "2"),
        ("system.cpu.arch == x86_64", "012"),
        ("created < 2d", "01"),
        ("created < 36h", "01"),
        ("created > 1.5d", "2"),
        ("created >= 2020", "012"),
        ("created < 2020-02", ""),
        ("artifact.id == " + "ab" * 32, "2"),
        ("artifact.id == abABab", "2"),
        ("artifact.digest == abababababab", "2"),
        ("artifact.id == abababababac", ""),
        ("output.path contains .h5", "2"),
        ("event.message contains energy drifts", "1"),
        ("text contains DRIFTS", "1"),
        ("alert.name == T too high", "01"),
        ("alert.name != T too high", "2"),
        ("alert.name contains high", "01"),
        ("alert.name contains low", "2"),
        ("alert.name exists", "012"),
        ("alert.status == critical", "02"),
        ("alert.status != critical", "1"),
        ("alert.status == ok", "1"),
        ("alert.\"T too high\" == 'critical'", "0"),
        ("alert.low == critical", "2"),
        ("alert.low exists", "2"),
        ("folder.path != /md", "12"),
        ("description not contains melt", "2"),
        ("metadata.x not exists", ""),
        ("system.cpu.arch != arm", "012"),
        ("system.cwd == /work", "012"),
        ("system.hostname != vm", ""),
        ("started exists", ""),
        ("not has tag.melt", "2"),
        ("not metadata.x > 1", "0"),
        ("not status == completed", "12"),
    ],
)
def test_what_filter_strings_find(view, text, found):
    assert "".join(run[1] for run in view.filter(text).labels()) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("status < 3", "'<' cannot be used for 'status'"),
        ("status contains fail", "'contains' cannot be used for 'status'"),
        ("status == finnished", "Did you mean 'finished'"),
        ("created == soon", "'soon' is not a date"),
        ("created == 3d", "'==' cannot be used for 'created'"),
        ("alert.low == burning", "no alert is ever 'burning'"),
        ("alert.low > 3", "'>' cannot be used for 'alert.low'"),
        ("alert.low contains cri", "'contains' cannot be used for 'alert.low'"),
        ("name > melt", "'>' cannot be used for 'name'"),
        ("staus == failed", "Did you mean 'status'"),
        ("", "a filter is a text"),
        ("x y z", "'x y z' is not a filter"),
        ("has tag melt", "Write 'has tag.melt'."),
        ("has not tag melt", "Write 'has not tag.melt'."),
        ("name like melt", "Write 'name contains melt'."),
        ("T is 3", "Write 'T == 3'."),
        ("T is not 3", "Write 'T != 3'."),
        ("status: failed", "Write 'status == failed'."),
        ("created today", "Write 'created == today'."),
        ("created before 2026", "Write 'created < 2026'."),
        ("T > 3, x < 2", "has more than one condition in it"),
        ("params.T = 3, has tag.melt", "Give each as a filter of its own"),
    ],
)
def test_what_is_no_filter(view, text, message):
    with pytest.raises(UserError) as caught:
        view.filter(text).aslist()
    assert message in str(caught.value)


def test_all_problems_of_several_filters_are_told(view):
    with pytest.raises(UserError) as caught:
        conditions_of(["x y z", "created == soon", "T > 0"])
    assert len(caught.value.problems) == 2


def stamp(*parts, tz=None):
    return dt.datetime(*parts, tzinfo=tz).timestamp()


ZONE = dt.timezone(dt.timedelta(hours=5))


@pytest.mark.parametrize(
    ("date", "start", "end"),
    [
        (2020, (2020, 1, 1), (2021, 1, 1)),
        (202009, (2020, 9, 1), (2020, 10, 1)),
        (202012, (2020, 12, 1), (2021, 1, 1)),
        (20200912, (2020, 9, 12), (2020, 9, 13)),
        ("2020-02", (2020, 2, 1), (2020, 3, 1)),
        ("2020-09-12 10", (2020, 9, 12, 10), (2020, 9, 12, 11)),
        ("2020-09-12T10:30", (2020, 9, 12, 10, 30), (2020, 9, 12, 10, 31)),
        ((2020, 9, 12, 10, 30, 5), (2020, 9, 12, 10, 30, 5), (2020, 9, 12, 10, 30, 6)),
        (dt.date(2020, 9, 12), (2020, 9, 12), (2020, 9, 13)),
        (dt.datetime(2020, 9, 12, 10), (2020, 9, 12), (2020, 9, 13)),
    ],
)
def test_periods(date, start, end):
    assert (period(date).start, period(date).end) == (stamp(*start), stamp(*end))


def test_zones_and_moments():
    noon = dt.datetime(2020, 9, 12, 12, tzinfo=ZONE)
    assert moment(noon) == noon.timestamp() == stamp(2020, 9, 12, 7, tz=dt.UTC)
    assert period(noon).start == stamp(2020, 9, 12, tz=ZONE)
    assert period("2020-09-12T12:00:00+05:00").start == noon.timestamp()
    assert moment(2020, 9, 12) == stamp(2020, 9, 12)
    assert period("today").start <= time.time() < period("today").end


@pytest.mark.parametrize(
    "date", [20231, 202013, 20200230, "x", None, 3.5, True, (), (2020, 9, 12, 25)]
)
def test_what_is_no_date(date):
    with pytest.raises(UserError, match="is not a date"):
        period(date)


def test_lengths():
    assert [length("5 ms"), length("1500ms"), length("1 s")] == [0.005, 1.5, 1.0]
    told = ["45s", "90min", "2 hours", "3d", "1w", "6mo", "1y", dt.timedelta(days=2)]
    assert [length(text) / 3600 for text in told] == [
        0.0125, 1.5, 2, 72, 168, 4320, 8760, 48
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("created == 2026-11-21", ["noon", "late"]),
        ("created >= 2026-11-21", ["noon", "late", "next"]),
        ("created < 2026-11-21", ["early"]),
        ("created > 2026-11-21", ["next"]),
        ("created >= 2026-11-21T00:00Z", ["late", "next"]),
        ("created >= 2026-11-22T00:00+13:00", ["next"]),
    ],
)
def test_dates_are_in_local_time_unless_they_name_a_zone(tmp_path, monkeypatch, text, found):
    monkeypatch.setenv("TZ", "NZST-12NZDT,M9.5.0,M4.1.0/3")  # Auckland, without its database
    time.tzset()
    store = Store.create(tmp_path)
    made = {"early": "20T10:59", "noon": "20T11:00", "late": "21T10:59", "next": "21T11:00"}
    for name, at in made.items():
        created = dt.datetime.fromisoformat(f"2026-11-{at}Z").timestamp()
        store.writer().append("set", name, {"f": {"status": "completed", "created": created}})
    try:
        assert RecordStoreView(store).filter(text).labels()[::-1] == found
    finally:
        store.writer().close()
        monkeypatch.undo()
        time.tzset()
