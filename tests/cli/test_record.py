"""Comparing, tagging, deleting, exporting and completing, as a user types them."""

import json
import os
import pty
import re
import shutil
import subprocess
import time

import pytest

from whence.runs import Run
from whence.store import Store
from whence.testing.command import CommandLine

MODEL = """\
import json, sys
seed = int(sys.argv[1])
json.dump({"energy": [1.0, 2.0 + seed]}, open("out.json", "w"))
print("energy", seed)
"""


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Three runs of a small program; tests may look at them and must not change them."""
    folder = tmp_path_factory.mktemp("made")
    whence = CommandLine(folder, folder / "cache")
    whence("init")
    (folder / "model.py").write_text(MODEL)
    for seed in range(3):
        whence("run", "--name", f"run {seed}", "--param", f"seed={seed}", "--param", "model.mu=1",
               "--output", "out.json", "--", "python", "model.py", seed)  # fmt: skip
    return whence


@pytest.fixture
def own(made, tmp_path):
    """The same runs, in a store that a test may change."""
    whence = CommandLine(tmp_path, tmp_path / "cache")
    whence("init")
    made("export", "-o", tmp_path / "all.jsonl", "--with-content")
    whence("import", tmp_path / "all.jsonl")
    return whence


def test_diff_page(made):
    page = made("diff", "run 0", "run 2").stdout
    lines = [line.rstrip() for line in page.splitlines()]
    assert lines[0].startswith("− run 0  2")
    assert lines[0].endswith("  completed")
    assert lines[2:4] == ["parameters   1 differs, 1 the same", "  seed  0  2"]
    assert "code         the same" in lines
    assert "environment  the same" in lines
    assert "outputs      1 differ, 0 the same" in lines
    assert any(line.startswith("    -") for line in lines)
    told = made.json("diff", "run 0", "run 2")
    (array,) = told["outputs"]["changed"][0]["numbers"]["arrays"]
    assert (array["name"], array["differing"], array["max_abs"], array["at"]) == (
        "energy", 1, 2.0, [1]
    )  # fmt: skip
    assert made.json("diff", "run 0", "run 0")["agrees"] is True


def test_diff_as_html(made, tmp_path):
    made("diff", "run 0", "run 1", "--html", tmp_path / "d.html")
    text = (tmp_path / "d.html").read_text()
    assert "<h1>In what run 0 and run 1 differ</h1>" in text
    assert "<script" not in text
    outside = re.findall(r"""(?:src|href|action)\s*=\s*["']?(?!#|data:)[^>]*|@import|url\(""", text)
    assert outside == []
    nowhere = made("diff", "run 0", "run 1", "--html", "/nowhere/d.html", check=False)
    assert nowhere.returncode == 2
    assert "cannot write" in nowhere.stderr


def test_compare_in_every_format(made, tmp_path):
    table = made("compare").stdout.splitlines()
    assert table[0].split() == ["id", "name", "seed"]
    assert [line.split()[-1] for line in table[1:]] == ["2", "1", "0"]
    csv = made("compare", "params.seed > 0", "--format", "csv").stdout.splitlines()
    assert csv[0] == "id,name,seed"
    assert len(csv) == 3
    told = made.json("compare", "run 1", "run 2", "--depth", 2)
    assert [run["values"] for run in told["runs"]] == [{"seed": 1}, {"seed": 2}]
    made("compare", "--format", "html", "-o", tmp_path / "c.html")
    assert "<th>seed</th>" in (tmp_path / "c.html").read_text()
    one = made("compare", "--limit", 0, "model.mu == 1", "params.seed < 1").stdout
    assert one == "There is one run only.\n"


def test_columns_that_do_not_fit_are_counted(whence):
    whence("init")
    for number in range(2):
        pairs = [f"--param=parameter_{i}={number * 10**9 + i}" for i in range(20)]
        whence("run", *pairs, "--", "true")
    text = _in_terminal(whence, "compare")
    assert "columns more than fit here" in text
    assert max(len(line) for line in text.splitlines() if line.startswith("2")) <= 80


def test_tags_comments_and_reasons(own):
    ids = {run["name"]: run["id"] for run in own.json("list")}
    told = own("tag", "run 0", "run 1", "figure1").stdout
    named = [f"{name} {ids[name]}" for name in ("run 0", "run 1")]
    assert told == f"Changed the tags of 2 runs ({', '.join(named)}).\n"
    again = own("tag", "run 0", "run 2", "figure1").stdout
    assert again == f"Changed the tags of 1 run (run 2 {ids['run 2']}); 1 was so already.\n"
    own("tag", "--where", "params.seed >= 1", "-r", "figure1", "-a", "late")
    assert {run["name"]: run["tags"] for run in own.json("list")} == {
        "run 0": ["figure1"], "run 1": ["late"], "run 2": ["late"]
    }  # fmt: skip
    own("comment", "run 0", "too hot")
    own("reason", "run 0", "run 1", "for figure 1")
    told = own.json("show", "run 0")
    assert (told["outcome"], told["reason"]) == ("too hot", ["for figure 1"])
    shown = own("show", "run 0").stdout
    assert "too hot" in shown
    assert "for figure 1" in shown
    told = own.json("tag", "run 0", "x")
    assert [(run["tags"], run["changed"]) for run in told] == [(["figure1", "x"], True)]
    assert own.json("verify")["sound"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tag",), "which tag"),
        (("tag", "run 0"), "which tag"),
        (("tag", "run 7", "x"), "no run fits 'run 7'\n  Did you mean 'run "),
        (("tag", "run 0", ""), "cannot be a tag"),
        (("tag", "--where", "seed >> 1", "x"), "seed >> 1"),
        (("comment", "run 0"), 'Like: whence comment sim_12 "too hot"'),
        (("reason", "run 0"), 'Like: whence reason sim_12 "for figure 1"'),
        (("merge", "nowhere"), "no store in 'nowhere' to merge"),
        (("diff", "run 0", "nowhere"), "no run fits"),
        (("compare", "run 7"), "'run 7' is neither a run nor a filter"),
        (("export", "run7"), "no run has it as a tag\n  Did you mean 'run "),
        (("delete",), "which runs"),
        (("delete", "run 0"), "no terminal to ask in"),
        (("delete", "--undo", "run 0"), "no deleted run fits"),
        (("delete", "--undo", "--where", "seed > 9"), "no deleted run fits 'seed > 9'"),
        (("import", "model.py"), "model.py:1: the first line is not a line of JSON"),
        (("import", "."), "whence merge ."),
        (("import", "nowhere.jsonl"), "cannot read nowhere.jsonl"),
        (("export", "--json"), "JSON already"),
        (("export", "-o", "/nowhere/x"), "cannot write"),
        (("export", "-o", "model.py/x"), "cannot write"),
        (("export", "--ro-crate", "run 1", "-o", "model.py/x"), "cannot write"),
    ],
)
def test_what_is_asked_wrongly_is_told(made, words, message):
    done = made(*words, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_be_imported_makes_no_store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    (folder / "bad.jsonl").write_text('{"whence": 1, "id": "../x"}\n')
    done = CommandLine(folder, folder / "cache")("import", "bad.jsonl", check=False)
    assert done.returncode == 2
    assert "bad.jsonl:1" in done.stderr
    assert not (folder / ".whence").exists()


def test_delete_and_undo(own):
    preview = own("delete", "run 0", "--dry-run").stdout
    assert "This run would go, and 1 content that no other run holds" in preview
    assert len(own.json("list")) == 3
    assert own.json("delete", "run 0", "--yes")["deleted"] is True
    assert len(own.json("list")) == 2
    assert "run 0" in own("delete", "--undo").stdout
    assert "Would bring back 1 run." in own("delete", "--undo", "run 0", "-n").stdout
    assert len(own.json("list")) == 2
    assert "Brought back 1 run." in own("delete", "--undo", "run 0").stdout
    assert len(own.json("list")) == 3


def test_deleted_runs_are_found_by_filters_and_brought_back(own):
    own("tag", "run 1", "figure1")
    own("delete", "--where", "seed >= 0", "--yes")
    assert own.json("list") == []
    assert own("list", "--deleted", "seed > 0", "--columns", "name,seed,tags").stdout.split() == [
        "name", "seed", "tags", "run", "2", "2", "run", "1", "1", "figure1"
    ]  # fmt: skip
    assert [run["name"] for run in own.json("list", "--deleted", "has tag.figure1")] == ["run 1"]
    assert "No deleted run fits" in own("list", "--deleted", "has tag.nothing").stdout
    assert "was deleted" in own("show", "run 1", check=False).stderr
    again = ("delete", "--undo", "--where", "seed > 0")
    assert "Would bring back 2 runs." in own(*again, "--dry-run").stdout
    assert own.json("list") == []
    back = own.json(*again, "run 1")
    assert [run["name"] for run in back] == ["run 1"]
    assert "Brought back 1 run." in own(*again).stdout
    assert {run["name"] for run in own.json("list")} == {"run 1", "run 2"}
    assert own.json("show", "run 1")["tags"] == ["figure1"]


def test_delete_asks_in_a_terminal(own):
    text = _in_terminal(own, "delete", "run 0", answer="n\n")
    assert "Delete?" in text
    assert "Nothing was deleted." in text
    assert "Deleted." in _in_terminal(own, "delete", "run 0", answer="y\n")
    assert len(own.json("list")) == 2


def test_export_goes_to_a_file_or_to_standard_output(made, tmp_path):
    rows = [json.loads(line) for line in made("export", "run 1").stdout.splitlines()]
    assert [row["record"]["name"] for row in rows if "record" in row] == ["run 1"]
    told = made.json("export", "-o", tmp_path / "x.jsonl")
    assert told["records"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]


def test_completion_of_runs_names_and_tags(own):
    own("tag", "run 0", "figure1")
    ids = [run["id"] for run in own.json("list")]
    assert [value for value, _ in _completed(own, "show", "")] == ids
    assert dict(_completed(own, "show", ids[1][:18])).keys() >= {ids[1]}
    assert ("run 2", ids[0]) in _completed(own, "diff", "ru")
    assert [value for value, _ in _completed(own, "tag", "run 0", "fig")] == ["figure1"]
    assert [value for value, _ in _completed(own, "tag", "-r", "")] == ["figure1"]
    assert "--depth" in dict(_completed(own, "compare", "--d"))
    assert "delete" in dict(_completed(own, "de"))
    assert _completed(own, "show", "%") == []
    own("delete", "run 0", "-y")
    assert len(_completed(own, "show", "")) == 2
    assert [value for value, _ in _completed(own, "delete", "--undo", "")] == [ids[2]]


def test_completion_of_a_name_that_several_runs_have(whence):
    whence("init")
    for _ in range(2):
        whence("run", "--name", "same", "--", "true")
    newest, older = (run["id"] for run in whence.json("list"))
    assert _completed(whence, "show", "sa") == [("same", f"{newest}, the newest of several")]
    assert whence.json("show", "same")["id"] == newest
    whence("delete", newest, older, "-y")
    assert _completed(whence, "delete", "--undo", "sa") == []


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("get", "run 0", ""), {"model.py", "out.json"}),
        (("get", "run 0", "model.py", "o"), {"out.json"}),
        (("get", "--category", "code", "run 0", ""), {"model.py"}),
        (("cat", "run 0", "m"), {"model.py"}),
        (("cat", "run 0", "model.py", ""), set()),
        (("get", "nobody", ""), set()),
        (("list", "--status", "c"), {"created", "completed"}),
        (("list", "--columns", "na"), {"name"}),
        (("list", "--columns", "+name,params.m"), {"+name,params.model.mu"}),
        (("list", "--sort", "see"), {"seed"}),
        (("list", "fig"), {"figure1"}),
        (("list", "see"), {"seed"}),
        (("list", "--tag", ""), {"figure1"}),
        (("list", "--folder", "/s"), {"/small"}),
        (("delete", "--where", "fig"), {"figure1"}),
        (("run", "--folder", "/s"), {"/small"}),
        (("plot", "--only", ""), {"one", "other"}),
        (("lineage", "run"), {"run 0", "run 1", "run 2", "run"}),
        (("abort", ""), set()),
    ],
)
def test_completion_of_what_is_on_record(kept, words, offered):
    found = {value for value, _ in _completed(kept, *words)}
    assert {value for value in found if not value.startswith("2")} == offered


@pytest.fixture(scope="session")
def kept(tmp_path_factory, made):
    """The same runs with a tag, a folder and plots; tests may not change them."""
    folder = tmp_path_factory.mktemp("kept")
    whence = CommandLine(folder, folder / "cache")
    whence("init")
    made("export", "-o", folder / "all.jsonl")
    whence("import", "all.jsonl")
    whence("tag", "run 0", "figure1")
    whence("run", "--name", "folded", "--folder", "/small", "--", "true")
    (folder / "plots.yml").write_text("one: {}\nother: {}\n")
    return whence


def test_bash_is_given_names_with_blanks_as_one_word(kept):
    call = "COMP_WORDS=(whence diff 'run\\ 0' 'run\\ 1'); COMP_CWORD=3; _whence_completion whence"
    script = 'eval "$(whence completion bash)"; ' + call + '; printf "%s\n" "${COMPREPLY[@]}"'
    assert _in_shell(kept, "bash", script) == ["run\\ 1"]


def test_fish_offers_what_has_commas_whole(kept):
    def offered(words):
        return _in_shell(kept, "fish", f"whence completion fish | source; complete -C '{words}'")

    assert [line.partition("\t")[0] for line in offered('whence show "run ')] == [
        "run 0", "run 1", "run 2"
    ]  # fmt: skip
    assert offered("whence list --columns id,sta") == ["id,started", "id,status"]
    assert "--params\tA YAML, JSON, TOML or INI file" in offered("whence run --params")[0]


def test_zsh_runs_whence_and_not_its_builtin_and_completes_it(kept):
    taken = 'eval "$(command whence completion zsh)"\n'
    found = "_describe() { print -l $completions_with_descriptions }\n"
    ask = "words=(whence show 'run\\ 1'); CURRENT=3; _whence_completion\n"
    assert _in_shell(kept, "zsh", f"{taken}eval 'whence list --columns name'") == [
        "name", "folded", "run 2", "run 1", "run 0"
    ]  # fmt: skip
    (line,) = _in_shell(kept, "zsh", taken + found + ask)
    assert line.startswith("run 1:2")


def _in_shell(whence, shell, script):
    """The lines that a shell prints where whence can be called."""
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}: apt-get install -y {shell}")
    folder = whence.cwd / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "whence").write_text(f'#!/bin/sh\nexec {" ".join(whence.words())} "$@"\n')
    (folder / "whence").chmod(0o755)
    path = f"{folder}:{whence.environment['PATH']}"
    done = subprocess.run(
        [shell, *(["-f"] if shell == "zsh" else []), "-c", script],
        cwd=whence.cwd,
        env={**whence.environment, "PATH": path, "HOME": str(whence.cwd)},
        capture_output=True,
        text=True,
    )
    assert not done.stderr
    return done.stdout.splitlines()


def test_completion_without_a_store_offers_nothing(whence):
    assert _completed(whence, "show", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(whence, shell):
    script = whence("completion", shell).stdout
    assert f"_WHENCE_COMPLETE={shell}_complete" in script


def test_a_run_without_a_name_is_told_once(whence):
    whence("init")
    store = Store.find(whence.cwd)
    with Run(store) as run:
        run.init()
    store.writer().close()
    assert whence("tag", run.id, "late").stdout == f"Changed the tags of 1 run ({run.id}).\n"


def test_bash_takes_the_script(made):
    script = made("completion", "bash").stdout
    done = subprocess.run(["bash", "-c", script + "\ncomplete -p whence"], capture_output=True)
    assert b"_whence_completion" in done.stdout


def _completed(whence, *words):
    """What a shell is offered for the last word, with the descriptions."""
    done = subprocess.run(
        whence.words(),
        cwd=whence.cwd,
        env={
            **whence.environment,
            "_WHENCE_COMPLETE": "fish_complete",
            "COMP_WORDS": " ".join(["whence", *(f"'{word}'" for word in words[:-1])]),
            "COMP_CWORD": words[-1],
        },
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split(",", 1)[1] for line in done.stdout.splitlines() if line]
    return [(value, told) for value, _, told in (row.partition("\t") for row in rows)]


def _in_terminal(whence, *args, answer=""):
    """What a command prints where it has a terminal, 80 columns wide."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        whence.words(*args),
        cwd=whence.cwd,
        env={**whence.environment, "TERM": "dumb", "NO_COLOR": "1"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        close_fds=True,
    )
    os.close(slave)
    os.write(master, answer.encode())
    text = b""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            piece = os.read(master, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        text += piece
    os.close(master)
    assert process.wait() == 0, text
    return text.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("typed", ["", "2", "run"])
def test_the_short_way_and_the_parser_offer_the_same(made, shell, typed):
    def answer(*words):
        line = ["whence", *words, *([typed] if typed else [])]
        done = subprocess.run(
            made.words(),
            cwd=made.cwd,
            env={
                **made.environment,
                "_WHENCE_COMPLETE": f"{shell}_complete",
                "COMP_WORDS": " ".join(line),
                "COMP_CWORD": typed if shell == "fish" else str(len(words) + 1),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    by_parser = answer("show", "--store", ".")
    assert answer("show") == by_parser
    assert len(by_parser.split()) >= 3


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_short_way_and_the_parser_offer_the_same_artifacts(made, shell):
    run = made.json("list")[0]["id"]

    def answer(*words):
        line = ["whence", *words, run, "o"]
        asked = {"COMP_WORDS": " ".join(line), "COMP_CWORD": str(len(line) - 1)}
        if shell == "fish":
            asked["COMP_CWORD"] = "o"
        environ = {**made.environment, "_WHENCE_COMPLETE": f"{shell}_complete", **asked}
        return subprocess.run(
            made.words(), cwd=made.cwd, env=environ, capture_output=True, text=True, check=True
        ).stdout

    assert answer("get") == answer("get", "--store", ".") != ""
