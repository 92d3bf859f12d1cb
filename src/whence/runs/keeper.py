"""The one thread of a process that looks after its live runs: heartbeat, resources, late facts."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from whence.base.error import StoreError
from whence.runs.emission import Emission, Rates, tell_units
from whence.runs.parting import part
from whence.runs.resource import Probe
from whence.store import Store

Task = Callable[[], None]

BEAT = 60.0
"""Seconds between signs of life, and between looks at resources if nothing else is said."""

LOOK = 2.0
"""Seconds between looks whether somebody has asked for a run to end."""

_FIRST = 0.1  # seconds until the first look: shorter runs are spared it
_IDLE = 1.0  # seconds without runs until the thread ends
_PARTING = 2.0  # seconds that the end of the process waits for facts on their way
# These cannot begin a process once the script is over, which is when most tasks would run.
_NO_PROCESS_AT_EXIT = (3, 12) <= sys.version_info < (3, 12, 3)


@dataclass(slots=True)
class Charge:
    """A live run that is looked after.

    Attributes
    ----------
    run : str
        Its id.
    started : float
        When it started, in seconds since 1970-01-01 UTC.
    interval : float or None
        Seconds between looks at resources; None for no looks.
    pid : int
        The process whose tree is looked at.
    due : float
        When the next look is due, by the monotonic clock.
    parent : str or None
        The run that started it, whose end is asked for with its own.
    rates : Rates or None
        What the machine takes, where emissions are to be estimated.
    emission : Emission or None
        The estimate so far.
    asked : callable, optional
        Gives what to call with the reason when somebody asks for its end, if that is still there.
    thread : int
        The thread that it began in.
    """

    run: str
    started: float
    interval: float | None = BEAT
    pid: int = field(default_factory=os.getpid)
    due: float = 0.0
    parent: str | None = None
    rates: Rates | None = None
    emission: Emission | None = None
    asked: Callable[[], Callable[[str], None] | None] | None = None
    thread: int = field(default_factory=threading.get_ident)


class Keeper:
    """Looks after the live runs of one store in this process. Safe to use from any thread.

    Its thread lives while a run does, is never waited for when a run ends, and raises nothing:
    what it cannot do is left out.
    """

    def __init__(self, store: Store) -> None:
        self._store = weakref.ref(store)
        self._begin()
        _after_fork(weakref.ref(self))

    def _begin(self) -> None:
        self._condition = threading.Condition()
        self._charges: dict[str, Charge] = {}
        self._held: Store | None = None  # else it may go while runs live whose end is not told
        self._tasks: deque[Task] = deque()
        self._busy = False
        self._thread: threading.Thread | None = None
        self._wake = 0.0
        self._probes: dict[int, Probe] = {}
        self._told: set[str] = set()  # runs that are being told to end

    def tend(self, charge: Charge) -> None:
        """Look after a run from now on, or otherwise than before."""
        charge.due = time.monotonic() + _FIRST
        with self._condition:
            before = self._charges.get(charge.run)
            if charge.rates is not None:
                kept = before.emission if before and before.rates == charge.rates else None
                charge.emission = kept or Emission(charge.rates, charge.started)
            self._charges[charge.run] = charge
            self._held = self._store()
            self._rouse(charge.due)

    def leave(self, run: str) -> None:
        """Look after a run no longer."""
        with self._condition:
            if self._charges.pop(run, None) and not self._charges:
                self._held = None
                self._rouse(time.monotonic() + _IDLE)

    def charge(self, run: str) -> Charge | None:
        """What is known of a run that is looked after."""
        return self._charges.get(run)

    def latest(self) -> Charge | None:
        """The live run that this thread began last."""
        mine = [c for c in list(self._charges.values()) if c.thread == threading.get_ident()]
        return max(mine, key=lambda charge: charge.started, default=None)

    def soon(self, task: Task) -> None:
        """Have something done in the thread; what it raises is lost."""
        with self._condition:
            self._tasks.append(task)
            self._rouse(0.0)
        if _NO_PROCESS_AT_EXIT:
            self.settle()

    def settle(self, within: float = _PARTING) -> bool:
        """Wait until all tasks are done; False if that takes too long."""
        with self._condition:
            return self._condition.wait_for(lambda: not (self._tasks or self._busy), within)

    def part(self) -> None:
        """End the runs that nobody closed, as the process ends."""
        store = self._store()
        with self._condition:
            charges = list(self._charges.values())
        if store is None or not charges:
            return
        for charge in charges:
            asked = charge.asked() if charge.asked is not None else None
            part(store, charge.run, getattr(asked, "__self__", None))
        with contextlib.suppress(StoreError):
            store.writer().close()  # whose own end may have come before

    def _rouse(self, when: float) -> None:
        if self._thread is None:
            self._wake = when
            thread = threading.Thread(target=self._run, name="whence-keeper", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # Python 3.12 begins none once it ends: nothing is looked after
                self._tasks.clear()
                return
            self._thread = thread
        elif when < self._wake - _IDLE / 10:
            self._wake = when
            self._condition.notify_all()

    def _run(self) -> None:
        beat = time.monotonic() + BEAT
        look = time.monotonic() + LOOK
        idle = time.monotonic() + _IDLE
        while True:
            with self._condition:
                self._busy = False
                now = time.monotonic()
                if not self._tasks:
                    self._condition.notify_all()
                    if self._charges:
                        idle = now + _IDLE
                    elif now >= idle:
                        self._thread = None
                        return
                    due = [c.due for c in self._charges.values() if c.interval is not None]
                    self._wake = min([*due, beat, look]) if self._charges else idle
                    self._condition.wait(max(self._wake - now, 0.0))
                self._wake = 0.0  # awake: nobody need rouse it
                task = self._tasks.popleft() if self._tasks else None
                self._busy = task is not None
            if task is not None:
                with contextlib.suppress(Exception):  # facts that cannot be had are left out
                    task()
                task = None
            self._look()
            if time.monotonic() >= look:
                self._heed()
                look = time.monotonic() + LOOK
            if time.monotonic() >= beat:
                beat = time.monotonic() + BEAT
                self._beat()

    def _look(self) -> None:
        """Write down what runs that are due use now."""
        now = time.monotonic()
        with self._condition:
            due = [c for c in self._charges.values() if c.interval is not None and c.due <= now]
        store = self._store()
        if not due or store is None:
            return
        readings: dict[int, dict[str, float]] = {}
        for charge in due:
            assert charge.interval is not None
            charge.due = now + charge.interval
            with contextlib.suppress(Exception):  # of this run: the others are looked at
                if charge.pid not in readings:
                    probe = self._probes.setdefault(charge.pid, Probe(charge.pid))
                    readings[charge.pid] = probe.read()
                stamp = time.time()
                if readings[charge.pid] and charge.run in self._charges:
                    values = readings[charge.pid]
                    if charge.emission is not None:
                        if not charge.emission.total:
                            tell_units(store, charge.run)
                        values = {**values, **charge.emission.read(values, stamp)}
                    store.writer().metrics(charge.run, None, stamp - charge.started, stamp, values)

    def _heed(self) -> None:
        """Tell the runs that somebody has asked to end, or whose parents are asked to."""
        store = self._store()
        with self._condition:
            charges = list(self._charges.values())
        if store is None or not charges:
            return
        runs = {run for charge in charges for run in (charge.run, charge.parent) if run}
        why = store.asked_to_end(runs)
        for charge in charges if why else ():
            reason = why.get(charge.run) or why.get(str(charge.parent))
            told = charge.asked() if charge.asked is not None else None
            if reason is None or told is None or charge.run in self._told:
                continue
            self._told.add(charge.run)
            # In a thread of its own: it calls back, and waits for processes to end.
            threading.Thread(
                target=self._tell, args=(charge.run, told, reason), name="whence-end", daemon=True
            ).start()

    def _tell(self, run: str, told: Callable[[str], None], reason: str) -> None:
        try:
            told(reason)
        except Exception as error:  # what calls back is the user's
            logging.getLogger("whence").warning("the end of %s: %s", run, error)
        finally:
            self._told.discard(run)

    def _beat(self) -> None:
        store = self._store()
        if store is not None and self._charges:
            try:
                store.writer().beat()
            except Exception as error:  # the thread must outlive a file system that is full
                logging.getLogger("whence").warning("no sign of life could be written: %s", error)


def keeper_of(store: Store) -> Keeper:
    """The keeper of a store in this process."""
    with _LOCK:
        keeper = _KEEPERS.get(store)
        if keeper is None:
            keeper = _KEEPERS[store] = Keeper(store)
            atexit.register(_part, weakref.ref(keeper))
        return keeper


def live(store: Store) -> str | None:
    """The id of the live run that this thread began last, whichever object its store is."""
    with _LOCK:
        there = [(each, keeper) for each, keeper in _KEEPERS.items() if each.root == store.root]
    found = [charge for _, keeper in there if (charge := keeper.latest())]
    return max(found, key=lambda charge: charge.started).run if found else None


_KEEPERS: weakref.WeakKeyDictionary[Store, Keeper] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def _part(keeper: weakref.ref[Keeper]) -> None:
    there = keeper()
    if there is not None:
        there.settle()
        there.part()


def _after_fork(keeper: weakref.ref[Keeper]) -> None:
    """Let no fork happen while the thread holds the lock, and have the child begin anew."""

    def hold() -> None:
        there = keeper()
        if there is not None:
            there._condition.acquire()

    def release() -> None:
        there = keeper()
        if there is not None:
            there._condition.release()

    def renew() -> None:
        there = keeper()
        if there is not None:
            there._begin()

    os.register_at_fork(before=hold, after_in_parent=release, after_in_child=renew)
