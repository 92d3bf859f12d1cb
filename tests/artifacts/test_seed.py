"""Every call that Simvue's documents on artifacts show, as spelled there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from whence.base.error import MissingExtraError
from whence.compat.simvue import Client, Run
from whence.store import Store

SYSTEM = [
    *("blockMeshDict", "controlDict", "fvSchemes", "fvSolution"),
    *("meshQualityDict", "snappyHexMeshDict", "surfaceFeaturesDict"),
]


def types(client: Client, run: Run) -> dict[str, str]:
    return {item.name: item.type for item in client.list_artifacts(run.id)}


def test_files(run: Run, client: Client, project: Path) -> None:
    (project / "data.png").write_bytes(b"\x89PNG")
    (project / "in.lj").write_text("units lj\n")
    run.save_file("data.png", "output")
    run.save_file("in.lj", "input", "text/plain")
    run.save_file("in.lj", "code", filetype="text/x-lammps")
    assert types(client, run) == {"data.png": "image/png", "in.lj": "text/x-lammps"}
    assert {item.type for item in client.list_artifacts(run.id, "input")} == {"text/plain"}


def test_names_of_files_keep_their_paths_if_wanted(run: Run, client: Client, project: Path) -> None:
    for group in ("group1", "group2"):
        (project / group).mkdir()
        (project / group / "file1").write_text(group)
    run.save_file("group1/file1", "input", preserve_path=True)
    run.save_file("./group2/../group2/file1", "input", preserve_path=True)
    run.save_file(project / "group1" / "file1", "output")
    run.save_file("group2/file1", "code", preserve_path_relative_to=project / "group2")
    run.save_file("group2/file1", "code", preserve_path_relative_to="cwd")
    assert [item.name for item in client.list_artifacts(run.id)] == [
        *("group1/file1", "group2/file1", "file1", "file1", "group2/file1")
    ]


def test_objects(run: Run, client: Client) -> None:
    array = np.array([1, 2, 3, 4, 5])
    run.save_object(array, "input", name="array")
    dictionary = {"key": "value"}
    run.save_object(object=dictionary, category="input", name="dictionary", allow_pickle=True)
    run.save_object(obj={1: (2,)}, category="input", name="other")
    my_array = client.get_artifact("run1", "array")
    np.testing.assert_array_equal(my_array, array)
    assert my_array.dtype == array.dtype
    assert client.get_artifact("run1", "dictionary", allow_pickle=True) == dictionary
    assert client.get_artifact("run1", "other") == {1: (2,)}


def test_tensors_and_state_dicts(run: Run, client: Client) -> None:
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0")
    pytest.importorskip("safetensors", reason="pip install 'whence[torch]'")
    model = torch.nn.Linear(2, 3)
    run.save_object(model.state_dict(), "output", name="model")
    run.save_object(torch.arange(3), "output", name="tensor")
    assert torch.equal(client.get_artifact("run1", "tensor"), torch.arange(3))
    found = client.get_artifact("run1", "model")
    assert all(torch.equal(found[key], item) for key, item in model.state_dict().items())


def test_tables(run: Run, client: Client) -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow", reason="pip install 'whence[parquet]'")
    frame = pd.DataFrame({"c": pd.Categorical(["x", "y"]), "i": np.array([1, 2], "i1")})
    run.save_object(frame, "output", name="table")
    pd.testing.assert_frame_equal(client.get_artifact("run1", "table"), frame)


def test_figures(run: Run, client: Client, project: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    graph = pytest.importorskip("plotly.graph_objects", reason="pip install 'whence[plotly]'")
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3])
    run.save_object(figure, "output", name="line")
    run.save_object(plt, "output", name="current")
    assert plt.gcf() is figure  # saving closes nothing
    plt.close(figure)
    image, axes = plt.subplots()
    axes.imshow(np.eye(3))  # Plotly's converter cannot
    run.save_object(image, "output", name="image")
    plt.close(image)
    plotly = graph.Figure(data=[graph.Scatter(x=[1, 2], y=[3, 4])])
    run.save_object(plotly, "output", name="plotly")
    assert types(client, run) == {
        "line": "image/png",
        "line.plotly.json": "application/vnd.plotly.v1+json",
        "current": "image/png",
        "current.plotly.json": "application/vnd.plotly.v1+json",
        "image": "image/png",
        "plotly": "application/vnd.plotly.v1+json",
    }
    assert client.get_artifact("run1", "plotly") == plotly
    assert list(client.get_artifact("run1", "line").data[0].y) == [1, 2, 3]
    assert client.get_artifact("run1", "image")[:4] == b"\x89PNG"
    picture = client.get_artifact_as_file("run1", "line", path=project / "got")
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_what_a_matplotlib_figure_comes_back_as_is_settled_when_it_is_saved(
    run: Run, client: Client, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    graph = pytest.importorskip("plotly.graph_objects", reason="pip install 'whence[plotly]'")
    line = Figure()
    line.subplots().plot([1, 2, 3])
    run.save_object(line, "output", name="with")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "plotly", None)
        run.save_object(line, "output", name="without")
        with pytest.raises(MissingExtraError, match="open_artifact give the picture 'with'"):
            client.get_artifact("run1", "with")
    told = {item.name: item.meta.get("plotly") for item in client.list_artifacts(run.id)}
    assert told == {"with": "with.plotly.json", "with.plotly.json": None, "without": None}
    assert isinstance(client.get_artifact("run1", "with"), graph.Figure)
    assert client.get_artifact("run1", "with.plotly.json") == client.get_artifact("run1", "with")
    pictures = [client.open_artifact("run1", name).read() for name in ("with", "without")]
    assert pictures[0] == pictures[1] == client.get_artifact("run1", "without")
    assert pictures[0][:4] == b"\x89PNG"


def test_directories(run: Run, client: Client, project: Path) -> None:
    (project / "system").mkdir()
    for name in SYSTEM:
        (project / "system" / name).write_text(f"FoamFile {name}")
    run.save_directory(directory="system", category="input", preserve_path=True)
    assert list(types(client, run)) == [f"system/{name}" for name in SYSTEM]
    run.save_directory("system", "code", "text/x-foam")
    kinds = {item.name: item.type for item in client.list_artifacts(run.id, "code")}
    assert kinds == dict.fromkeys(SYSTEM, "text/x-foam")
    client.get_artifacts_as_files(
        "run1", category="input", startswith="system/", path=str(project / "copy")
    )
    assert sorted(os.listdir(project / "copy" / "system")) == SYSTEM


def test_several_at_once(run: Run, client: Client, project: Path) -> None:
    (project / "file1").write_text("1")
    (project / "file2").write_text("2")
    (project / "directory1" / "inner").mkdir(parents=True)
    (project / "directory1" / "inner" / "file3").write_text("3")
    run.save_all(items=["file1", "file2", "directory1"], category="input", preserve_path=True)
    assert list(types(client, run)) == ["file1", "file2", "directory1/inner/file3"]


def test_getting_one_file(run: Run, client: Client, project: Path, tmp_path: Path) -> None:
    (project / "artifact_name").write_text("content")
    run.save_file("artifact_name", "output")
    os.unlink("artifact_name")
    found = client.get_artifact_as_file("run1", "artifact_name", path=str(tmp_path))
    assert found == tmp_path / "artifact_name"
    assert found.read_text() == "content"
    client.get_artifact_as_file(run.id, "artifact_name")
    assert Path("artifact_name").read_text() == "content"


def test_getting_many_files(run: Run, client: Client, project: Path) -> None:
    for name, category in (("a.csv", "output"), ("a.txt", "output"), ("b.csv", "input")):
        (project / name).write_text(name)
        run.save_file(name, category)
    get = client.get_artifacts_as_files

    def names(folder: str) -> list[str]:
        return sorted(os.listdir(folder))

    get("run1", path="all")
    assert names("all") == ["a.csv", "a.txt", "b.csv"]
    get("run1", category="input", path="input")
    assert names("input") == ["b.csv"]
    get("run1", endswith=".csv", output_dir="tables")
    assert names("tables") == ["a.csv", "b.csv"]
    get(run.id, "output", contains="txt", path="texts")
    assert names("texts") == ["a.txt"]


def test_simple_example(store: Store, client: Client, project: Path) -> None:
    """Outputs of one run are inputs of the next; no byte is stored or fetched twice."""
    with Run() as run:
        run.init("run1")
        run.save_object(np.arange(100_000), "output", name="guesses")
        (project / "closest.txt").write_text("1.5")
        run.save_file("closest.txt", "output")
    stored = size_of(store)

    # Download output files from previous run
    client = Client()
    client.get_artifacts_as_files("run1", category="output", path="data")
    before = {path: path.stat().st_mtime_ns for path in (project / "data").iterdir()}

    # Create a new run
    with Run() as run:
        run.init("run2")
        run.save_directory("data", category="input")

    assert size_of(store) == stored
    client.get_artifacts_as_files("run1", category="output", path="data")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    first = {item.name: item.digest for item in client.list_artifacts("run1", "output")}
    second = {item.name: item.digest for item in client.list_artifacts("run2", "input")}
    assert first == second
    np.testing.assert_array_equal(client.get_artifact("run2", "guesses"), np.arange(100_000))


def size_of(store: Store) -> int:
    return sum(
        path.stat().st_size
        for room in ("objects", "packs")
        for path in (store.root / room).rglob("*")
        if path.is_file()
    )
