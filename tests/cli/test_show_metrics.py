"""`whence show` with metrics."""

import math

import numpy as np
import pytest

from whence.app.client import Client
from whence.records import RecordStoreView
from whence.runs import Run
from whence.store import Store


@pytest.fixture
def melt(whence, monkeypatch):
    """The record of a run with metrics of every kind."""
    monkeypatch.setenv("WHENCE_CACHE", str(whence.cache))
    run = Run(Store.create(whence.cwd))
    run.config(disable_resources_metrics=True)
    run.init("melt")
    run.set_metric_units("energy", "kJ/mol")
    for i in range(80):
        run.log_metrics({"energy": -1.0 / (i + 1), "wave": math.sin(i / 10)}, timestamp=float(i))
    run.log_metrics({"rate": math.nan, "field": np.zeros((2, 2))}, timestamp=7.0)
    run.close()
    run.store.writer().close()
    return whence


def rows(text: str) -> list[str]:
    return [row.rstrip() for row in text.splitlines() if not row.startswith("resources/")]


def test_the_page_draws_their_course(melt):
    page = rows(melt("show", "melt").stdout)
    (energy,) = [row for row in page if row.startswith("energy")]
    assert energy.split() == [
        "energy",
        "▁▅▆▇▇▇▇" + "█" * 33,
        "-0.0125",
        "kJ/mol",
        *["-1", "to", "-0.0125,", "80", "values"],
    ]
    assert "field   1 array" in page
    assert [row.split() for row in page if row.startswith("rate")] == [
        ["rate", "nan", "1", "value"]
    ]


def test_the_unit_one_is_not_written_beside_a_number(whence, monkeypatch):
    monkeypatch.setenv("WHENCE_CACHE", str(whence.cache))
    with Run(Store.create(whence.cwd)) as run:
        run.config(disable_resources_metrics=True)
        run.init("one")
        run.set_metric_units("share", "1")
        run.log_metrics({"share": 0})
    run.store.writer().close()
    (share,) = (row for row in rows(whence("show", "one").stdout) if row.startswith("share  "))
    assert share.split() == ["share", "0", "1", "value"]
    assert whence.json("show", "one")["metrics"]["share"]["unit"] == "1"
    assert ">0</td>" in RecordStoreView(run.store).latest._repr_html_()


def test_the_table_tells_figures(melt):
    assert rows(melt("show", "melt", "--metrics").stdout) == [
        "metric    count       last  step         min        max      average  unit",
        "energy       80    -0.0125    79          -1    -0.0125  -0.06206849  kJ/mol",
        "wave         80  0.9989413    79  -0.9999233  0.9995736    0.1368847",
        "rate          1        nan    80         nan        nan          nan",
        "field   1 array",
    ]


def test_json_tells_counts_and_last_values(melt):
    told = melt.json("show", "melt")["metrics"]
    assert told["energy"] == {
        "count": 80,
        "arrays": 0,
        "unit": "kJ/mol",
        "min": -1.0,
        "max": -0.0125,
        "average": pytest.approx(-0.0620684905),
        "last": -0.0125,
        "step": 79,
        "timestamp": "1970-01-01T00:01:19.000000Z",
    }
    assert told["rate"]["last"] == {"$float": "nan"}
    assert told["field"] == {"count": 0, "arrays": 1, "unit": None}


def test_a_list_has_them_as_columns(melt):
    melt("run", "--name", "bare", "--", "true")
    listed = melt("list", "--columns", "name,metrics.energy,metrics.energy.min,metrics.rate")
    assert [row.split() for row in listed.stdout.splitlines()] == [
        ["name", "energy", "energy.min", "rate"],
        ["bare", "–", "–", "–"],
        ["melt", "-0.0125", "-1", "nan"],
    ]
    assert listed.stderr == ""
    added = melt("list", "melt", "--columns", "+metrics.energy").stdout.splitlines()
    assert added[0].split()[-2:] == ["created", "energy"]
    _, told = melt.json("list", "--columns", "metrics.energy,metrics.energy.max,name")
    shown = melt.json("show", "melt")["metrics"]["energy"]
    del shown["arrays"]
    assert told["metrics"] == {"energy": shown}
    assert "metrics" not in melt.json("list", "--columns", "name")[0]


def test_a_metric_that_no_run_listed_has_is_told(melt):
    listed = melt("list", "--columns", "name,metrics.enrgy")
    assert listed.stderr.startswith("No run listed has numbers of a metric 'enrgy'. Did you mean")
    assert "'energy'" in listed.stderr
    assert listed.stdout.split() == ["name", "enrgy", "melt", "–"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("metrics.energy < 0",), "asked for"),
        (("metrics.energy exists",), "asked for"),
        (("--sort", "-metrics.energy"), "sorted"),
    ],
)
def test_runs_are_not_found_by_metrics_and_the_error_says_what_to_do(melt, words, what):
    done = melt("list", *words, check=False)
    assert done.returncode == 2
    assert f"runs cannot be {what} by their metrics" in done.stderr
    assert "run.update_metadata({'energy': value})" in done.stderr
    frame = Client(Store.open(melt.cwd)).get_runs(metrics=True, output_format="dataframe")
    assert frame["metrics.energy.last"].tolist() == [-0.0125]


def test_metadata_may_be_called_as_metrics_are(melt, monkeypatch):
    with Run(Store.open(melt.cwd)) as run:
        run.init("odd", metadata={"metrics": {"energy": 3}})
    assert [one["name"] for one in melt.json("list", "metrics.energy > 2")] == ["odd"]


def test_a_run_without_any_says_so(whence):
    whence("init")
    whence("run", "--name", "quiet", "--", "true")
    done = whence("show", "quiet", "--metrics")
    assert not rows(done.stdout) or "resources" in done.stdout
    assert "metrics" in whence.json("show", "quiet")


def test_the_page_tells_metadata_events_and_resources(whence, monkeypatch):
    monkeypatch.setenv("WHENCE_CACHE", str(whence.cache))
    run = Run(Store.create(whence.cwd))
    run.config(disable_resources_metrics=True)
    run.init("melt")
    run.update_metadata({"mass": 3.5, "oven": {"kind": "arc"}})
    run.create_user_alert(name="too hot")
    for i in range(7):
        run.log_event(f"heated {i}")
    run.log_metrics({"resources/cpu": 1.0, "resources/memory": 2.0})
    run.close()
    run.store.writer().close()
    page = [" ".join(row.split()) for row in whence("show", "melt").stdout.splitlines()]
    assert "metadata.mass 3.5" in page
    assert "metadata.oven.kind arc" in page
    assert any(row.startswith("alert too hot") for row in page)
    assert "logged 7 events, the last of them:" in page
    assert page[-1] == "info heated 6"
    assert "info heated 1" not in page
    assert "and 2 metrics of the resources it used: --metrics" in page
    (alert,) = whence.json("show", "melt")["alerts"].values()
    assert alert["name"] == "too hot"


def test_a_sweep_shows_the_space_it_goes_through(whence):
    whence("init")
    writer = Store.open(whence.cwd).writer()
    dims = {"!sweep": {"default": 42, "values": list(range(10)), "order": {"$float": "inf"}}}
    params = {"seed": dims, "walk": {"step": {"!sweep": {"default": 1, "values": [0.1, 0.3]}}}}
    facts = {"name": "many", "kind": "sweep", "params": params}
    writer.append("set", "20231114T000000abcdefg", {"f": facts})
    writer.close()
    page = [" ".join(row.split()) for row in whence("show", "many").stdout.splitlines()]
    assert "seed 0, 1, …, 9 (10 values)" in page
    assert "walk.step 0.1, 0.3 (2 values)" in page
    assert "!sweep" not in "".join(page)


def test_infinite_and_huge_values_are_drawn_without_a_warning(whence, monkeypatch):
    monkeypatch.setenv("WHENCE_CACHE", str(whence.cache))
    run = Run(Store.create(whence.cwd))
    run.config(disable_resources_metrics=True)
    run.init("melt")
    for i in range(80):
        run.log_metrics({"huge": 1.7e308 * (-1) ** (i // 40), "inf": math.inf * (-1) ** i})
    run.close()
    run.store.writer().close()
    done = whence("show", "melt")
    assert not done.stderr
    (huge,) = [row for row in rows(done.stdout) if row.startswith("huge")]
    assert huge.split()[1] == "█" * 20 + "▁" * 20
