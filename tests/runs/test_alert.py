import math
import threading

import pytest

from whence.base.error import UserError
from whence.runs import Run


def alerts_of(store, run):
    return {a["name"]: a["status"] for a in store.index().state(run.id)["alerts"].values()}


def threshold(run, **choices):
    given = {"name": "hot", "metric": "T", "threshold": 10, "rule": "is above"} | choices
    return run.create_metric_threshold_alert(**given)


@pytest.mark.parametrize(
    ("choices", "values", "state"),
    [
        ({}, [1, 2, 27], "ok"),  # their average is 10
        ({}, [1, 2, 28], "critical"),
        ({"aggregation": "sum"}, [5, 5, 1], "critical"),
        ({"aggregation": "at least one"}, [1, 1, 11], "critical"),
        ({"aggregation": "all"}, [11, 12, 9, 13], "ok"),
        ({"rule": "is below"}, [11, 12], "ok"),
        ({"rule": "is below"}, [9], "critical"),
        ({"metric": "T/*"}, [11], None),
    ],
)
def test_a_threshold_is_looked_at_over_the_window(store, choices, values, state):
    run = Run(store).init()
    threshold(run, frequency=0, **choices)
    for value in values:
        run.log_metrics({"T": value})
    assert alerts_of(store, run) == {"hot": state}


@pytest.mark.parametrize(
    ("rule", "value", "state"),
    [
        ("is inside range", 2.0, "critical"),
        ("is inside range", 4.0, "ok"),
        ("is outside range", 2.0, "ok"),
        ("is outside range", 0.5, "critical"),
        ("is outside range", math.nan, "critical"),
    ],
)
def test_a_range(store, rule, value, state):
    run = Run(store).init()
    run.create_metric_range_alert(name="r", metric="x/*", range_low=1, range_high=3, rule=rule)
    run.log_metrics({"x/a": value, "y": 2.0})
    assert alerts_of(store, run) == {"r": state}


def test_values_leave_the_window_and_a_state_holds_for_its_frequency(store):
    run = Run(store).init()
    threshold(run, window=2, frequency=1)
    seen = []
    for minute, value in [(0, 50), (0.5, 0), (0.6, 0), (1.1, 0), (2.5, 0), (3, 0), (3.1, 90)]:
        run.log_metrics({"T": value}, timestamp=1e9 + 60 * minute)
        seen.append(alerts_of(store, run)["hot"])
    assert seen == [*["critical"] * 4, "ok", "ok", "critical"]


def test_infinities_pass_through_a_window_and_leave_no_trace(store):
    run = Run(store).init()
    threshold(run, window=1, frequency=0)
    for minute, value in [(0, math.inf), (0.1, -math.inf), (2, 10**400), (5, 1.0), (5.1, 100.0)]:
        run.log_metrics({"T": value}, timestamp=1e9 + 60 * minute)
    assert alerts_of(store, run) == {"hot": "critical"}


def test_an_alert_ends_the_run_and_calls_back(store):
    told = []
    run = Run(store, abort_callback=lambda run: told.append(run.status)).init()
    run.add_process("sleeper", "sleep", "600")
    threshold(run, trigger_abort=True, callback=lambda alert: told.append(alert.name))
    run.log_metrics({"T": 1.0})
    run.log_metrics({"T": 100.0})
    assert told == ["hot", "terminated"]
    with pytest.raises(UserError, match="the alert 'hot' is critical"):
        run.log_metrics({"T": 1.0})
    state = store.index().state(run.id)
    assert state["status"] == "terminated"
    assert state["error"]["message"] == "the alert 'hot' is critical"
    assert run.wait_for_processes(120)["sleeper"] < 0


def test_an_alert_can_be_ignored(store):
    run = Run(store).init().config(abort_on_alert="ignore")
    threshold(run, trigger_abort=True)
    run.log_metrics({"T": 100.0})
    assert not run.ended
    assert alerts_of(store, run) == {"hot": "critical"}


def test_events_and_the_user_raise_alerts(store):
    run = Run(store).init()
    run.create_event_alert(name="nan", pattern="NaN", frequency=0)
    key = run.create_user_alert(name="mine", description="by hand")
    run.log_event("all well")
    assert alerts_of(store, run) == {"nan": "ok", "mine": None}
    run.log_event("a NaN came")
    run.log_alert(key, state="critical")
    assert alerts_of(store, run) == {"nan": "critical", "mine": "critical"}
    run.log_alert(name="mine", state="ok")
    assert alerts_of(store, run)["mine"] == "ok"


def test_alerts_of_other_runs_are_known_by_id_and_name(store):
    first = Run(store).init()
    key = threshold(first, attach_to_run=False)
    first.create_user_alert(name="mine")
    first.log_metrics({"T": 100.0})
    assert alerts_of(store, first) == {"hot": None, "mine": None}
    second = Run(store).init()
    second.add_alerts(ids=[key], names=["mine"])
    second.log_metrics({"T": 100.0})
    assert alerts_of(store, second) == {"hot": "critical", "mine": None}
    assert threshold(second) == key  # the same alert is not made twice


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda run: threshold(run, rule="is abov"), "is above"),
        (lambda run: threshold(run, threshold="high"), "high"),
        (lambda run: threshold(run, window=0), "window"),
        (lambda run: threshold(run, agregation="sum"), "aggregation"),
        (lambda run: threshold(run, name=""), "''"),
        (lambda run: threshold(run, notification="sms"), "sms"),
        (lambda run: run.create_event_alert(name="e", pattern=""), "''"),
        (lambda run: run.create_event_alert(name="e", pattern="x", window=3), "window"),
        (lambda run: run.add_alerts(names=["nobody"]), "nobody"),
        (lambda run: run.log_alert(name="hott"), "hot"),
        (lambda run: run.log_alert(name="hot"), "watches metrics"),
        (
            lambda run: run.create_metric_range_alert(
                name="r", metric="T", range_low=3, range_high=1, rule="is inside range"
            ),
            "empty",
        ),
    ],
)
def test_what_cannot_be_an_alert_is_refused_and_changes_nothing(store, call, named):
    run = Run(store).init()
    threshold(run)
    before = store.index().state(run.id)["alerts"]
    with pytest.raises(UserError) as refused:
        call(run)
    assert named in str(refused.value)
    assert store.index().state(run.id)["alerts"] == before


def test_alerts_are_taken_up_when_a_run_is_reconnected(store):
    run = Run(store).init()
    threshold(run, frequency=0)
    run.log_metrics({"T": 100.0})
    run.close()
    again = Run(store).reconnect(run.id)
    again.log_metrics({"T": 1.0})
    assert alerts_of(store, run) == {"hot": "ok"}


def test_threads_may_log_at_once(store):
    run = Run(store).init()
    threshold(run, aggregation="at least one", window=1e6, frequency=0)

    def work():
        for _ in range(200):
            run.log_metrics({"T": 1.0})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alerts_of(store, run) == {"hot": "ok"}
