"""The store, read by a program of another language that knows nothing but docs/store-format.md."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from whence import ArtifactManager, Client, Run
from whence.artifacts.find import resolve
from whence.artifacts.store_backend import StoreBackend
from whence.base.digest import digest_bytes
from whence.base.escape import readable
from whence.records.metric import Metrics
from whence.store import Store, collect, merge
from whence.testing.fault import FaultyFiles
from whence.testing.point import points

READER = Path(__file__).parents[2] / "examples" / "other_language" / "read.mjs"

VALUES: dict[str, Any] = {
    "nan": math.nan,
    "inf": -math.inf,
    "zero": -0.0,
    "one": 1.0,
    "tiny": 5e-324,
    "e16": 1e16,
    "int53": 2**53 + 1,
    "int63": 2**63 - 1,
    "least": -(2**63),
    "huge": 10**60,
    "true": True,
    "none": None,
    "tuple": (1, (2,), [3]),
    "bytes": b"\x00\xff",
    "range": range(1, 10, 3),
    "set": {3, 1},
    "frozen": frozenset("ab"),
    "pairs": {(1, 2), (0,)},
    "slice": slice((1,), 3),
    "map": {1: "a", (1, 2): {"b": b""}, None: "c", "$x": 5, "": 0, "\n": 1},
    "plain": {"type": 1, "value": {"10": 1, "2": {}}, "$": {"$float": "nan", "x": 1}},
    "alike": {"type": "tuple", "value": [1]},
    "key.with.dots": 1,
    "key/slash": {"a.b": [[{"c d": (1,)}]]},
    "__proto__": {"x": []},
    "date": dt.date(2020, 1, 2),
    "time": dt.time(10, 0, 0, 5),
    "span": dt.timedelta(-1, 5, 7),
    "moment": dt.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
    "winter": dt.datetime(2020, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
    "path": pathlib.Path("/a/b"),
    "odd path": pathlib.Path("/a/\udcff"),
    "nul": "a\0b\u2028",
    "alone": "a\udcff\ud83dé😀",
    "µ→😀": "µ→😀",
    "decimal": decimal.Decimal("1.50"),
    "complex": 1 + 2j,
    "no complex": complex(math.nan, 1),
    "text": np.str_("x"),
    **{f"scalar {one}": np.dtype(one).type(3) for one in ("f2", "f4", "i1", "u8", "c8", "?")},
    "when": np.datetime64("2020-01-02T03:04"),
    "never": np.datetime64("NaT"),
    **{f"array {one}": np.array([1, 0], one) for one in ("f8", ">i4", "u2", "i8", "?", "c16")},
    "row": np.arange(6.0).reshape(2, 3).T,
    "empty": np.zeros((0, 3)),
    "alone 0": np.array(5),
    "words": np.array(["ab", "c😀"]),
    "raw": np.array([b"a", b"bc"]),
    "no": np.array([math.nan]),
}


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("`apt-get install nodejs` (20.15 or later)")
    probe = [found, "-p", "typeof require('zlib').crc32"]
    if subprocess.run(probe, capture_output=True, text=True).stdout.strip() != "function":
        pytest.skip("node 20.15 or later: https://nodejs.org")
    return found


class Calendar:
    """A store whose clock, and that of its file system, can be set ahead by days."""

    def __init__(self, folder: Path) -> None:
        self.ahead = 0.0
        self.files = FaultyFiles()
        self.files.clock = self.now
        self.root = Store.create(folder).root

    def now(self) -> float:
        return time.time() + self.ahead

    def open(self) -> Store:
        return Store.open(self.root, files=lambda shared: self.files, clock=self.now)

    def wait(self, days: float) -> None:
        self.ahead += days * 86400


def test_values(project: Path, node: str) -> None:
    store = Store.create(project)
    (project / "small.txt").write_text("small")
    (project / "large.bin").write_bytes(b"l" * 200_000)
    (project / "folder" / "hollow").mkdir(parents=True)
    (project / "folder" / "µ").write_text("in a folder")
    with Run(store) as run:
        run.init("välues", folder="/a b/µ", tags=["x", "$t"], parameters={"a": {"b.c": (1,)}})
        for name, value in VALUES.items():
            run.update_metadata({name: value})
        run.save_object({"a": (1, 2)}, category="output", name="object")
        run.save_file("small.txt", "input", metadata={"x": b"1"})
        run.save_file("large.bin", "output")
        run.save_file("large.bin", "output", name="far", reference=True)
        run.save_directory("folder", "output")
        for text in ("first", "odd \udcff", "two\nlines"):
            run.log_event(text, level="warning")
        run.log_output("out", "printed \udcff\n", process="solver")
        run.create_user_alert(name="look")
        run.log_alert(name="look", state="critical")
    (told,) = agree(store, node)["runs"]
    assert told["metadata"]["nan"] == {"type": "float", "value": "NaN"}
    assert {one["name"] for one in told["artifacts"] if not one["where"]} == {"far"}


def test_metrics(project: Path, node: str) -> None:
    store = Store.create(project)
    with Run(store) as run:
        run.init("metrics")
        for value in (math.nan, math.inf, True, 3, 2**63, 10**40, np.float32(1.5), 1e300):
            run.log_metrics({"v": value, "a/b.c": 1.5})
        run.log_metrics({"v": 1, "µ x": 2}, step=-3, time=0.5)
        run.log_metrics({"v": 1}, timestamp="1999-01-01T00:00:00")
        run.log_metrics({"v": 0}, step=2**62)
        run.set_metric_units("v", "J")
        run.log_metrics({"field": np.arange(6.0).reshape(2, 3)})
        run.assign_metric_to_grid("field", [[0.5, math.nan], [1, 2, 3]], ["x", "y"])
    (told,) = agree(store, node)["runs"]
    assert told["metrics"]["field"]["arrays"][0][3]["where"]
    assert told["metrics"]["v"]["points"][-2][2] == 915148800.0  # by number, not by time


CHILD = """
import os, sys, time
from whence import Run
run = Run(sys.argv[1])
run.init("killed", tags=["short"])
run.log_metrics({"x": 1.0}, step=0)
if not os.fork():
    run.log_event("from the child")
    run.update_metadata({"child": os.getpid()})
    run.log_metrics({"x": 2.0}, step=1)
    os._exit(0)
os.wait()
run.log_event("still there")
print("go", flush=True)
time.sleep(600)
"""


def test_live_forked_killed_and_torn(project: Path, node: str) -> None:
    store = Store.create(project)
    words = [sys.executable, "-c", CHILD, str(store.root)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            program.stdout.readline()
            program.send_signal(signal.SIGSTOP)  # it measures its use of the machine all the while
            (live,) = agree(store, node)["runs"]
        finally:
            program.kill()
    assert (live["status"], len(live["events"])) == ("running", 2)
    (dead,) = agree(store, node)["runs"]
    assert (dead["status"], dead["metrics"]["x"]["points"][1][3]) == ("lost", 2)
    paths = store.root.glob("journals/*/*.jsonl")
    (path,) = [path for path in paths if '"name":"killed"' in path.read_text()]
    data = path.read_bytes()
    for end in (len(data) - 1, len(data) - 30, data.rindex(b"\n", 0, -1) + 1):
        path.write_bytes(data[:end])
        agree(store, node)
    lines = data.splitlines(keepends=True)
    for place in (1, len(lines) - 2):
        for torn in (b"\n", lines[place][:20] + b"\n", lines[place].replace(b'"t":1', b'"t":7')):
            path.write_bytes(b"".join([*lines[:place], torn, *lines[place + 1 :]]))
            agree(store, node)


def test_many_editors(project: Path, node: str) -> None:
    store = Store.create(project)
    runs = []
    for number in range(4):
        with Run(store) as run:
            run.init(f"r{number}", tags=["a", "b"], metadata={"k": number, "keep": 1})
        runs.append(run.id)
    others = [Store.open(store.root) for _ in range(3)]
    ahead = Store.open(store.root, clock=lambda: time.time() + 3 * 86400)
    for number, other in enumerate([*others, ahead]):
        other.index()
        writer = other.writer()
        writer.append("tags", runs[0], {"add": [f"t{number}", "a"], "remove": ["b"]})
        writer.append("meta", runs[0], {"m": {"k": {"$tuple": [number]}}})
        writer.append("set", runs[0], {"f": {"name": f"by {number}", "folder": "/x", "id": "no"}})
        odd = {"created": "never", "name": 3, "own": {"$odd": 1}, "error": {"type": []}}
        writer.append("set", runs[1], {"f": odd | {"ended": 1e300, "exit": 1.5, "code": None}})
        writer.append("delete" if number % 2 else "undelete", runs[1], {})
        writer.append("delete", runs[2], {})
        writer.append("event", "never begun", {"level": "info", "message": "m", "at": 1})
        writer.append("grown", runs[3], {"new": 1})
    others[0].writer().append("tombstone", runs[3], {})
    others[1].writer().append("undelete", runs[3], {})
    told = agree(store, node)["runs"]
    assert {run["id"] for run in told if run["deleted"]} == set(runs[1:])
    assert len(told) == 5


def nets(store: Store) -> ArtifactManager:
    return ArtifactManager("nets", StoreBackend(store))


def test_merged_both_ways(tmp_path: Path, node: str) -> None:
    a, b = (Store.create(tmp_path / name) for name in "ab")
    for store, count in ((a, 4), (b, 5)):
        for number in range(count):
            nets(store).log_artifact({"by": store.project.name, "n": number}, "net µ")
        nets(store).set_alias("net µ", "best", "v3")
        nets(store).delete("net µ", "v1")
        writer = store.writer()
        for step in range(3):
            writer.metrics("shared", step, 0.0, float(step % 2), {"x": step})
        writer.append("tags", "shared", {"add": [store.project.name]})
    merge(a, b)
    merge(b, a)
    first, second = agree(a, node), agree(b, node)
    assert first == second
    assert [one["name"][:3] for one in first["versions"] if one["number"] == 3] == ["v3", "v3~"]
    assert first["aliases"]["nets/net µ"]["latest"] == "v4"
    nets(a).set_alias("net µ", "best", None)
    nets(a).delete("net µ", "v4")
    nets(a).delete("net µ", "v3")
    told = agree(a, node)
    assert told["aliases"]["nets/net µ"].keys() == {"latest"}
    assert told["aliases"]["nets/net µ"]["latest"].startswith("v3~")
    for store in (a, b):
        store.writer().close()


MAKER = """
import math, pathlib, sys
from whence import ArtifactManager, Run
from whence.artifacts.store_backend import StoreBackend
from whence.store import Store
number, big = int(sys.argv[2]), pathlib.Path(sys.argv[1], "big")
store = Store.open(sys.argv[1])
big.write_bytes(bytes([number]) * 100_000)
with Run(store) as run:
    run.init(f"r{number}", metadata={"t": (number,)})
    for step in range(3):
        run.log_metrics({"x": step + number, "nan": math.nan})
    run.save_object({"n": number}, category="output", name="small")
    run.save_file(big, "output")
    with ArtifactManager("nets", StoreBackend(store, run)).log_folder("net") as folder:
        pathlib.Path(folder, "small.txt").write_text(f"{number}")
        pathlib.Path(folder, "big").write_bytes(bytes([number, 1]) * 50_000)
        pathlib.Path(folder, "hollow").mkdir()
print(run.id)
"""


def test_after_gc_and_with_what_comes_late(tmp_path: Path, node: str) -> None:
    here, late = Calendar(tmp_path / "here"), tmp_path / "late"
    runs = []
    for number in range(4):  # in processes that end, so that nothing is written later
        words = [sys.executable, "-c", MAKER, str(here.root.parent), str(number)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        runs.append(done.stdout.strip())
    shutil.copytree(here.root.parent, late)
    store = here.open()
    store.index()
    store.writer().append("delete", runs[1], {})
    nets(store).delete("net", "v2")
    store.writer().close()
    for days in (8, 15, 1, 9, 9):
        here.wait(days)
        store = here.open()
        assert collect(store, act=True).problems == ()
        agree(here.open(), node)
    assert len(list(here.root.glob("journals/*/*.metrics.jsonl"))) == 1
    merge(here.open(), Store.open(late))
    told = agree(here.open(), node)
    assert [run["id"] for run in told["runs"] if run["final"]] == [runs[1]]
    (first,) = [run for run in told["runs"] if run["id"] == runs[0]]
    names = [one["name"] for one in first["artifacts"]]
    assert {"nets/net/v0/big", "nets/net/v0/small.txt"} <= set(names)
    assert [one["final"] for one in told["versions"]] == [False, False, True, False]


def test_damage(project: Path, node: str) -> None:
    store = Store.create(project)
    with Run(store) as run:
        run.init("r")
        run.log_metrics({"x": 1})
        (project / "big").write_bytes(b"b" * 100_000)
        run.save_file("big", "output")
        run.save_object([1], category="output", name="small")
    store.writer().close()
    kinds = ("journals/*/*.jsonl", "objects/*/*", "packs/*/*")
    for path in [path for kind in kinds for path in store.root.glob(kind)]:
        path.chmod(0o600)
        data = path.read_bytes()
        for place in (0, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
            assert agree(store, node)["damaged"], (path, place)
        path.write_bytes(data[:-1])
        agree(store, node)
        path.write_bytes(data)
        assert not agree(store, node)["damaged"]


# What whence tells of the same store.

STATE = "id meta tags artifacts alerts metrics events out points deleted final key lc status"

OWN = set(STATE.split())


def agree(store: Store, node: str) -> Any:
    """What the reader tells; it must be what whence does."""
    done = subprocess.run(
        [node, READER, store.root], capture_output=True, text=True, timeout=60, check=True
    )
    told = json.loads(done.stdout)
    with tempfile.TemporaryDirectory() as cache, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHENCE_CACHE", cache)  # what an index knows may be of before the damage
        compare(Store.open(store.root, clock=store.clock), told)
    return told


def compare(store: Store, told: Any) -> None:
    index, records = store.index(), dict(Client(store).get_runs(count_limit=None))
    states = [index.state(run) for (run,) in index.connection.execute("SELECT id FROM run")]
    assert [run["id"] for run in told["runs"]] == sorted(state["id"] for state in states)
    theirs = {run["id"]: run for run in told["runs"]}
    assert records.keys() == {key for key, run in theirs.items() if not run["deleted"]}
    report = store.verify()
    short = any("file has not arrived whole" in one.message for one in report.incomplete)
    assert bool(told["damaged"]) == (not report.sound or short), (told["damaged"], report)
    for state in states:
        run = theirs[state["id"]]
        assert (run["deleted"], run["final"]) == (state["deleted"], state.get("final", False))
        if not run["final"]:
            run_agrees(store, run, state, not told["damaged"])
        if not run["deleted"]:
            assert run["status"] == records[state["id"]].status
    versions_agree(store, told, not told["damaged"])
    index.close()


def run_agrees(store: Store, run: Any, state: Mapping[str, Any], sound: bool) -> None:
    for name in state.keys() - OWN:
        assert run[name] == form(readable(state[name])), name
    assert run["tags"] == state["tags"]
    assert run["metadata"] == form({key: readable(value) for key, value in state["meta"].items()})
    assert run["alerts"] == form(readable(state["alerts"]))
    heard = {"event": ("level", "message", "at"), "out": ("stream", "text", "at", "process")}
    for op, names in heard.items():
        lines = store.lines(run["id"], (op,))
        ours = [{name: form(readable(line.get(name))) for name in names} for line in lines]
        assert run["events" if op == "event" else op] == ours
    for name, facts in state.get("metrics", {}).items():
        for fact in facts.keys() - {"tensors"}:
            assert run["metrics"][name][fact] == form(readable(facts[fact]))
        assert len(run["metrics"][name]["arrays"]) == facts.get("tensors", 0)
    if sound:  # else the line may be lost that tells that there are points
        metrics_agree(store, run)
    names = ("name", "category", "type", "digest", "size", "kept", "path")
    assert [[one.get(name) for name in names] for one in run["artifacts"]] == [
        [one.get(name) for name in names] for one in state["artifacts"]
    ]
    for one, other in zip(run["artifacts"], state["artifacts"], strict=True):
        assert one["meta"] == form(readable(other.get("meta") or {}))
        if one["kept"] != "reference" and sound:
            content_agrees(store, one)


def metrics_agree(store: Store, run: Mapping[str, Any]) -> None:
    theirs = {name: one["points"] for name, one in run["metrics"].items() if "points" in one}
    ours: dict[str, list[Any]] = {}
    for point in points(store, run["id"]):
        for name, value in point.values.items():
            row = [point.step, point.time, point.stamp, value]
            ours.setdefault(name, []).append(list(map(form, row)))
    assert theirs.keys() == ours.keys()
    metrics = Metrics(store, run["id"])
    for name, found in theirs.items():
        assert sorted(found, key=repr) == sorted(ours[name], key=repr)
        assert [row[2] for row in found] == list(metrics.series(name).timestamp)


def content_agrees(store: Store, one: Mapping[str, Any]) -> None:
    where = one["where"]
    assert (where is not None) == store.has(one["digest"]), one
    if where is not None:
        data = (store.root / where["file"]).read_bytes()
        assert digest_bytes(data[where["offset"] :][: where["length"]]) == one["digest"]


def versions_agree(store: Store, told: Any, sound: bool) -> None:
    backend = StoreBackend(store)
    ours = {(f"{one.collection}/{one.artifact}", one.name): one for one in backend.versions()}
    theirs = {(one["of"], one["name"]): one for one in told["versions"]}
    assert theirs.keys() == ours.keys()
    for place, one in theirs.items():
        other = ours[place]
        assert (one["digest"], one["failed"]) == (other.digest, bool(other.failed))
        assert (one["deleted"], one["final"]) == (other.deleted > 0, other.deleted == 2)
        if sound and not one["final"]:
            content_agrees(store, one)
            entries = [
                (file.path, file.digest, file.size) for file in backend.manifest(other).files
            ]
            assert [
                (file["name"], file["digest"], file["size"]) for file in one["files"]
            ] == entries
            for file in one["files"]:
                content_agrees(store, file)
    for of in {of for of, _ in ours}:
        collection, artifact = of.split("/")
        aliases = dict(told["aliases"].get(of, {}))
        latest = aliases.pop("latest", None)
        assert aliases == backend.aliases(collection, artifact)
        assert latest == resolve(backend, collection, artifact, None).name


def form(value: Any) -> Any:
    """The JSON in which the reader prints a value: see its README."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"type": "int", "value": str(value)}
    if isinstance(value, float):
        text = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(value))
        return {"type": "float", "value": text} if text else value
    if isinstance(value, list):
        return list(map(form, value))
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)).startswith("$"):
            return {"type": "unknown", "value": value}
        pairs = [[form(key), form(inner)] for key, inner in value.items()]
        plain = all(type(key) is str for key in value) and not {"type", "value"} <= value.keys()
        return dict(pairs) if plain else {"type": "map", "value": pairs}
    if isinstance(value, np.ndarray):
        flat = [element(one, value.dtype) for one in value.ravel()]
        return {
            "type": "array",
            "value": {"dtype": value.dtype.str, "shape": list(value.shape), "values": flat},
        }
    if isinstance(value, np.generic):
        return {
            "type": "numpy",
            "value": {"dtype": value.dtype.str, "value": element(value, value.dtype)},
        }
    name, tell = KINDS.get(type(value), ("path", str))
    return {"type": name, "value": form(tell(value))}


def element(value: Any, dtype: Any) -> Any:
    """One element of an array; those of 64 bits are big whole numbers, and so are times."""
    if dtype.kind in "mM" or (dtype.kind in "iu" and dtype.itemsize == 8):
        return {
            "type": "int",
            "value": str(int(value.astype("i8" if dtype.kind in "mM" else dtype))),
        }
    if dtype.kind == "c":
        return [form(float(value.real)), form(float(value.imag))]
    if dtype.kind == "S":
        return bytes(value).ljust(dtype.itemsize, b"\0").hex()
    return value.tobytes().hex() if dtype == "f2" else form(value.item())


def moment(value: dt.datetime) -> Any:
    zone = getattr(value.tzinfo, "key", None)
    return [value.isoformat(), zone, value.fold] if zone or value.fold else value.isoformat()


def members(value: Any) -> list[Any]:
    return sorted(value, key=lambda one: json.dumps(form(one)))


KINDS: dict[type, Any] = {
    tuple: ("tuple", list),
    set: ("set", members),
    frozenset: ("frozenset", members),
    bytes: ("bytes", bytes.hex),
    dt.datetime: ("datetime", moment),
    dt.date: ("date", dt.date.isoformat),
    dt.time: ("time", dt.time.isoformat),
    dt.timedelta: ("timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    decimal.Decimal: ("decimal", str),
    complex: ("complex", lambda value: [value.real, value.imag]),
    range: ("range", lambda value: [value.start, value.stop, value.step]),
    slice: ("slice", lambda value: [value.start, value.stop, value.step]),
}
