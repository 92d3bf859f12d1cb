"""How a run goes on and ends: the alerts it is watched for, the programs beside it, its status."""

from __future__ import annotations

import os
import signal
import time as clock
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Self, Unpack

from whence.base.error import StoreError
from whence.runs.alert import Alert, Choices, State, event_alert, metric_alert, user_alert
from whence.runs.code import Code
from whence.runs.entry import warn_edited
from whence.runs.fact import ENDING, ENDS, abort_facts, ending_of, one_of
from whence.runs.keeper import Charge, keeper_of
from whence.runs.launcher import Launcher, Program, Trigger, failure
from whence.runs.log import Log
from whence.runs.setting import OnAlert, Settings, changed, forgive
from whence.runs.watch import Watch, known_alert
from whence.store import Store


class Life(Log):
    """What `Run` can do with a run while it lives; `Run` itself begins it, or takes it up.

    Parameters
    ----------
    store : Store
        Where it is on record.
    on_abort : callable, optional
        Called with the run when it is aborted.
    """

    def __init__(self, store: Store, on_abort: Callable[[Any], object] | None = None) -> None:
        super().__init__(store)
        self._settings = Settings()
        self._launcher: Launcher | None = None
        self._guest = False
        self._on_abort = on_abort
        self._heed: Callable[[], object] | None = None
        self._parent: str | None = None

    def config(
        self,
        *,
        suppress_errors: bool = False,
        queue_blocking: bool | None = None,
        system_metrics_interval: float | None = None,
        enable_emission_metrics: bool | None = None,
        disable_resources_metrics: bool | None = None,
        storage_id: str | None = None,
        abort_on_alert: OnAlert | bool | None = None,
    ) -> Self:
        """Say how the run is to behave; what is not given stays as it is.

        Parameters
        ----------
        suppress_errors : bool
            Whether calls that fail log a warning (logger ``whence``) and go on, not raise.
        queue_blocking : bool, optional
            Without effect: every call writes before it returns.
        system_metrics_interval : float, optional
            Seconds between looks at what the process tree uses; 60 at first.
        enable_emission_metrics : bool, optional
            Whether each look also gives an estimate of energy and emissions; see
            `whence.runs.emission`, and ``WHENCE_CO2_INTENSITY`` and ``WHENCE_CPU_TDP`` there.
        disable_resources_metrics : bool, optional
            Whether no looks are taken.
        storage_id : str, optional
            Without effect: content goes to the store.
        abort_on_alert : str or bool, optional
            What an alert made with ``trigger_abort`` does: ``run`` ends the run (so it is at
            first), ``terminate`` this process too, ``ignore`` neither.
        """
        before = self._settings
        self._settings = changed(
            before,
            system_metrics_interval,
            enable_emission_metrics,
            disable_resources_metrics,
            abort_on_alert,
        )
        if self._settings != before and self._id is not None and not self._guest:
            self._tend()
        if suppress_errors:
            forgive(self)
        return self

    def set_pid(self, pid: int) -> None:
        """Look at what another process and its descendants use, in the place of this one."""
        self._tend(int(pid))

    def create_metric_threshold_alert(
        self,
        *,
        name: str,
        metric: str,
        threshold: float,
        rule: Literal["is above", "is below"],
        **choices: Unpack[Choices],
    ) -> str:
        """Watch for a metric above or below a threshold; gives the alert's id.

        Parameters
        ----------
        name : str
            What to call the alert.
        metric : str
            The metric, or a pattern like ``residual/*``.
        threshold : float
            The threshold.
        rule : str
            ``is above`` or ``is below``.
        **choices : Choices
            `window` and `frequency` in minutes, `aggregation`, `trigger_abort` and more: see
            `whence.runs.alert.Choices`.
        """
        one_of(rule, ("is above", "is below"), "rule")
        alert = metric_alert(name, metric, rule, (threshold, threshold), choices)
        return self._watched().add(alert, choices.get("attach_to_run", True))

    def create_metric_range_alert(
        self,
        *,
        name: str,
        metric: str,
        range_low: float,
        range_high: float,
        rule: Literal["is inside range", "is outside range"],
        **choices: Unpack[Choices],
    ) -> str:
        """Watch for a metric inside or outside of a range; otherwise as for a threshold."""
        one_of(rule, ("is inside range", "is outside range"), "rule")
        alert = metric_alert(name, metric, rule, (range_low, range_high), choices)
        return self._watched().add(alert, choices.get("attach_to_run", True))

    def create_event_alert(self, *, name: str, pattern: str, **choices: Unpack[Choices]) -> str:
        """Watch for a text in the messages of events; gives the alert's id."""
        alert = event_alert(name, pattern, choices)
        return self._watched().add(alert, choices.get("attach_to_run", True))

    def create_user_alert(self, *, name: str, **choices: Unpack[Choices]) -> str:
        """Make an alert that `log_alert` sets; gives its id."""
        alert = user_alert(name, choices)
        return self._watched().add(alert, choices.get("attach_to_run", True))

    def add_alerts(
        self, ids: Iterable[str] | None = None, names: Iterable[str] | None = None
    ) -> None:
        """Watch this run for alerts that were made before, in this or another run.

        Raises
        ------
        UserError
            If the store knows none of that id or name; then none is added.
        """
        watch = self._watched()
        found = [known_alert(self.store, watch, one, None) for one in _several(ids)]
        found += [known_alert(self.store, watch, None, one) for one in _several(names)]
        for alert in found:
            watch.add(alert)

    def log_alert(
        self,
        identifier: str | None = None,
        name: str | None = None,
        state: State = "critical",
    ) -> None:
        """Say how a user alert stands: ``ok`` or ``critical``."""
        one_of(state, ("ok", "critical"), "state")
        self._watched().say(identifier, name, state)

    def add_process(
        self,
        identifier: str,
        *cmd_args: object,
        executable: str | os.PathLike[str] | None = None,
        script: str | os.PathLike[str] | None = None,
        input_file: str | os.PathLike[str] | None = None,
        completion_callback: Callable[..., object] | None = None,
        completion_trigger: Trigger | None = None,
        env: Mapping[str, object] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        **cmd_kwargs: object,
    ) -> int:
        """Start an external program beside this one; gives its process id.

        What it prints, its exit status, script and input file are put on record. The run waits
        for it when it is closed, and fails if it does.

        Parameters
        ----------
        identifier : str
            What to call it within the run.
        *cmd_args : object
            Its arguments; the first is the program itself if `executable` is not given.
        executable, script, input_file : path-like, optional
            The program; the file it interprets; the file it reads: first on its command line.
        completion_callback : callable, optional
            Called as ``callback(status_code=..., std_out=..., std_err=...)``, in a thread.
        completion_trigger : event, optional
            Set when it has ended.
        env, cwd : optional
            Further environment variables, text or numbers; where it runs.
        **cmd_kwargs : object
            Options: ``n=4`` is ``-n 4``, ``dry_run=True`` is ``--dry-run``.

        Raises
        ------
        UserError
            If there is no such program or file; then nothing is started.
        """
        if self.status in ENDS:
            self._refuse()
        if self._launcher is None:
            self._launcher = Launcher(self)
        return self._launcher.start(
            Program(
                identifier,
                tuple(map(str, cmd_args)),
                executable,
                script,
                input_file,
                cmd_kwargs,
                env,
                cwd,
                completion_callback,
                completion_trigger,
            )
        )

    def kill_process(self, process_id: str | int) -> None:
        """End a program by its identifier or process id, and all that it has started."""
        (self._launcher or Launcher(self)).kill(process_id)

    def kill_all_processes(self) -> None:
        """End all programs that `add_process` has started."""
        if self._launcher is not None:
            self._launcher.kill_all()

    def wait_for_processes(self, timeout: float | None = None) -> dict[str, int]:
        """Wait for the programs; gives the exit status of those that have ended, by identifier.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait for all of them; as long as they take if not given.
        """
        return self._launcher.wait(timeout) if self._launcher is not None else {}

    def set_status(self, status: str) -> None:
        """Say how the run stands: ``running``, ``completed``, ``failed`` or ``terminated``."""
        if status == "running":
            self._started, self._why = clock.time(), ""
            facts = dict.fromkeys(ENDING) if self.status in ENDS else {}
            facts |= {"status": status, "started": self._started}
            self._append("set", {"f": facts}, sync=True)
            self.status = status
            self._tend()
            return
        self.end(ENDS[one_of(status, ("running", *ENDS), "status to set")], {})

    def abort(self, reason: str) -> None:
        """End the run as terminated: programs are killed, and the abort callback is called."""
        if self.status in ENDS or self._why:
            return
        self._why = reason
        self.log_event(f"aborted: {reason}", "critical")
        if self._heed is not None:
            self._heed()
            return
        self.kill_all_processes()
        if self._guest:  # the process that has the run ends it, and all that it has started
            self.status = "terminated"
            self.store.ask_to_end(self.id, {"reason": reason})
        else:
            self.end("terminated", {})
        if self._on_abort is not None:
            self._on_abort(self)

    @property
    def aborted(self) -> bool:
        """Whether it ends, or has ended, because it was aborted."""
        return bool(self._why)

    def heed(self, how: Callable[[], object]) -> None:
        """Have this done when the run is aborted; whoever waits for it to be done ends the run."""
        self._heed = how

    def _asked(self, reason: str) -> None:
        """Do as another process asks."""
        self.abort(reason)
        if self._heed is None and self._settings.on_alert == "terminate":
            os.kill(os.getpid(), signal.SIGTERM)

    def fail(self, error: BaseException) -> None:
        """End the run with what was raised: ``terminated`` by Ctrl-C, else ``failed``."""
        self.kill_all_processes()
        self.end(*ending_of(error))

    def close(self, facts: Mapping[str, Any] | None = None) -> None:
        """End the run, unless it has ended already: as completed, or failed if a process did.

        One that another process has is ended there; here its own processes are waited for.

        Parameters
        ----------
        facts : mapping, optional
            Further fields that are known only now, as they are written.
        """
        if self._id is None or self.status in ENDS:
            return
        self.wait_for_processes()
        if self._guest:
            return
        failed = self._launcher.failed() if self._launcher is not None else {}
        if failed:
            self.end("failed", {**failure(failed), **(facts or {})})
        else:
            self.end("completed", facts or {})

    def end(self, status: str, facts: Mapping[str, Any]) -> None:
        """End the run with a status and further fields, as they are written."""
        keeper_of(self.store).leave(self.id)
        told = {"status": status, "ended": clock.time(), **facts}
        if self._why:
            told |= abort_facts(self._why)
        try:
            self._append("set", {"f": told}, sync=True)
        except StoreError:
            self._tend()  # it lives on, and the end of the process will try again
            raise
        self.status = told["status"]

    def warn_edited(self, code: Code) -> None:
        """Note the files of code that were edited after this process may have read them."""
        warn_edited(self.store, self.id, code)

    def _watched(self) -> Watch:
        if self._watch is None:
            self._watch = Watch(lambda facts: self._append("alert", facts), self._alarm)
        return self._watch

    def _alarm(self, alert: Alert) -> None:
        if alert.callback is not None:
            alert.callback(alert)
        if alert.abort and self._settings.on_alert != "ignore":
            self.abort(f"the alert {alert.name!r} is critical")
            if self._settings.on_alert == "terminate":
                os.kill(os.getpid(), signal.SIGTERM)

    def _tend(self, pid: int | None = None) -> None:
        if self.status == "running" and not self._guest:
            known = pid or os.getpid()
            charge = Charge(self.id, self._started, self._settings.interval, known)
            charge.parent, charge.asked = self._parent, weakref.WeakMethod(self._asked)
            charge.rates = self._settings.rates
            keeper_of(self.store).tend(charge)


def _several(words: str | Iterable[str] | None) -> Iterable[str]:
    return (words,) if isinstance(words, str) else words or ()
