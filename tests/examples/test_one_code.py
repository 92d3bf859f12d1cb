"""One code, 500 runs, and the mean of all: five boxes, each of which leads to its record."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def thrown(tmp_path_factory):
    """The example's folder after its own commands, and what they said."""
    folder = tmp_path_factory.mktemp("one_code") / "example"
    shutil.copytree(Path(__file__).parents[2] / "examples" / "one_code", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHENCE_CACHE", str(tmp_path_factory.mktemp("cache")))
        for name in ("WHENCE_RUN", "WHENCE_STORE"):
            patch.delenv(name, raising=False)

        def call(*words):
            done = subprocess.run(
                [sys.executable, *words], cwd=folder, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        call("-m", "whence", "init")
        said = call("pi.py")
        yield folder, said, lambda *words: json.loads(call("-m", "whence", *words, "--json"))


def test_what_the_last_run_read_joins_all(thrown):
    _, said, ask = thrown
    assert "pi is 3.142, from 500 runs" in said
    assert "500 runs: throw 0 … throw 499" in said
    told = ask("lineage", "mean")
    kinds = [member["kind"] for member in told["members"]]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "run": 501, "artifact": 501, "code": 1,
    }  # fmt: skip
    traced = ask("trace", "throws/throw_007.txt")
    assert traced["constant"] == {"seed": 7, "darts": 1000}


def test_the_picture_in_a_browser(thrown, browser):
    folder, _, _ = thrown
    page = browser.new_page(viewport={"width": 1440, "height": 700})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((folder / "lineage.html").as_uri())
    boxes = page.locator(".box")
    assert [box.get_attribute("aria-label") for box in boxes.all()] == [
        "code pi.py", "run 500 runs", "artifact 500 × throw_*.txt", "run mean", "artifact pi",
    ]  # fmt: skip
    left = [box.locator(".shape").last.bounding_box()["x"] for box in boxes.all()]
    assert left == sorted(left)  # left to right by generations
    assert all(text.bounding_box()["height"] > 12 for text in page.locator(".box text.name").all())
    page.locator(".box.run").first.click()
    assert page.locator(".cell.run").count() == 500
    page.locator(".cell.run[aria-label='throw 7']").click()
    record = page.locator("aside").inner_text()
    page.close()
    assert "throw_007.txt" in record
    assert "Took in (1)" in record
    assert errors == []
