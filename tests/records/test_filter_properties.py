"""Any chain of filters keeps what the same predicates keep in plain Python, in any order."""

import datetime as dt
import itertools
import math
import random
import re
import time

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from whence.base.escape import encode
from whence.records import RecordStoreView
from whence.store import Store

VALUES = [0, 1, 2, -3, 0.5, 1.0, 1.0000001, math.inf, math.nan, 2**70, True, False, None, "a", "ab",
          "1", "", "nan", [1, 2], [1.0, 2.0], (1, 2), [], [[1, 2], [3, 4]], np.array([1.0, 2.0]),
          np.float32(0.5), dt.date(2020, 5, 1), [2.0] * 2000, "[1,2]", "{abc}",
          "sha256:" + "a" * 64, '{"$float":"nan"}', "{}", str(2**70),
          2**63 + 5, np.uint64(2**63 + 5)]  # fmt: skip
DAYS = [dt.datetime(2020, month, day, hour) for month in (1, 9, 12)
        for day in (1, 12, 13, 31 if month != 9 else 30) for hour in (0, 23)]  # fmt: skip
STATUSES = ["created", "completed", "failed", "terminated", None]
KEYS = ["x", "model.mu", "inputs.model.mu", "model.inputs.mu", "y"]
RECORDS = 120


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    rng = random.Random(3)
    store = Store.create(tmp_path_factory.mktemp("store"))
    writer = store.writer()
    for number in range(RECORDS):
        run = f"20200101T000000{number:07d}"
        params = {"x": rng.choice(VALUES)} if number % 5 else {}
        model = {"mu": rng.choice(VALUES)}
        task = {"taskname": "M", "module": "m", "inputs": model}
        params |= [{"model": model}, {"model": task}, {"inputs": {"model": task}}, {}][number % 4]
        facts = {
            "kind": rng.choice(["run", "task", "sweep"]),
            "name": rng.choice(["melt", "melt 2", "freeze", None]),
            "folder": rng.choice(["/", "/a", "/a/b", "/ab"]),
            "status": rng.choice(STATUSES),
            "created": rng.choice(DAYS).timestamp(),
            "params": encode(params),
            "reason": rng.choice([["why"], ["why", "not"], [], "because"]),
            "outcome": rng.choice(["fine", "diverged", None]),
            "user": rng.choice(["ada", "grace"]),
            "dir": rng.choice(["runs/1", None]),
            "host": rng.choice(["node1", "laptop", None]),
            "description": rng.choice(["of melting", "melt", None]),
            "main_file": rng.choice(["a.py", "src/b.py", None]),
            "script_arguments": rng.choice(["-n 3", "Melt", None]),
            "task_name": rng.choice(["Melt", "Freeze", None]),
            "code": {"commit": rng.choice(["abc123", "abd456", None])},
        }
        writer.append("set", run, {"f": {k: v for k, v in facts.items() if v is not None}})
        tags = rng.sample(["figure1", "figure10", "finished", "draft"], rng.randrange(4))
        writer.append("tags", run, {"add": tags, "remove": []})
        writer.append("meta", run, {"m": {"x": rng.choice([1, "two", 3.0, None])}})
        if number % 3 == 0:
            writer.append("event", run, {"level": "info", "message": "Solver diverged.", "at": 1.0})
        if number % 4 == 0:
            writer.append("out", run, {"text": f"step {number % 3}\n", "stream": "stdout"})
        for output in range(number % 3):
            fact = {"name": f"o{output}", "category": "output", "digest": f"{output:064x}"}
            path = f"{rng.choice(['out/', './out/', '/out/'])}{output}.h5"
            writer.append("artifact", run, {**fact, "size": 1, "path": path})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHENCE_CACHE", str(tmp_path_factory.mktemp("cache")))
        store.index()
        yield RecordStoreView(store)
    writer.close()


def plain(value):
    value = value.tolist() if hasattr(value, "tolist") else value
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def compare(found, wanted, holds):
    """By element; text with text, numbers with numbers."""
    if isinstance(found, list):
        if isinstance(wanted, list):
            return len(found) == len(wanted) and all(map(compare, found, wanted, [holds] * 2000))
        return bool(found) and all(compare(item, wanted, holds) for item in found)
    if isinstance(wanted, list) or isinstance(found, str) != isinstance(wanted, str):
        return False
    try:
        return bool(holds(found, wanted))
    except TypeError:
        return False


def text_of(value):
    return str(value) if isinstance(value, dt.date) else value


def equal(found, wanted):
    if found is None or wanted is None:
        return found is wanted
    return found == wanted or (found != found and wanted != wanted)


def close(found, wanted):
    if math.isinf(wanted):
        return found == wanted
    return found == wanted or abs(found - wanted) <= 1e-8 + 1e-5 * abs(wanted)


HOLDS = {
    "eq": equal,
    "ge": lambda a, b: a >= b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
    "isclose": close,
}


def held(record, key):
    """All values that a key can mean: one for each way to leave `inputs` levels out."""
    found = []

    def look(level, parts):
        if not parts:
            found.append(level)
        elif isinstance(level, dict):
            if parts[0] in level:
                look(level[parts[0]], parts[1:])
            if "inputs" in level and parts[0] != "inputs":
                look(level["inputs"], parts)

    look(dict(record.parameters), key.split("."))
    return [one for one in found if not isinstance(one, dict)]


NUMBERS = st.sampled_from([value for value in VALUES if type(value) in (int, float)])
ORDERED = NUMBERS | st.sampled_from(
    ["a", "ab", "", "[", "{", "t", [1, 2], np.array([1.0, 2.0]), 0.25]
)


@st.composite
def params(draw):
    operator = draw(st.sampled_from(sorted(HOLDS)))
    wanted = draw({"eq": st.sampled_from(VALUES), "isclose": NUMBERS}.get(operator, ORDERED))
    key = draw(st.sampled_from(KEYS))
    note(f"{operator} {key} {wanted!r}")

    def keeps(record):
        return any(
            compare(text_of(plain(one)), text_of(plain(wanted)), HOLDS[operator])
            for one in held(record, key)
        )

    return (lambda f: f.params(**{operator: {key: wanted}})), keeps


def simple(name, arguments, predicate):
    """A filter of one argument, and what it must mean."""

    def pair(given):
        note(f"{name} {given!r}")
        return lambda f: getattr(f, name)(given), lambda record: predicate(record, given)

    return arguments.map(pair)


FIELDS = {
    "name": lambda r: r.state.get("name") or "",
    "reason": lambda r: "\n".join(r.reason),
    "user": lambda r: r.user or "",
    "folder": lambda r: r.folder,
}
LENGTHS = {"1y": 365 * 86400, "9000d": 9000 * 86400}
PATTERNS = st.sampled_from(["^m", "t$", "[ae].*2?", "\\bnot\\b", "(?i)BECAUSE", "^/a(/|$)", "^$"])


@st.composite
def regexes(draw):
    """Of a field, or of a parameter that is a text."""
    field, pattern = draw(st.sampled_from([*FIELDS, "params.x"])), draw(PATTERNS)
    note(f"regex {field} {pattern}")

    def keeps(record):
        if field in FIELDS:
            text = FIELDS[field](record)
            return bool(text) and re.search(pattern, text) is not None
        return any(
            isinstance(text_of(one), str) and re.search(pattern, text_of(one)) is not None
            for one in held(record, "x")
        )

    return (lambda f: f.regex(field, pattern)), keeps


@st.composite
def zoned(draw):
    """Moments with a zone."""
    name = draw(st.sampled_from(["before", "after"]))
    hours, minutes = draw(st.integers(-12, 14)), draw(st.sampled_from([0, 30]))
    zone = dt.timezone(dt.timedelta(hours=hours, minutes=minutes))
    moment = draw(st.sampled_from(DAYS)).replace(tzinfo=zone)
    note(f"{name} {moment}")
    if name == "before":
        return (lambda f: f.before(moment)), (lambda r: r.created < moment.timestamp())
    return (lambda f: f.after(moment)), (lambda r: r.created >= moment.timestamp())


WORDS = {
    "finished": "completed",
    "_crashed_": "failed",
    "killed": "terminated",
    "created": "created",
}
STATE = st.sampled_from(sorted(WORDS))
DATES = st.sampled_from([2020, 202009, 20200912, (2020, 9, 13), dt.date(2020, 12, 31), "2020-12"])


def tagged(record, word):
    return word in record.tags or record.status == WORDS.get(word)


def span(date):
    parts = {2020: (2020,), 202009: (2020, 9), 20200912: (2020, 9, 12), "2020-12": (2020, 12)}
    whole = parts.get(date) or (tuple(date.timetuple()[:3]) if hasattr(date, "year") else date)
    year, month, day = (*whole, 1, 1)[:3]
    start = dt.datetime(year, month, day)
    ends = {1: (2021, 1, 1), 2: (year + month // 12, month % 12 + 1, 1)}
    end = dt.datetime(*ends[len(whole)]) if len(whole) < 3 else start + dt.timedelta(1)
    return start.timestamp(), end.timestamp()


FILTERS = st.one_of(
    params(),
    params(),
    simple("tags", STATE | st.sampled_from(["figure1", "draft", "none"]), tagged),
    simple("tags_or", st.sets(STATE | st.just("figure1"), max_size=2),
           lambda record, words: any(tagged(record, word) for word in words)),
    simple("tags_not", STATE | st.just("figure10"),
           lambda record, word: not tagged(record, word)),
    simple("status", STATE, lambda record, word: record.status == WORDS[word]),
    simple("before", DATES, lambda record, date: record.created < span(date)[0]),
    simple("after", DATES, lambda record, date: record.created >= span(date)[0]),
    simple("on", DATES, lambda r, date: span(date)[0] <= r.created < span(date)[1]),
    simple("name", st.sampled_from(["melt", "2", "zzz"]),
           lambda r, text: text in (r.state.get("name") or "")),
    simple("label", st.sampled_from(["2020", "1", "119"]), lambda r, text: text in r.label),
    simple("reason", st.sampled_from(["why", "not", "because"]),
           lambda r, text: text in "\n".join(r.reason)),
    simple("reason_not", st.sampled_from(["why", "not"]),
           lambda r, text: text not in "\n".join(r.reason)),
    simple("outcome", st.just("div"), lambda r, text: text in r.outcome),
    simple("user", st.just("ada"), lambda r, text: r.user == text),
    simple("version", st.sampled_from(["ab", "abc", ""]),
           lambda r, text: bool(r.version) and r.version.startswith(text)),
    simple("folder", st.sampled_from(["/", "/a", "a/b"]),
           lambda r, path: path == "/" or (r.folder + "/").startswith(f"/{path.strip('/')}/")),
    simple("kind", st.sampled_from(["run", "task"]), lambda r, kind: r.kind == kind),
    simple("output", st.integers(0, 3), lambda r, least: len(r.outputpaths) >= least),
    simple("outputpath", st.sampled_from(["out/1", ".h5", "zzz", "runs/1/out", "./out", "/out"]),
           lambda r, text: any(text in path for path in r.outputpaths)),
    simple("text", st.sampled_from(["solver diverged", "solver", "sol"]),
           lambda r, text: text != "sol" and r.state["events"] > 0),
    simple("host", st.just("node"), lambda r, text: text in (r.state.get("host") or "")),
    simple("description", st.just("melt"), lambda r, text: text in r.state.get("description", "")),
    simple("script", st.sampled_from(["a.py", "b"]), lambda r, text: text in r.main_file),
    simple("script_arguments", st.just("-n"), lambda r, text: text in r.script_arguments),
    simple("task_name", st.sampled_from(["el", "T"]), lambda r, text: text in r.task_name),
    simple("task", st.sampled_from(["MELT", "el"]),
           lambda r, name: name.lower() in (r.task_name.lower(), r.script_arguments.lower())),
    simple("stdout_stderr", st.sampled_from(["step 1", "step"]),
           lambda r, text: text in r.stdout_stderr),
    simple("ids", st.sets(st.sampled_from([f"20200101T000000{n:07d}" for n in range(9)])),
           lambda r, ids: r.id in ids),
    simple("created_within", st.sampled_from(["1y", "9000d"]),
           lambda r, length: r.created > time.time() - LENGTHS[length]),
    regexes(),
    zoned(),
    simple("params_missing", st.sampled_from(["x", "model.mu", "model"]),
           lambda r, key: not held(r, key) and not (key == "model" and held(r, "model.mu"))),
    simple("generic_filter", st.integers(0, 9),
           lambda r, n: int(r.id[-2:]) % 10 == n).map(
        lambda pair: ((lambda f: f(pair[1])), pair[1])),
)  # fmt: skip


def both(pairs):
    return (lambda f: f.all_of(*(one(f) for one, _ in pairs)),
            lambda record: all(keeps(record) for _, keeps in pairs))  # fmt: skip


def either(pairs):
    return (lambda f: f.any_of(*(one(f) for one, _ in pairs)),
            lambda record: any(keeps(record) for _, keeps in pairs))  # fmt: skip


def none(pair):
    return (lambda f: ~pair[0](f)), (lambda record: not pair[1](record))


TREES = st.recursive(
    FILTERS,
    lambda inner: (
        st.lists(inner, max_size=3).map(either)
        | st.lists(inner, max_size=3).map(both)
        | inner.map(none)
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=120)
@given(st.lists(TREES, max_size=3))
def test_chains_are_the_predicates_in_plain_python(view, chain):
    everything = view.aslist()
    expected = [record.id for record in everything if all(keeps(record) for _, keeps in chain)]
    for order in itertools.islice(itertools.permutations(chain), 3):
        found = view
        for make, _ in order:
            found = found & make(view.filter)
        assert [record.id for record in found] == expected
        assert len(found) == len(expected)
        assert [run for run, _ in found.labelled()] == expected


@settings(deadline=None, max_examples=100)
@given(st.lists(FILTERS, max_size=2), st.integers(0, 130), st.booleans())
def test_a_limited_view_is_the_beginning_of_the_whole(view, chain, count, later):
    whole = view
    for make, _ in chain:
        whole = whole & make(view.filter)
    ids = [record.id for record in whole]
    part = whole.limit(count)
    assert [record.id for record in part] == ids[:count]
    assert len(part) == len(ids[:count])
    if later:  # a filter on it sees no more than it shows
        kept = part.filter.user("ada")
        shown = whole.aslist()[:count]
        assert [record.id for record in kept] == [one.id for one in shown if one.user == "ada"]


@settings(deadline=None, max_examples=100)
@given(FILTERS, FILTERS)
def test_views_are_sets(view, one, other):
    a, b = one[0](view.filter), other[0](view.filter)
    first, second = ({record.id for record in each} for each in (a, b))
    everything = {record.id for record in view}
    assert {record.id for record in a | b} == first | second
    assert {record.id for record in a & b} == first & second
    assert {record.id for record in a - b} == first - second
    assert {record.id for record in ~a} == everything - first
