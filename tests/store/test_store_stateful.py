"""Two stores that are written to, merged and cleaned up for months, against a plain-dict model."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from whence.base.digest import digest_bytes
from whence.store import Store, collect, merge
from whence.store.garbage import OLD
from whence.testing.fault import FaultyFiles

_STORES = st.sampled_from([0, 1])
_RUNS = st.sampled_from(["p", "q", "r"])
_SMALL = st.integers(0, 5).map(lambda i: b"content %d" % i)
_LARGE = st.integers(0, 2).map(lambda i: b"%d" % i * 70_000)


class Stores(RuleBasedStateMachine):
    """The model: what each store has heard of, of all that was ever said, in order."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        os.environ["WHENCE_CACHE"] = str(self.folder / "cache")
        self.ahead = 0.0
        self.files = FaultyFiles()
        self.files.clock = self.now
        for name in "ab":
            Store.create(self.folder / name)
        self.stores = [self.open(0), self.open(1)]
        self.said: list[tuple[str, str, Any, float]] = []
        self.heard: list[set[int]] = [set(), set()]
        self.final: list[set[str]] = [set(), set()]
        self.put: list[dict[bytes, float]] = [{}, {}]

    def now(self) -> float:
        return time.time() + self.ahead

    def open(self, which: int) -> Store:
        folder = self.folder / "ab"[which]
        return Store.open(folder, files=lambda shared: self.files, clock=self.now)

    def say(self, which: int, run: str, op: str, facts: Any) -> None:
        store = self.stores[which]
        store.writer().append(op, run, facts)
        self.heard[which].add(len(self.said))
        self.said.append((run, op, facts, self.now()))

    @rule(which=_STORES, run=_RUNS, name=st.sampled_from("xy"), value=st.integers(0, 9))
    def set(self, which: int, run: str, name: str, value: int) -> None:
        self.say(which, run, "set", {"f": {name: value}})

    @rule(which=_STORES, run=_RUNS, tag=st.sampled_from("ab"), add=st.booleans())
    def tag(self, which: int, run: str, tag: str, add: bool) -> None:
        self.say(which, run, "tags", {"add" if add else "remove": [tag]})

    @rule(which=_STORES, run=_RUNS, delete=st.booleans())
    def delete(self, which: int, run: str, delete: bool) -> None:
        self.say(which, run, "delete" if delete else "undelete", {})

    @rule(which=_STORES, run=_RUNS, data=_SMALL | _LARGE)
    def save(self, which: int, run: str, data: bytes) -> None:
        content = self.stores[which].writer().put(data)
        facts = {"name": "n", "category": "output", "digest": content.digest, "kept": content.kept}
        self.say(which, run, "artifact", facts)

    @rule(which=_STORES, data=_SMALL | _LARGE)
    def keep_unnamed(self, which: int, data: bytes) -> None:
        self.stores[which].writer().put(data)
        self.put[which][data] = self.now()

    @rule(which=_STORES)
    def close(self, which: int) -> None:
        self.stores[which].writer().close()

    @rule(which=_STORES)
    def another_process(self, which: int) -> None:
        self.stores[which].writer().close()
        self.stores[which].index().close()
        self.stores[which] = self.open(which)

    @rule(which=_STORES, thorough=st.booleans())
    def merge(self, which: int, thorough: bool) -> None:
        ours, theirs = self.stores[which], self.stores[1 - which]
        found = merge(ours, theirs, thorough=thorough)
        assert (found.conflicts, found.damaged) == ([], [])
        self.heard[which] |= self.heard[1 - which]
        self.final[which] |= self.final[1 - which]
        again = merge(ours, theirs, thorough=thorough)
        assert again.copies == []

    @rule(days=st.integers(1, 20))
    def wait(self, days: int) -> None:
        self.ahead += days * 86400.0

    @rule(which=_STORES, days=st.integers(8, 20), data=_SMALL | _LARGE)
    def weeks_of_many_processes(self, which: int, days: int, data: bytes) -> None:
        for run in ("p", "q"):
            self.save(which, run, data)
            self.another_process(which)
        self.wait(days)
        self.gc(which)

    @rule(which=_STORES)
    def gc(self, which: int) -> None:
        decided = collect(self.stores[which], act=False).plan
        done = collect(self.stores[which], act=True)
        assert done.problems == ()
        assert done.plan == decided
        for run, state in self.expected(which).items():
            if state["deleted"] and self.now() - state["since"] > OLD:
                self.final[which].add(run)
        assert set(decided.final) <= self.final[which]

    def expected(self, which: int) -> dict[str, dict[str, Any]]:
        runs: dict[str, dict[str, Any]] = {}
        for number in sorted(self.heard[which]):
            run, op, facts, at = self.said[number]
            empty = {"tags": set(), "deleted": False, "digests": {}, "since": 0.0}
            state = runs.setdefault(run, empty)
            if op == "set":
                state.update(facts["f"])
            elif op == "tags":
                state["tags"] |= {*facts.get("add", ())}
                state["tags"] -= {*facts.get("remove", ())}
            elif op == "artifact":
                state["digests"].pop(facts["digest"], None)
                state["digests"][facts["digest"]] = None
            else:
                state["deleted"], state["since"] = op == "delete", at
        return runs

    @invariant()
    def states_agree(self) -> None:
        for which, store in enumerate(getattr(self, "stores", ())):
            index = store.index()
            expected = self.expected(which)
            alive = {run for run, state in expected.items() if not state["deleted"]}
            assert set(index.ids()) == alive - self.final[which]
            for run, state in expected.items():
                got = index.state(run)
                if run in self.final[which]:
                    assert (got["deleted"], got["final"]) == (True, True)
                    continue
                assert got["tags"] == sorted(state["tags"])
                assert {name: got.get(name) for name in "xy"} == {n: state.get(n) for n in "xy"}
                digests = [item["digest"] for item in got["artifacts"]]
                assert digests == list(state["digests"]), (run, which)

    @precondition(lambda self: hasattr(self, "stores"))
    @invariant()
    def content_is_there(self) -> None:
        for which, store in enumerate(self.stores):
            for run, state in self.expected(which).items():
                if run not in self.final[which]:
                    for digest in state["digests"]:
                        assert digest_bytes(store.get(digest)) == digest
            for data, at in self.put[which].items():
                if self.now() - at < OLD - 60:
                    assert store.get(digest_bytes(data)) == data

    def teardown(self) -> None:
        if not hasattr(self, "stores"):
            return
        for store in self.stores:
            store.writer().close()
            report = store.verify()
            store.index().close()
            assert (report.corrupt, report.incomplete) == ([], [])
        shutil.rmtree(self.folder)


TestStores = Stores.TestCase
TestStores.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLongStores = pytest.mark.slow(type("TestLongStores", (Stores.TestCase,), {}))
TestLongStores.settings = settings(
    max_examples=300,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
