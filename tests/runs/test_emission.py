"""Energy and emissions, estimated from use, power and intensity that the user tells."""

import os
import time

import pytest

from whence.app.client import Client
from whence.base.error import UserError
from whence.runs import Run
from whence.runs.emission import UNITS, Emission, Rates
from whence.testing.point import points


def test_energy_is_power_by_time_and_adds_up():
    cores = os.cpu_count()
    emission = Emission(Rates(intensity=200.0, cpu=100.0, gpu=300.0), 1000.0)
    use = {
        "resources/cpu.usage.percentage": 50.0 * cores,  # half of the machine: 50 W
        "resources/gpu.utilisation.percent.0": 100.0,
        "resources/gpu.utilisation.percent.1": 50.0,  # 450 W
        "resources/gpu.utilisation.memory.1": 99.0,
    }
    first = emission.read(use, 1000.0 + 7200.0)
    assert first == pytest.approx(dict(zip(UNITS, (1.0, 1.0, 0.2, 0.2), strict=True)))
    second = emission.read({}, 1e6)
    assert second == pytest.approx(dict(zip(UNITS, (1.0, 0.0, 0.2, 0.0), strict=True)))
    third = emission.read(use, 1e6 + 720.0)
    assert third == pytest.approx(dict(zip(UNITS, (1.1, 0.1, 0.22, 0.02), strict=True)))
    assert emission.read(use, 0.0)["sustainability.energy_consumed.delta"] == 0.0


def test_a_run_tells_them_beside_what_it_uses(store, monkeypatch):
    monkeypatch.setenv("WHENCE_CO2_INTENSITY", "230")
    monkeypatch.setenv("WHENCE_CPU_TDP", "65")
    quiet = Run(store).config(system_metrics_interval=0.1).init()
    run = Run(store).config(system_metrics_interval=0.1, enable_emission_metrics=True).init()
    end = time.monotonic() + 120
    totals = [0.0]
    while len(totals) < 3 or not totals[-1]:
        assert time.monotonic() < end
        sum(range(1_000_000))  # what is looked at
        totals = [p.values["sustainability.emissions.total"] for p in points(store, run.id)] or [0]
    run.config(system_metrics_interval=0.2)
    run.close()
    quiet.close()
    found = [point.values for point in points(store, run.id)]
    totals = [values["sustainability.emissions.total"] for values in found]
    assert totals == sorted(totals)
    deltas = sum(values["sustainability.emissions.delta"] for values in found)
    assert deltas == pytest.approx(totals[-1])
    energy = found[-1]["sustainability.energy_consumed.total"]
    assert totals[-1] == pytest.approx(energy * 0.23)
    table = Client(store).get_metric_values(
        list(UNITS), run_ids=[run.id], output_format="dataframe", xaxis="time"
    )
    assert table.attrs["units"] == UNITS
    assert not any("emission" in name for point in points(store, quiet.id) for name in point.values)


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({}, "WHENCE_CO2_INTENSITY is not set"),
        ({"WHENCE_CO2_INTENSITY": "230"}, "WHENCE_CPU_TDP is not set"),
        ({"WHENCE_CO2_INTENSITY": "nan", "WHENCE_CPU_TDP": "65"}, "is 'nan'"),
        ({"WHENCE_CO2_INTENSITY": "230", "WHENCE_CPU_TDP": "-1"}, "is '-1'"),
    ],
)
def test_nothing_is_guessed(store, monkeypatch, told, wrong):
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    run = Run(store)
    with pytest.raises(UserError, match=wrong):
        run.config(enable_emission_metrics=True)
    run.init().close()
