"""The interactive page, in a real browser: one code with 500 runs, hostile names, notebooks."""

import html
import re

import pytest

from whence.artifacts import attach
from whence.records import Artifact, Lineage, Records


@pytest.fixture
def look(browser, tmp_path):
    """Opens a lineage's page; fails on any error in it and on anything it asks the network for."""
    opened = []

    def look(lineage, width=1400, height=800, text=None):
        file = tmp_path / "page.html"
        file.write_text(text or lineage.html(), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": height})
        page.errors, page.asked = [], []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda line: page.errors.append(line.text))
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("dialog", lambda dialog: page.errors.append("dialog") or dialog.dismiss())
        page.goto(file.as_uri())
        opened.append((page, file.as_uri()))
        return page

    yield look
    for page, uri in opened:
        assert page.errors == []
        assert page.asked == [uri]
        page.close()


def labels(page, selector):
    return [node.get_attribute("aria-label") for node in page.locator(selector).all()]


def overlapping(page, selector):
    """Pairs of drawn shapes that lie on each other."""
    boxes = [
        node.bounding_box() for node in page.locator(f"{selector} > .shape:last-of-type").all()
    ]
    return [
        (a, b)
        for number, a in enumerate(boxes)
        for b in boxes[:number]
        if abs(a["x"] - b["x"]) < (a["width"] + b["width"]) / 2 - 1
        and abs(a["y"] - b["y"]) < (a["height"] + b["height"]) / 2 - 1
    ]


@pytest.fixture(scope="module")
def five_hundred(tmp_path_factory):
    """One code, 500 runs with three outputs each."""
    from whence.base.digest import digest_bytes
    from whence.store import Store

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHENCE_CACHE", str(tmp_path_factory.mktemp("cache")))
        store = Store.create(tmp_path_factory.mktemp("store"))
        writer = store.writer()
        code = Artifact("model.py", "code", "text/x-python", digest_bytes(b"code"), 4)
        for number in range(500):
            run, status = f"run{number:05}", "failed" if number == 7 else "completed"
            fields = {"name": f"run {number}", "status": status, "created": 1.7e9 + number}
            writer.append("set", run, {"f": {"kind": "run", **fields, "params": {"seed": number}}})
            attach(writer, run, code)
            for name in ("energy.txt", "field.nc", "log.txt"):
                digest = digest_bytes(f"{number} {name}".encode())
                attach(writer, run, Artifact(name, "output", "text/plain", digest, 1000))
        lineage = Lineage(Records(store), [code.digest])
        assert len(lineage.links) == 2000  # asked while the cache is in place
        yield lineage
        writer.close()


def test_one_code_500_runs_is_five_boxes(look, five_hundred):
    page = look(five_hundred)
    assert labels(page, ".box") == [
        "code model.py", "run 500 runs", "artifact 500 × energy.txt", "artifact 500 × field.nc",
        "artifact 500 × log.txt",
    ]  # fmt: skip
    assert page.locator(".what").inner_text() == "500 runs, 1501 files"
    assert page.locator(".box.code.root text.glyph").text_content() == "</>"
    assert "run 0 … run 499" in page.locator(".box.run").text_content()
    assert page.locator(".box.run .dot").count() == 1  # one of them failed
    assert overlapping(page, ".box") == []
    left = [
        page.locator(f".box.{kind}").first.bounding_box()["x"]
        for kind in ("code", "run", "artifact")
    ]
    assert left == sorted(left)


def test_groups_open_to_readable_members_that_lie_apart(look, five_hundred):
    page = look(five_hundred)
    page.locator(".box.run").click()
    assert page.locator(".cell.run").count() == 500
    assert overlapping(page, ".cell") == []
    text = page.locator(".cell.run text").first
    assert text.bounding_box()["height"] >= 6
    page.locator("#all").click()
    assert page.locator(".cell").count() == 2000
    assert overlapping(page, ".cell") == []
    page.locator("#all").click()
    assert page.locator(".cell").count() == 0


def test_search_opens_what_it_finds_and_tells_its_record(look, five_hundred):
    page = look(five_hundred)
    page.keyboard.press("/")
    page.keyboard.type("run 123")
    assert page.locator("#found").inner_text() == "1 found"
    page.keyboard.press("Enter")
    assert page.locator("aside h2").inner_text() == "run 123"
    facts = page.locator("aside").inner_text()
    assert "run00123" in facts
    assert re.search(r"seed\s+123", facts)
    assert page.locator("#near path").count() == 4  # its code and its three files
    cell = page.locator(".cell.chosen").bounding_box()
    assert 0 < cell["x"] < 1400
    assert 0 < cell["y"] < 800
    page.locator("aside li button", has_text="energy.txt").click()
    assert page.locator("aside h2").inner_text() == "energy.txt"
    page.locator("aside li button", has_text="run 123").click()
    page.keyboard.press("Escape")
    assert page.locator("aside").is_hidden()


def test_zoom_pan_and_names_on_hover(look, five_hundred):
    page = look(five_hundred)
    box = page.locator(".box.code")
    before = box.bounding_box()
    page.locator("#in").click()
    assert box.bounding_box()["width"] > before["width"] * 1.2
    page.locator("#fit").click()
    page.mouse.move(700, 650)
    page.mouse.down()
    page.mouse.move(750, 680, steps=3)
    page.mouse.up()
    after = box.bounding_box()
    assert after["x"] - before["x"] == pytest.approx(50, abs=1)
    assert after["y"] - before["y"] == pytest.approx(30, abs=1)
    page.mouse.move(700, 400)
    page.mouse.wheel(0, -300)
    assert box.bounding_box()["width"] > after["width"]
    box.hover(force=True)
    assert "model.py" in page.locator("#tip").inner_text()


HOSTILE = (
    '<script>alert(1)</script><img src=x onerror=alert(2)>\u2028</script><!-- ]]> @SCRIPT@ & "'
)


def test_hostile_names_are_shown_and_do_nothing(look, project):
    project.file("x", "x")
    first = project.run(HOSTILE, puts=["x"], description=HOSTILE, parameters={HOSTILE: HOSTILE})
    project.run("reader", takes=["x"], tags=["<b>"])
    found = project.lineage(first)
    page = look(found)
    assert (
        page.title() == f"Lineage of {HOSTILE}".replace("\u2028", " ").strip()
        or "script" in page.title()
    )
    page.locator(".box.run").first.click()
    assert page.locator("aside h2").text_content() == HOSTILE
    assert HOSTILE in page.locator("aside").text_content()
    assert page.locator("aside script, aside img, main script, main img").count() == 0
    text = found.html(title="</title><script>alert(3)</script>")
    assert look(found, text=text).title() == "</title><script>alert(3)</script>"


def test_no_script_but_its_own_may_run(look, project):
    found = project.lineage(project.run("a", puts=["x"]))
    evil = found.html().replace("</header>", "</header><script>document.title = 'no'</script>")
    page = look(found, text=evil)
    assert page.title() == "Lineage of a"
    assert any("Content Security Policy" in error for error in page.errors)
    page.errors.clear()


def test_in_a_notebook_it_stands_in_a_frame_of_its_own(look, project):
    found = project.lineage(project.run("a", puts=["x"]))
    bundle = found._repr_mimebundle_()
    assert bundle["text/plain"] == found.text()
    (inner,) = re.findall(r'srcdoc="([^"]*)"', bundle["text/html"])
    assert html.unescape(inner) == found.html()
    page = look(found, text=f"<!DOCTYPE html>{bundle['text/html']}")
    frame = page.frame_locator("iframe")
    assert frame.locator(".box.run").get_attribute("aria-label") == "run a"
    page.asked = page.asked[:1]


@pytest.mark.parametrize("wait", [0, 700])  # it depends on when the frame is laid out
def test_below_what_is_seen_of_a_notebook_it_fits_its_frame_all_the_same(look, project, wait):
    found = project.lineage(project.run("a", puts=["x"]))
    page = look(found, text=f"<div style='height: 5000px'></div>{found._repr_html_()}")
    page.wait_for_timeout(wait)
    page.locator("iframe").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('iframe').getBoundingClientRect().top < 800")
    outer = page.locator("iframe").bounding_box()
    page.frame_locator("iframe").locator(".box.run").wait_for()
    page.wait_for_timeout(200)  # for the frame to get its size
    inner = page.frame_locator("iframe").locator(".box.run").bounding_box()
    assert inner["x"] >= outer["x"]
    assert inner["y"] >= outer["y"] + 48
    assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
    page.asked = page.asked[:1]


def test_a_window_of_another_size_is_filled_until_somebody_moves_the_picture(look, project):
    found = project.lineage(project.run("a", puts=["x"]))
    page = look(found, width=700)
    page.set_viewport_size({"width": 1400, "height": 800})
    page.wait_for_timeout(100)
    boxes = [box.bounding_box() for box in page.locator(".box").all()]
    left, right = min(b["x"] for b in boxes), max(b["x"] + b["width"] for b in boxes)
    assert abs(left + right - 1400) < 20  # in the middle
    page.keyboard.press("ArrowLeft")
    moved = page.locator(".box.run").bounding_box()
    page.set_viewport_size({"width": 1000, "height": 800})
    page.wait_for_timeout(100)
    assert page.locator(".box.run").bounding_box() == moved


def test_keys_reach_everything(look, project):
    found = project.lineage(project.run("a", code=["a.py"], puts=["x"]))
    page = look(found)
    page.locator(".box.run").focus()
    page.keyboard.press("Enter")
    assert page.locator("aside h2").inner_text() == "a"
    page.keyboard.press("Escape")
    assert page.locator("aside").is_hidden()


def test_a_circle_is_drawn(look, project):
    project.run("a", takes=["x"], puts=["y"])
    found = project.lineage(project.run("b", takes=["y"], puts=["x", "y"]))
    page = look(found)
    assert page.locator(".box").count() == 4
    assert page.locator(".line.back").count() >= 1
    assert overlapping(page, ".box") == []


def test_a_long_chain_begins_readable_with_an_overview(look, project):
    for number in range(12):
        run = project.run(f"step {number}", takes=[f"{number}"], puts=[f"{number + 1}"])
    page = look(project.lineage(run))
    root = page.locator("[aria-label='run step 11']").bounding_box()
    assert 0 < root["x"] < 1400 - root["width"]
    assert page.locator("[aria-label='run step 11'] text").first.bounding_box()["height"] > 10
    first = page.locator("[aria-label='run step 0']")
    assert first.bounding_box()["x"] < 0
    overview = page.locator("#map").bounding_box()
    page.mouse.click(overview["x"] + 4, overview["y"] + overview["height"] / 2)
    assert 0 < first.bounding_box()["x"] < 1400
    page.keyboard.press("ArrowLeft")
    page.locator("#fit").click()
    assert page.locator("#map").is_hidden()
