"""Every command answers programs, also when something is wrong, and as the page says."""

import importlib
import json
import re
from pathlib import Path

import pytest

from whence.cli.group import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_takes_json_and_stands_on_the_page(name):
    command = importlib.import_module(f"whence.cli.{COMMANDS[name][0]}").command
    assert "--json" in {word for option in command.params for word in option.opts}
    headings = re.findall(r"^## (.*)", PAGE.read_text(), re.M)
    assert any(re.search(rf"`whence {name}[ `]", line) for line in headings)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "nope"), "unknown-run"),
        (("list", "metadata.x >"), "bad-filter"),
        (("trace", "nowhere.png"), "no-such-file"),
        (("lineage", "nope"), "not-on-record"),
        (("tree",), "no-data"),
        (("list", "--limit", "many"), "usage"),
        (("nonsense",), "unknown-command"),
    ],
)
def test_what_is_wrong_is_told_to_programs_and_to_people(whence, words, code):
    whence("init")
    done = whence(*words, "--json", check=False)
    assert done.returncode == 2
    (problem, *_) = json.loads(done.stdout)["problems"]
    assert set(problem) == {"code", "message", "mend", "where"}
    assert problem["code"] == code
    assert done.stderr
    assert not whence(*words, check=False).stdout


def test_problems_of_a_file_have_their_places(whence):
    (whence.cwd / "space.yml").write_text("!pspace\na: !pdim {default: 1, valeus: [1]}\n")
    done = whence("sweep", "space.yml", "--dry-run", "--json", "--", "true", check=False)
    problems = json.loads(done.stdout)["problems"]
    assert {"file": str(whence.cwd / "space.yml"), "line": 2}.items() <= {
        **problems[0]["where"],
        "file": str(whence.cwd / problems[0]["where"]["file"]),
    }.items()


def test_the_json_option_of_a_recorded_program_is_its_own(whence):
    done = whence("run", "--", "no-such-program", "--json", check=False)
    assert done.stdout == ""
