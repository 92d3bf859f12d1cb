"""`whence lineage`, `whence trace` of what lies in directories, and `whence export --ro-crate`."""

import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest


def figure(demo, name="mean_random_walk.png"):
    return next(Path(demo.cwd).glob(f"runs/my_simulation/eval/*/{name}"))


def test_the_tree_leads_from_a_figure_to_the_first_inputs(demo):
    lines = demo("lineage", figure(demo)).stdout.splitlines()
    assert lines[0].startswith("mean_random_walk.png  ")
    assert any(line.endswith("30 × data.h5") for line in lines)
    assert any(line.endswith("30 runs of my_simulation: sim_12 … sim_43") for line in lines)
    assert any("code simulate.py" in line for line in lines)
    assert not any("recipe" in line for line in lines)


def test_a_figure_of_one_universe_came_from_one_run(demo):
    one = demo.json("lineage", figure(demo, "random_walk/13__max_step_size_0.1__seed_1.pdf"))
    runs = [member["name"] for member in one["members"] if member["kind"] == "run"]
    assert runs == ["my_simulation/sim_13"]


def test_downstream_of_the_code_are_runs_and_figures(demo):
    told = demo.json("lineage", "simulate.py", "--down", "2")
    names = {member["name"] for member in told["members"]}
    assert {"my_simulation/sim_12", "mean_random_walk.png"} <= names
    assert max(member["generation"] for member in told["members"]) == 2
    near = demo.json("lineage", "simulate.py", "--down", "1")
    assert "mean_random_walk.png" not in {member["name"] for member in near["members"]}


def test_what_a_lineage_can_be_asked_of(demo):
    run = demo.json("list", "--limit", "1")[0]
    digest = demo.json("trace", "simulate.py")["digest"]
    for thing in ("simulate.py", digest, digest[:8], "sim_12:simulate.py"):
        assert demo.json("lineage", thing)["roots"] == [digest]
    for thing in (run["id"], run["id"][:-2], "plots of my_simulation"):
        assert demo.json("lineage", thing)["roots"] == [run["id"]]
    folder = demo.json("lineage", "runs/my_simulation/sim_12")
    assert [m["name"] for m in folder["members"] if m["id"] in folder["roots"]] == [
        "my_simulation/sim_12"
    ]
    both = demo.json("lineage", "simulate.py", "sim_12")
    assert len(both["roots"]) == 2


def test_an_edited_figure_leads_back_by_its_recipe(demo, tmp_path):
    from PIL import Image, PngImagePlugin

    with Image.open(figure(demo)) as image:
        info = PngImagePlugin.PngInfo()
        for key, text in image.text.items():
            info.add_text(key, text)
        image.convert("L").save(tmp_path / "grey.png", pnginfo=info)
    told = demo.json("lineage", tmp_path / "grey.png")
    assert sum(member["kind"] == "run" for member in told["members"]) == 30


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        ("nothing.dat", "no file, run or content on record fits 'nothing.dat'"),
        ("ab" * 32, "no run on record has content abababababab"),
        ("whence.toml", "is not as any run on record put it out or took it in"),
        ("sim_12:nothing", "has no artifact 'nothing'"),
    ],
)
def test_what_is_not_on_record_is_said(demo, thing, says):
    done = demo("lineage", thing, check=False)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_forms(demo, tmp_path):
    name = figure(demo)
    assert demo("lineage", name, "--mermaid").stdout.startswith("flowchart LR\n")
    assert demo("lineage", name, "--dot").stdout.startswith("digraph lineage {\n")
    prov = json.loads(demo("lineage", name, "--prov").stdout)
    assert len(prov["activity"]) == 31
    page = tmp_path / "page.html"
    assert demo("lineage", name, "--html", page).stdout == ""
    text = page.read_text()
    assert "http://www.w3.org/2000/svg" in text  # a name, not an address that is asked
    assert "<link" not in text
    assert " src=" not in text
    done = demo("lineage", name, "--html", tmp_path / "no" / "page.html", check=False)
    assert done.returncode == 2
    assert "cannot write" in done.stderr


def test_trace_tells_the_generations_above(demo):
    told = demo.json("trace", figure(demo))
    near, far = told["generations"]
    assert [group["kind"] for group in near] == ["evaluation"]
    assert [(group["what"], len(group["runs"])) for group in far] == [
        ("30 runs of my_simulation", 30)
    ]
    assert "30 runs of my_simulation" in demo("trace", figure(demo)).stdout


def test_trace_answers_for_files_in_a_directory_on_record(whence, tmp_path):
    (tmp_path / "save.py").write_text(
        "from pathlib import Path\nimport whence\n"
        "folder = Path('system')\n(folder / 'inner').mkdir(parents=True)\n"
        "for number in range(5):\n"
        "    (folder / 'inner' / f'{number}.dat').write_text(f'part {number}')\n"
        "with whence.Run() as run:\n"
        "    run.init('saved')\n"
        "    run.save_directory(folder, 'output')\n"
    )
    whence("init")
    whence("run", "--", sys.executable, "save.py")
    shutil.copy(tmp_path / "system/inner/3.dat", tmp_path / "copy")
    told = whence.json("trace", "copy")
    assert told["known"]
    assert len(told["runs"]) == 1
    assert whence("lineage", "copy").stdout.splitlines()[1] == "was put out by"
    whole = whence("lineage", "system").stdout.splitlines()
    assert whole[:2] == ["5 × *.dat: 0.dat … 4.dat", "was put out by"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").write_text("unheard of")
    assert "or any file in it" in whence("lineage", "other", check=False).stderr
    assert whence.json("trace", "system")["runs"] == told["runs"]


def test_ro_crate(demo, tmp_path):
    out = tmp_path / "crate.zip"
    licence = "https://spdx.org/licenses/CC-BY-4.0"
    told = demo.json(
        "export", "--ro-crate", "sim_12", "plots of my_simulation", "-o", out, "--license", licence
    )
    assert told["records"] == 2
    assert told["missing"] == []
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        metadata = json.loads(archive.read("ro-crate-metadata.json"))
        names = set(archive.namelist())
    assert len(names) == told["contents"] + 1
    assert metadata["@context"] == [
        "https://w3id.org/ro/crate/1.1/context", {"sha256": "http://schema.org/sha256"}
    ]  # fmt: skip
    entities = {entity["@id"]: entity for entity in metadata["@graph"]}
    assert len(entities) == len(metadata["@graph"])
    root = entities["./"]
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert entities["ro-crate-metadata.json"]["conformsTo"] == {
        "@id": "https://w3id.org/ro/crate/1.1"
    }
    assert {"@type", "name", "description", "datePublished", "license", "hasPart"} <= root.keys()
    assert root["license"] == {"@id": licence}
    assert {part["@id"] for part in root["hasPart"]} == names - {"ro-crate-metadata.json"}
    actions = [entity for entity in metadata["@graph"] if entity["@type"] == "CreateAction"]
    assert {action["name"] for action in actions} == {
        "my_simulation/sim_12",
        "plots of my_simulation",
    }
    (simulation,) = [action for action in actions if action["name"] == "my_simulation/sim_12"]
    assert {"instrument", "object", "result", "startTime", "endTime", "agent"} <= simulation.keys()
    values = {
        entities[part["@id"]]["name"]: entities[part["@id"]].get("value")
        for part in simulation["object"]
    }
    assert values["seed"] == 0
    results = [entities[part["@id"]] for part in simulation["result"]]
    assert {"data.h5", "params.yml"} <= {result["name"] for result in results}
    assert all(result["sha256"] for result in results)
    # The data is one file in the crate, put out by one run and taken in by the other.
    (plots,) = [action for action in actions if action is not simulation]
    taken = {part["@id"] for part in plots["object"]}
    assert taken & {result["@id"] for result in results}
    for entity in metadata["@graph"]:
        assert entity["@type"]
        told = {key: value for key, value in entity.items() if key not in ("@id", "conformsTo")}
        outside = [one for one in _named(told) if one not in entities]
        assert all(one.startswith("http://schema.org/") for one in outside), outside


def _named(value):
    """Every ``@id`` that an entity refers to."""
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _named(item)


def test_the_terms_of_a_crate(demo, tmp_path):
    out = tmp_path / "crate.zip"
    orcid = "https://orcid.org/0000-0002-1825-0097"
    demo(
        "export", "--ro-crate", "sim_12", "-o", out, "--title", "Walks", "--license", "CC-BY-4.0",
        "--author", f"Josiah Carberry <{orcid}>", "--author", "Ada", "--description", "Random.",
    )  # fmt: skip
    with zipfile.ZipFile(out) as archive:
        graph = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
    entities = {entity["@id"]: entity for entity in graph}
    root = entities["./"]
    assert (root["name"], root["description"]) == ("Walks", "Random.")
    assert root["license"] == {"@id": "https://spdx.org/licenses/CC-BY-4.0"}
    assert entities[root["license"]["@id"]]["name"] == "CC-BY-4.0"
    assert [entities[one["@id"]]["name"] for one in root["author"]] == ["Josiah Carberry", "Ada"]
    assert entities[orcid]["@type"] == "Person"


def test_a_crate_of_nothing_is_refused(demo, tmp_path):
    for words in ([], ["no such run"]):
        done = demo("export", "--ro-crate", *words, "-o", tmp_path / "c.zip", check=False)
        assert done.returncode == 2
    assert not (tmp_path / "c.zip").exists()
    assert demo("export", "--ro-crate", "sim_12", check=False).returncode == 2
