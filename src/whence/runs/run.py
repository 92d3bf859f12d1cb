"""The live run: what one execution puts on record while it goes on."""

from __future__ import annotations

import os
import time as clock
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, Self, cast

from whence.base.error import UserError
from whence.base.escape import decode, encode
from whence.formats import Listener, listen
from whence.runs.default import Defaults, either
from whence.runs.entry import Given, enter, patterns, store_of
from whence.runs.fact import (
    ENDING,
    ENDS,
    MODES,
    NOTIFICATIONS,
    Mode,
    again,
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
from whence.runs.life import Life
from whence.runs.metric import Meter
from whence.runs.origin import Origin
from whence.runs.rank import rank
from whence.runs.reading import Reading
from whence.runs.setting import silence
from whence.store import Store, enclosing_run, tables, this_process
from whence.store.abort import withdraw


class Run(Life):
    """One execution on record.

    Every call writes before it returns: what it acknowledged survives the death of the process.
    A call that raises has recorded nothing and harms nothing.

    Parameters
    ----------
    store : Store or path-like, optional
        A store, a project folder or its ``.whence``; if not given, the one found upward from the
        working directory, or a new one. A word that is a mode is one, unless it is such a folder.
    mode : str, optional
        ``online`` and ``offline`` are the same while no server is configured: the local store.
        ``disabled`` records nothing and costs nothing. If not given, what `whence.runs.default`
        finds, else ``online``.
    ranks : str
        Of processes that MPI or Slurm started together, the ``first`` records and the others do
        nothing; with ``all`` each makes a run of its own.
    abort_callback : callable, optional
        Called with the run when it is aborted.
    server_token, server_url, server_profile, debug : optional
        Taken for the sake of Simvue's users, without effect: runs are recorded in a local store.

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
        mode: Mode | None = None,
        ranks: Literal["first", "all"] = "first",
        abort_callback: Callable[[Run], object] | None = None,
        server_token: str | None = None,
        server_url: str | None = None,
        server_profile: str | None = None,
        debug: bool = False,
    ) -> None:
        if mode is None and isinstance(store, str) and store in MODES and not os.path.exists(store):
            store, mode = None, cast("Mode", store)  # the first argument of Simvue's
        if mode is not None:
            one_of(mode, MODES, "mode")
        one_of(ranks, ("first", "all"), "choice of ranks")
        mine = rank() if ranks == "first" else None
        self._defaults = Defaults() if mode == "disabled" else Defaults.found()
        mode = mode or self._defaults.mode
        self._silent = mode == "disabled" or (mine is not None and mine.number > 0)
        self._reading: Reading | None = None
        self._heard_before: Listener | None = None
        super().__init__(cast("Store", None) if self._silent else store_of(store), abort_callback)
        if self._silent:
            silence(self)
        else:
            self._settings = self._defaults.settings

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
        folder: str | None = None,
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

        What is not given is as `whence.runs.default` finds it, in files like ``whence.toml``.

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
        folder : str, optional
            Groups runs, like ``/melt/first``; the topmost, ``/``, if nothing says otherwise.
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
        usual = self._defaults if origin is None else Defaults()
        origin = origin or Origin()
        now, parent = clock.time(), origin.parent or enclosing_run(self.store.root)
        name = either(name, usual.name)
        if os.environ.get("WHENCE_REPEATS"):
            name = again(name)
        facts = {
            "kind": origin.kind,
            "name": text_of(name, "name"),
            "folder": folder_of(either(folder, usual.folder)),
            "description": text_of(either(description, usual.description), "description"),
            "status": "running" if running else "created",
            "params": encode(parameters_of(parameters, params), ("parameters",)),
            "created": now,
            "started": now if running else None,
            "parent": parent,
            "repeats": os.environ.get("WHENCE_REPEATS") or None,
            "notification": unless(one_of(notification, NOTIFICATIONS, "notification"), "none"),
            "retention": seconds_of(retention_period, "retention period"),
            "timeout": unless(seconds_of(timeout, "timeout"), 180.0),
            "visibility": encode(visibility_of(visibility)),
        }
        told = Given(
            facts,
            {**usual.metadata, **metadata_of(metadata)},
            tags_of((*usual.tags, *tags_of(tags))),
            (*usual.variables, *patterns(record_shell_vars)),
            usual.without,
        )
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
        over = {name: None for name in ENDING if state.get(name) is not None}
        self._append("set", {"f": facts | over}, sync=True)
        if state.get("alerts"):
            self._watched().resume(state["alerts"])
        self._tend()

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
