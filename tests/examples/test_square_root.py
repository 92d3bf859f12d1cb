"""The search of a square root over four runs, and the picture of where its answer came from."""

import json
import subprocess
import sys

import pytest


@pytest.fixture
def search(example, environment):
    folder = example("square_root")

    def run(*command):
        done = subprocess.run(
            [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("-m", "whence", "init")
    run.folder, run.told = folder, run("search.py")
    return run


def test_four_runs_are_joined_by_the_arrays_alone(search):
    assert "step 4: 1.414062" in search.told
    told = json.loads(search("-m", "whence", "lineage", "step 4", "--json"))
    name = {member["id"]: member["name"] for member in told["members"]}
    links = {
        (name[link["source"]], name[link["target"]], link["category"]) for link in told["links"]
    }
    expected = {("search.py", f"step {number}", "code") for number in (1, 2, 3, 4)}
    for number in (1, 2, 3, 4):
        for array in ("guesses", "closest"):
            expected.add((f"step {number}", array, "output"))
            if number > 1:
                expected.add((array, f"step {number}", "input"))
    assert links == expected
    generation = {m["name"]: m["generation"] for m in told["members"] if m["kind"] == "run"}
    assert generation == {"step 4": 0, "step 3": -1, "step 2": -2, "step 1": -3}
    up = json.loads(search("-m", "whence", "lineage", "step 4:closest", "--up", "2", "--json"))
    assert {m["name"] for m in up["members"] if m["kind"] == "run"} == {"step 4", "step 3"}


def test_the_picture_in_a_browser(search, browser):
    page = browser.new_page(viewport={"width": 1440, "height": 440})
    page.goto((search.folder / "lineage.html").as_uri())
    boxes = {}
    for node in page.locator(".box").all():
        label = node.get_attribute("aria-label")
        shape = node.locator(".shape").first.bounding_box()
        boxes.setdefault(label, []).append((shape["x"], shape["y"], shape["width"]))
    texts = [node.bounding_box() for node in page.locator(".box text.name").all()]
    page.locator("[aria-label='run step 3']").click()
    told = page.locator("aside").inner_text()
    page.close()
    assert {label: len(found) for label, found in boxes.items()} == {
        "code search.py": 1, "run step 1": 1, "run step 2": 1, "run step 3": 1, "run step 4": 1,
        "artifact guesses": 4, "artifact closest": 4,
    }  # fmt: skip
    steps = [boxes[f"run step {number}"][0][0] for number in (1, 2, 3, 4)]
    arrays = sorted(x for x, _, _ in boxes["artifact closest"])
    order = [
        boxes["code search.py"][0][0],
        *(x for pair in zip(steps, arrays, strict=True) for x in pair),
    ]
    assert order == sorted(order)  # left to right by generations
    assert all(text["height"] > 7 for text in texts)  # whole at once and still readable
    assert "Took in (3)" in told
    assert "Put out (2)" in told
    assert "target" in told
