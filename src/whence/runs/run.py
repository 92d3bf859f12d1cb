"""The live run: what one execution puts on record while it goes on."""

from __future__ import annotations

import os
import signal
import time as clock
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, Self, Unpack, cast

from whence.base.error import UserError
from whence.base.escape import decode, encode
from whence.formats import Listener, listen
from whence.runs.alert import Alert, Choices, State, event_alert, metric_alert, user_alert
from whence.runs.code import Code
from whence.runs.entry import Given, enter, patterns, store_of, warn_edited
from whence.runs.fact import (
    ENDS,
    NOTIFICATIONS,
    abort_facts,
    again,
    ending_of,
    folder_of,
    metadata_of,
    one_of,
    parameters_of,
    seconds_of,
    tags_of,
    text_of,
    unless,
    visibility_of,
)
from whence.runs.keeper import Charge, keeper_of
from whence.runs.launcher import Launcher, Program, Trigger, failure
from whence.runs.log import Log
from whence.runs.metric import Meter
from whence.runs.origin import Origin
from whence.runs.rank import rank
from whence.runs.reading import Reading
from whence.runs.setting import OnAlert, Settings, changed, forgive, silence
from whence.runs.watch import Watch, known_alert
from whence.store import Store, enclosing_run, tables, this_process
from whence.store.abort import withdraw


class Run(Log):
    """One execution on record.

    Every call writes before it returns: what it acknowledged survives the death of the process.
    A call that raises has recorded nothing and harms nothing.

    Parameters
    ----------
    store : Store or path-like, optional
        A store, a project folder or its ``.whence``; if not given, the one found upward from the
        working directory, or a new one.
    mode : str
        ``online`` and ``offline`` are the same while no server is configured: the local store.
        ``disabled`` records nothing and costs nothing.
    ranks : str
        Of processes that MPI or Slurm started together, the ``first`` records and the others do
        nothing; with ``all`` each makes a run of its own.
    abort_callback : callable, optional
        Called with the run when it is aborted.

    Examples
    --------
    >>> with Run(store) as run:  # doctest: +SKIP
    ...     run.init("melt", parameters={"T": 1.2, "rho": 0.8}, tags=["first try"])
    ...     for step in range(100):
    ...         run.log_metrics({"energy": -1.0 / (step + 1)})
    ...     run.save_file("trajectory.nc")
    """

    def __init__(
        self,
        store: Store | str | os.PathLike[str] | None = None,
        *,
        mode: Literal["online", "offline", "disabled"] = "online",
        ranks: Literal["first", "all"] = "first",
        abort_callback: Callable[[Run], object] | None = None,
    ) -> None:
        one_of(mode, ("online", "offline", "disabled"), "mode")
        one_of(ranks, ("first", "all"), "choice of ranks")
        mine = rank() if ranks == "first" else None
        self._silent = mode == "disabled" or (mine is not None and mine.number > 0)
        self._settings = Settings()
        self._launcher: Launcher | None = None
        self._guest = False
        self._on_abort = abort_callback
        self._heed: Callable[[], object] | None = None
        self._parent: str | None = None
        self._reading: Reading | None = None
        self._heard_before: Listener | None = None
        super().__init__(cast("Store", None) if self._silent else store_of(store))
        if self._silent:
            silence(self)

    def __repr__(self) -> str:
        told = (
            (self._id or "not begun", self.name, self.status) if not self._silent else ("disabled",)
        )
        return f"<Run {' '.join(filter(None, told))}>"

    @property
    def id(self) -> str:
        """The run id; empty where nothing is recorded.

        A run that was not begun, in a process that a recorded run has started, is that run.

        Raises
        ------
        UserError
            If neither `init` nor `reconnect` was called, and there is no such run.
        """
        if self._silent:
            return ""
        if self._id is None and enclosing_run(self.store.root):
            self.reconnect()
        return super().id

    def init(
        self,
        name: str | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Iterable[str] | None = None,
        folder: str | None = "/",
        description: str | None = None,
        notification: Literal["none", "all", "error", "lost"] = "none",
        running: bool = True,
        retention_period: str | float | None = None,
        timeout: float | None = 180,
        visibility: Literal["public", "tenant"] | Iterable[str] | None = None,
        no_color: bool = False,
        record_shell_vars: Iterable[str] | None = None,
        origin: Origin | None = None,
    ) -> Self:
        """Put the run on record and start it.

        Parameters
        ----------
        name : str, optional
            Any text. Names need not be unique; ids are.
        parameters, params : mapping, optional
            What the run was given, nested as you like: two spellings of one thing.
        metadata : mapping, optional
            What else is to be known.
        tags : iterable of str
            Words to find it by.
        folder : str
            Groups runs, like ``/melt/first``.
        description : str, optional
            Text for people.
        notification : str
            About what a server is to send mail; recorded, without effect in a local store.
        running : bool
            Whether it starts now; else it is ``created`` until `set_status` says more.
        retention_period : str or float, optional
            How long a server is to keep it, like ``"30 days"``, or in seconds; recorded, without
            effect in a local store.
        timeout : float, optional
            Seconds without a heartbeat until a server calls it lost; recorded, without effect in
            a local store, which looks at the process itself.
        visibility : str or list of str, optional
            Who may see it on a server: ``public``, ``tenant`` or names of users; recorded, without
            effect in a local store.
        no_color : bool
            Taken for the sake of Simvue's users; whence prints nothing here.
        record_shell_vars : iterable of str, optional
            Names or patterns of environment variables to record beside the usual ones. Names of
            secrets are refused.
        origin : Origin, optional
            Who started it, where that is not the user's own script.

        Returns
        -------
        Run
            The run itself.

        Raises
        ------
        UserError
            If it has begun already, or a value cannot be recorded; then nothing is recorded.
        """
        if self._id is not None:
            raise UserError.of(
                "run-begun", f"this run has begun already as {self._id}", mend="Make another Run()."
            )
        origin = origin or Origin()
        if parameters is not None and params is not None:
            raise UserError.of(
                "given-twice",
                "parameters and params are two spellings of one thing",
                mend="Give only one.",
            )
        given = parameters if parameters is not None else params
        now, parent = clock.time(), origin.parent or enclosing_run(self.store.root)
        if os.environ.get("WHENCE_REPEATS"):
            name = again(name)
        facts = {
            "kind": origin.kind,
            "name": text_of(name, "name"),
            "folder": folder_of(folder),
            "description": text_of(description, "description"),
            "status": "running" if running else "created",
            "params": encode(parameters_of(given), ("parameters",)),
            "created": now,
            "started": now if running else None,
            "parent": parent,
            "repeats": os.environ.get("WHENCE_REPEATS") or None,
            "notification": unless(one_of(notification, NOTIFICATIONS, "notification"), "none"),
            "retention": seconds_of(retention_period, "retention period"),
            "timeout": unless(seconds_of(timeout, "timeout"), 180.0),
            "visibility": encode(visibility_of(visibility)),
        }
        told = Given(facts, metadata_of(metadata), tags_of(tags), patterns(record_shell_vars))
        entry = enter(self.store, told, origin)
        self._id, self.dir, self._tags = entry.id, entry.dir, set(told.tags)
        self.name, self.status, self._started = name, str(facts["status"]), now
        self._parent = parent
        self._tend()
        return self

    def reconnect(self, run_id: str | None = None) -> Self:
        """Go on with a run that is on record.

        Parameters
        ----------
        run_id : str, optional
            Its id; if not given, the run that this process belongs to (``WHENCE_RUN``, as `whence
            run` and sweeps tell what they start), if that is in the same store. It is ended by
            whoever started it, never by closing it here.

        Raises
        ------
        UserError
            If there is no such run, or this one has begun already.
        """
        if self._id is not None:
            raise UserError.of("run-begun", f"this run has begun already as {self._id}")
        around = enclosing_run(self.store.root)
        if run_id is None or run_id == around:
            if not around:
                raise UserError.of(
                    "no-run",
                    "reconnect to which run?",
                    mend="Give its id; a process that no recorded run has started knows none.",
                )
            self._id, self._guest, self.status = around, True, "running"
            self._started = float(os.environ.get("WHENCE_STARTED") or clock.time())
            return self
        self._take_up(self.store.index().state(run_id))
        return self

    def _take_up(self, state: Mapping[str, Any]) -> None:
        now = clock.time()
        self._id, self.name, self.status = state["id"], decode(state.get("name")), "running"
        self._started, self._parent = state.get("started") or now, state.get("parent")
        withdraw(self.store.files, self.store.root, self.id)
        if state.get("dir"):
            self.dir = self.store.project / str(decode(state["dir"]))
        last = max((int(table.step.max()) for table in tables(self.store, self.id)), default=-1)
        self._meter = Meter(self.store, self.id, self._started, max(last, -1) + 1)
        self._tags = set(state.get("tags") or ())
        facts = {"status": "running", "started": self._started, "process": this_process()}
        self._append("set", {"f": facts}, sync=True)
        if state.get("alerts"):
            self._watched().resume(state["alerts"])
        self._tend()

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
        found = [known_alert(self.store, watch, one, None) for one in ids or ()]
        found += [known_alert(self.store, watch, None, one) for one in names or ()]
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
        env: Mapping[str, str] | None = None,
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
            Further environment variables; where it runs.
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
        """Wait for the programs; gives the exit status of those that have ended, by identifier."""
        return self._launcher.wait(timeout) if self._launcher is not None else {}

    def set_status(self, status: str) -> None:
        """Say how the run stands: ``running``, ``completed``, ``failed`` or ``terminated``."""
        if status == "running":
            self._started, self._why = clock.time(), ""
            self._append("set", {"f": {"status": status, "started": self._started}}, sync=True)
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
        self._append("set", {"f": told}, sync=True)
        self.status = told["status"]

    def warn_edited(self, code: Code) -> None:
        """Note the files of code that were edited after this process may have read them."""
        warn_edited(self.store, self.id, code)

    def __enter__(self) -> Self:
        if not self._silent:
            self._reading = Reading(self)
            self._heard_before = listen(self._reading)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._reading is not None:
            listen(self._heard_before)
            self._reading.flush()
        if self._id is None or self.status in ENDS:
            return
        if error is None:
            self.close()
        elif self._guest:
            self.log_event(f"{type(error).__name__}: {error}", "error")
        else:
            self.fail(error)

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
