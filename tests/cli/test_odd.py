"""What a merge brings may be damaged or incomplete: the rest of the store stays readable."""

from __future__ import annotations

import json
import os
import re
import shutil
import zipfile
from typing import Any

import pytest

from whence.base.clock import new_id
from whence.runs import Run
from whence.store import Store
from whence.testing.command import CommandLine

ODD: dict[str, dict[str, Any]] = {
    "numpy": {"params": {"$numpy": ["<f8"]}, "name": "odd"},
    "base64": {"params": {"a": {"$numpy": ["<f8", "zz"]}, "b": 1}},
    "range": {"params": {"a": {"$range": [1, 2, 0]}}},
    "map": {"params": {"a": {"$map": 5}, "$set": [1]}},
    "list": {"params": {"$tuple": [1]}},
    "future": {"created": 1e300, "started": -1e300},
    "kinds": {
        "user": 3,
        "host": 5,
        "dir": [1],
        "environment": 5,
        "parent": 3,
        "reason": 5,
        "description": 7,
        "command": "ls",
        "code": {"commit": 5},
        "error": {"type": 1},
        "process": {"pid": "x"},
        "exit": "a",
        "tags": 5,
        "meta": [1],
        "status": {"a": 1},
    },
    "bytes": {"name": {"$str": "aGV5"}, "description": {"$str": "aGV5"}, "error": {"type": "E"}},
}


def test_odd_records_are_listed_and_shown(whence: CommandLine) -> None:
    whence("init")
    store = Store.find(whence.cwd)
    writer, runs = store.writer(), {name: new_id() for name in ODD}
    for name, fields in ODD.items():
        whole = {"created": 1.8e9, "status": "completed", **fields}
        writer.append("set", runs[name], {"f": whole})
    odd = runs["kinds"]
    writer.append("meta", odd, {"m": {"a": {"$set": [[]]}}})
    writer.append("tags", odd, {"add": 5})
    writer.append("alert", odd, {"alert": "a", "facts": {"$tuple": [1]}})
    writer.append("metric", odd, {"name": "e", "f": {"units": [5]}})
    writer.append("event", odd, {"message": 5, "level": [1]})
    held = {"name": "f", "category": "output", "digest": "0" * 64}
    writer.append("artifact", odd, {**held, "size": "a", "path": 5})
    writer.close()
    for words in (["list"], ["list", "--json"], ["list", "name == odd"], ["reindex"]):
        whence(*words)
    assert {row["id"] for row in json.loads(whence("list", "--json").stdout)} == {*runs.values()}
    assert whence("list", "name == odd").stdout.count("odd") == 1
    for run in runs.values():
        for words in (["show", run], ["show", "--json", run]):
            whence(*words)
    assert "a.$numpy  ['<f8', 'zz']" in whence("show", runs["base64"]).stdout


def test_a_record_whose_content_has_not_arrived_is_shown_and_traced(whence: CommandLine) -> None:
    whence("init")
    script = "echo 42 > out.txt"
    whence("run", "--name", "r", "--output", "out.txt", "--", "sh", "-c", script)
    for folder in ("packs", "objects"):
        shutil.rmtree(whence.cwd / ".whence" / folder, ignore_errors=True)
    for words in (["show", "r"], ["trace", "out.txt"]):
        (line,) = (row for row in whence(*words).stdout.splitlines() if "environment" in row)
        assert line.endswith("not here yet")
    assert whence.json("trace", "out.txt")["environment"]["python"] is None
    whence("lineage", "out.txt")
    whence("diff", "r", "r")


def test_a_crate_has_all_parameters(whence: CommandLine) -> None:
    whence("init")
    params = {"a_b": 1, "a:b": 2, "a b": 3, "x" * 130 + "1": 4, "y" + "x" * 130 + "1": 5}
    (whence.cwd / "p.json").write_text(json.dumps(params))
    whence("run", "--params", "p.json", "--", "true")
    whence("export", "--ro-crate", "-o", "c.zip", "true")
    with zipfile.ZipFile(whence.cwd / "c.zip") as crate:
        graph = json.loads(crate.read("ro-crate-metadata.json"))["@graph"]
    values = [entity["value"] for entity in graph if entity.get("@type") == "PropertyValue"]
    assert sorted(values) == [1, 2, 3, 4, 5]


def test_lineage_of_a_folder_passes_over_what_is_no_file(whence: CommandLine) -> None:
    whence("init")
    folder = whence.cwd / "d"
    folder.mkdir()
    whence("run", "--output", "d/out.txt", "--", "sh", "-c", "echo 42 > d/out.txt")
    (folder / "broken").symlink_to("nowhere")
    os.mkfifo(folder / "fifo")
    assert "out.txt" in whence("lineage", "d").stdout
    for command in ("lineage", "trace"):
        done = whence(command, "x" * 5000, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_a_file_whose_name_is_no_utf8_is_told_of(whence: CommandLine) -> None:
    whence("init")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONIOENCODING", "utf-8:strict")  # as in most languages' locales
        file = os.fsdecode(b"\xe9.txt")
        (whence.cwd / file).write_text("of nobody")
        assert "not known here" in whence("trace", file, check=False).stdout
        assert "put it out" in whence("lineage", file, check=False).stderr
        assert "not on record" in whence("trace", ".", check=False).stdout
        whence("run", "--name", "r", "--", "true")
        whence("put", "r", file)
        assert "an output" in whence("trace", file).stdout
        assert "run r" in whence("lineage", file).stdout
        assert re.search(r"\\xe9.txt +put out by", whence("trace", ".").stdout)


def test_what_looks_like_markup_is_shown_as_it_is(whence: CommandLine) -> None:
    whence("init")
    store = Store.find(whence.cwd)
    for number, name in enumerate(("[/one]", "[bold]two")):
        with Run(store) as run:
            run.init(name, parameters={"a[/b]": number}, metadata={"m[/n]": number})
    store.writer().close()
    assert "m[/n]" in whence("diff", "[/one]", "[bold]two").stdout
    assert '"a[/b]"           0' in whence("show", "[/one]").stdout


def test_nothing_on_record_moves_the_cursor(whence: CommandLine) -> None:
    whence("init")
    wicked = "a\x1b[2Jb"
    store = Store.find(whence.cwd)
    for name in (wicked, f"{wicked}2"):
        with Run(store) as run:
            run.init(name, parameters={"p": f"{wicked}{name}"}, metadata={"m": f"{wicked}{name}"})
            store.writer().append("tags", run.id, {"add": [wicked], "remove": []})
            run.log_event(wicked)
    store.writer().close()
    first, second = (row["id"] for row in json.loads(whence("list", "--json").stdout))
    for words in (
        ["list", "--columns", "name,tags,parameters"],
        ["show", first],
        ["diff", first, second],
        ["compare"],
        ["delete", "-n", first],
        ["lineage", first],
    ):
        told = whence(*words).stdout
        assert "\x1b" not in told
        assert r"a\x1b[2Jb" in told


def test_a_name_with_a_newline_stays_in_its_row(whence: CommandLine) -> None:
    whence("init")
    writer, run = Store.find(whence.cwd).writer(), new_id()
    fact = {"category": "output", "digest": "0" * 64, "name": "a\nb\x1b[2J"}
    writer.append("artifact", run, fact)
    writer.close()
    assert "a\\nb\\x1b[2J" in whence("artifacts", run).stdout


def test_a_file_given_as_the_store_is_called_one(whence):
    (whence.cwd / "ising.py").write_text("")
    for words, program in (("list", ()), ("run", ("--", "true"))):
        done = whence(words, "--store", "ising.py", *program, check=False)
        assert done.returncode == 2
        assert "ising.py' is a file, not the folder of a project or of a store" in done.stderr


def test_one_thing_is_one_thing(whence):
    (whence.cwd / "space.yml").write_text("!pspace\na: !pdim {default: 0, values: [1]}\n")
    whence("sweep", "space.yml", "--", "sh", "-c", "echo 1 > {out}/y")
    told = whence("delete", "space", "--dry-run").stdout
    assert "What they started stays (1 run)" in told
    assert not re.search(r"\b1 \w+s\b", told), told
