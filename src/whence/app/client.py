"""Getting back what is on record, from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from whence.app import artifact, found, metric
from whence.app.page import Columns, Page
from whence.app.workspace import Workspace
from whence.artifacts import Progress
from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.records import Artifact, Record, Records
from whence.records.criterion import Text
from whence.records.neighbour import mend
from whence.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from whence.app.alert import RecordedAlert
    from whence.app.folder import Folder
    from whence.app.tag import RecordedTag

XAxis = Literal["step", "time", "timestamp"]


class Client:
    """Gets back what is on record.

    Wherever a run is asked for, its id will do, any part of the id that no other run has, or its
    name; of several runs of that name the newest.

    Parameters
    ----------
    store : Store or path-like, optional
        A store, a project folder or its ``.whence``; if not given, the one found upward from the
        working directory.
    server_token, server_url : optional
        Taken for the sake of Simvue's users, without effect: what is given back is of the store.

    Raises
    ------
    UserError
        If there is no store.

    Examples
    --------
    >>> client = Client()  # doctest: +SKIP
    >>> client.get_metric_values(["energy"], "step", run_ids=["melt"], output_format="dataframe")
    ... # doctest: +SKIP
    """

    def __init__(
        self,
        store: Store | str | os.PathLike[str] | None = None,
        *,
        server_token: str | None = None,
        server_url: str | None = None,
    ) -> None:
        if isinstance(store, Store):
            self.store = store
        elif store is not None:
            self.store = Store.open(store)
        else:
            self.store = Workspace.open(None).store

    def __repr__(self) -> str:
        return f"<Client of {self.store.root}>"

    def get_runs(
        self,
        filters: str | Iterable[str] | None = None,
        *,
        attributes: Iterable[str] | None = None,
        metadata: bool = False,
        metrics: bool = False,
        alerts: bool = False,
        system_info: bool = False,
        timing_info: bool = False,
        output_format: found.Form = "objects",
        count_limit: int | None = 100,
        start_index: int | None = 0,
        show_shared: bool = True,
        sort_by_columns: Sequence[tuple[str, bool]] | None = None,
    ) -> Any:
        """The runs that fit all filters, the newest first.

        Parameters
        ----------
        filters : str or iterable of str, optional
            Like ``metadata.x > 3``, ``has tag.melt``, ``created < 2d``.
        attributes : iterable of str, optional
            What is told of each run as dict or in a DataFrame; the usual if not given.
        metadata, metrics, alerts, system_info, timing_info : bool
            What else is told.
        output_format : {"objects", "dict", "dataframe"}
            An iterator over ids with their records, a list of dicts, or a DataFrame.
        count_limit : int or None
            At most so many.
        start_index : int
            How many of the first are left out.
        show_shared : bool
            Whether to show runs of others; here all are in one store.
        sort_by_columns : sequence of (str, bool), optional
            Fields, parameters or ``metadata.x`` to sort by, and whether downward.

        Raises
        ------
        UserError
            If a filter, an attribute or a column is none; it says what was meant.
        """
        found.check_form(output_format)
        told = None if attributes is None else _words(attributes)
        own = () if show_shared else ("user == self",)
        request = found.RunRequest(
            (*_words(filters or ()), *own), told, metadata, metrics, alerts, system_info,
            timing_info, tuple(sort_by_columns or ()), start_index, count_limit,
        )  # fmt: skip
        records = found.find_runs(self.store, request)
        if output_format == "objects":
            return ((record.id, record) for record in records)
        facts = found.runs_facts(self.store, records, request)
        return found.run_frame(facts) if output_format == "dataframe" else facts

    def get_run(self, run_id: str | Record) -> Record:
        """The record of a run."""
        return self._record(run_id)

    def get_run_id_from_name(self, name: str) -> str:
        """The id of the only run of that name.

        Raises
        ------
        UserError
            If there is none, or more than one.
        """
        records = Records(self.store)
        named, _ = records.select(Text("name", "is", name), 2)
        if len(named) == 1:
            return named[0].id
        raise UserError.of(
            "ambiguous-run" if named else "unknown-run",
            f"{'several runs are' if named else 'no run is'} called {name!r}",
            mend=f"""`whence list "name == '{name}'"` shows them."""
            if named
            else mend(records.connection, name),
        )

    def get_run_name_from_id(self, run_id: str | Record) -> str:
        """The name of a run."""
        return self._record(run_id).name

    def get_metrics_names(self, run_id: str | Record) -> list[str]:
        """The metrics that a run logged numbers of, in the order in which it first did."""
        return metric.metric_names(self.store, [self._record(run_id)])

    def get_metric_values(
        self,
        metric_names: str | Iterable[str],
        xaxis: XAxis = "step",
        *,
        output_format: Literal["dict", "dataframe"] = "dict",
        run_ids: str | Record | Iterable[str | Record] | None = None,
        run_filters: str | Iterable[str] | None = None,
        use_run_names: bool = False,
        aggregate: bool = False,
        max_points: int | None = None,
    ) -> dict[str, dict[tuple[Any, str], Any]] | pd.DataFrame:
        """The values of metrics, of one run or of several side by side.

        Parameters
        ----------
        metric_names : str or iterable of str
            The metrics.
        xaxis : str
            What they are given over: ``step``, ``time`` (seconds since the start of the run) or
            ``timestamp``. Where a run has several values at one place, the last counts.
        output_format : str
            ``dict`` or ``dataframe``.
        run_ids, run_filters : str or iterable of str, optional
            Which runs: named, or found by filters like ``metadata.x > 3``.
        use_run_names : bool
            Whether to call runs by their names; one that several have is followed by the id.
        aggregate : bool
            Whether to give the average, least and greatest value over the runs instead.
        max_points : int, optional
            Thin each series out to so many points; its least and greatest value are kept.

        Returns
        -------
        dict or DataFrame
            ``{metric: {(x, run): value}}``; or a column for each metric with the index (x, run),
            NaN where a run has no value there, and units in ``attrs["units"]``. Of aggregates
            ``average``, ``min`` and ``max`` take the place of the run.

        Raises
        ------
        UserError
            If none of the runs has a metric, or something does not fit together.
        """
        if output_format not in ("dict", "dataframe"):
            raise UserError.of(
                "unknown-format",
                f"values cannot be given as {output_format!r}",
                mend=did_you_mean(str(output_format), ("dict", "dataframe"))
                or "Use 'dict' or 'dataframe'.",
            )
        request = metric.MetricRequest(
            _words(metric_names), xaxis, use_run_names, aggregate, max_points
        )
        curves = metric.metric_curves(self.store, self._chosen(run_ids, run_filters), request)
        if output_format == "dict":
            return metric.metric_dict(curves, xaxis)
        return metric.metric_frame(curves, xaxis)

    def plot_metrics(
        self,
        metric_names: str | Iterable[str],
        xaxis: XAxis = "step",
        *,
        run_ids: str | Record | Iterable[str | Record] | None = None,
        run_filters: str | Iterable[str] | None = None,
        use_run_names: bool = False,
        aggregate: bool = False,
        max_points: int | None = None,
    ) -> Figure:
        """A figure with a panel for each metric and a line for each run.

        Parameters are those of `get_metric_values`; of an aggregate the average is a line, in a
        band from the least to the greatest value.
        """
        request = metric.MetricRequest(
            _words(metric_names), xaxis, use_run_names, aggregate, max_points
        )
        curves = metric.metric_curves(self.store, self._chosen(run_ids, run_filters), request)
        return metric.metric_figure(curves, xaxis)

    def get_tensor_metric(
        self, run_id: str | Record, metric_name: str, step: int | None = None
    ) -> xr.DataArray:
        """The arrays that a run logged as values of a metric, with the axes of their grid.

        Parameters
        ----------
        run_id : str
            The run.
        metric_name : str
            The metric.
        step : int, optional
            Only the array of that step; else all, along a first dimension ``step``.

        Raises
        ------
        UserError
            If there is no such metric or step.
        """
        from whence.records.tensor import tensor

        return tensor(self.store, self._record(run_id).id, metric_name, step)

    def get_artifact(
        self,
        run_id: str | Record,
        name: str,
        allow_pickle: bool = False,
        *,
        category: str | None = None,
    ) -> Any:
        """The object that an artifact holds, as it was saved; its bytes where no type is known.

        A figure of matplotlib was drawn when it was saved, and comes back in one of two types,
        which depends on what was kept then and on nothing here: as a Plotly figure where Plotly
        could convert it (its ``meta["plotly"]`` names that), else as the bytes of a PNG.
        `get_artifact_as_file` and `open_artifact` give the PNG of either.

        Parameters
        ----------
        run_id : str
            The run.
        name : str
            The artifact's name.
        allow_pickle : bool
            Also unpickle. Only for data from people you trust: a pickle can run any code.
        category : str, optional
            ``code``, ``input`` or ``output``, if several artifacts have that name.

        Raises
        ------
        UserError
            If there is no such artifact, its content is not what its media type says, or it was
            pickled and `allow_pickle` is not set.

        Examples
        --------
        >>> array = client.get_artifact("run1", "array")  # doctest: +SKIP
        """
        return artifact.get_object(
            self.store, run_id, name, category=category, allow_pickle=allow_pickle
        )

    def get_artifact_as_file(
        self,
        run_id: str | Record,
        name: str,
        path: str | os.PathLike[str] | None = None,
        *,
        output_dir: str | os.PathLike[str] | None = None,
        category: str | None = None,
        progress: Progress | None = None,
    ) -> Path:
        """Bring one artifact into a folder; gives its path.

        Parameters
        ----------
        run_id, name, category
            As `get_artifact` takes them.
        path, output_dir : path-like, optional
            The folder; the working directory if not given.
        progress : callable, optional
            Called with bytes done, bytes in all and a note, if it takes over a second.

        Examples
        --------
        >>> client.get_artifact_as_file("run1", "data.png", path="/tmp")  # doctest: +SKIP
        """
        choice = artifact.Choice((name,), category)
        folder = artifact.folder_of(path, output_dir)
        (file,) = artifact.fetch_artifacts(self.store, run_id, choice, folder, progress)
        return file.path

    def get_artifacts_as_files(
        self,
        run_id: str | Record,
        category: str | None = None,
        startswith: str | None = None,
        contains: str | None = None,
        endswith: str | None = None,
        path: str | os.PathLike[str] | None = None,
        *,
        output_dir: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> list[Path]:
        """Bring the artifacts of a run into a folder; gives the paths of all of them.

        What is there with the right content already is not fetched again, and another file of
        the same name is replaced. Slashes in names make folders; no name leads out of the folder.

        Parameters
        ----------
        run_id : str
            The run.
        category : str, optional
            Only ``code``, ``input`` or ``output``.
        startswith, contains, endswith : str, optional
            Only those whose names are like that.
        path, output_dir : path-like, optional
            The folder; the working directory if not given.
        progress : callable, optional
            Called with bytes done, bytes in all and a note, if it takes over a second.

        Raises
        ------
        UserError, StoreError
            After the rest was fetched, if something could not be; it names each and says why.

        Examples
        --------
        >>> client.get_artifacts_as_files("run1", category="output", path="data")  # doctest: +SKIP
        """
        choice = artifact.Choice((), category, startswith, contains, endswith)
        folder = artifact.folder_of(path, output_dir)
        files = artifact.fetch_artifacts(self.store, run_id, choice, folder, progress)
        return [file.path for file in files]

    def abort_run(self, run_id: str | Record, reason: str | None = None) -> None:
        """Ask a running run to end, wherever its process is; it does within a few seconds.

        Raises
        ------
        UserError
            If it is not running, or the reason is no text.

        Examples
        --------
        >>> client.abort_run("melt", "the energy drifts")  # doctest: +SKIP
        """
        from whence.app.abort import abort_runs

        abort_runs(self.store, [self._record(run_id)], reason)

    def get_events(
        self,
        run_id: str | Record,
        *,
        message_contains: str | None = None,
        start_index: int | None = None,
        count_limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """What a run logged as text: ``timestamp``, ``level`` and ``message`` of each, by time."""
        from whence.app.event import find_events

        page = Page(start_index, count_limit)
        return find_events(self._record(run_id), message_contains, page)

    def get_alerts(
        self,
        *,
        run_id: str | Record | None = None,
        critical_only: bool = True,
        names_only: bool = True,
        start_index: int | None = None,
        count_limit: int | None = None,
        sort_by_columns: Columns | None = None,
    ) -> list[str] | list[RecordedAlert]:
        """The alerts of a run, or of all: their names, or what each is and how it stands.

        Parameters
        ----------
        run_id : str, optional
            Only those that this run is watched for.
        critical_only : bool
            Only those that are critical, in that run or in any.
        names_only : bool
            Whether to give names.
        start_index, count_limit, sort_by_columns : optional
            As `get_runs` takes them; the columns are ``name`` and ``created``.
        """
        from whence.app.alert import AlertRequest, find_alerts

        run = None if run_id is None else self._record(run_id)
        page = Page(start_index, count_limit, sort_by_columns)
        alerts = find_alerts(self.store, AlertRequest(run, critical_only, page))
        return [alert.name for alert in alerts] if names_only else alerts

    def get_tag(self, tag_id: str) -> RecordedTag:
        """A tag, which is its own id: how many runs have it, and since when."""
        from whence.app.tag import find_tag

        return find_tag(self.store, tag_id)

    def get_tags(
        self,
        *,
        start_index: int | None = None,
        count_limit: int | None = None,
        sort_by_columns: Columns | None = None,
    ) -> Iterator[tuple[str, RecordedTag]]:
        """The tags on record, by name; `sort_by_columns` takes ``name``, ``created``, ``runs``."""
        from whence.app.tag import find_tags

        page = Page(start_index, count_limit, sort_by_columns)
        return ((tag.name, tag) for tag in find_tags(self.store, page))

    def get_folder(self, folder_path: str) -> Folder:
        """A folder of runs, with what `Run.set_folder_details` told of it."""
        from whence.app.folder import find_folder

        return find_folder(self.store, folder_path)

    def get_folders(
        self,
        filters: str | Iterable[str] | None = None,
        *,
        start_index: int | None = None,
        count_limit: int | None = None,
        sort_by_columns: Columns | None = None,
    ) -> Iterator[tuple[str, Folder]]:
        """The folders of runs, by path, those that only hold others too.

        Parameters
        ----------
        filters : str or iterable of str, optional
            Like ``path contains melt``, ``description contains x``, ``has tag.first`` or
            ``metadata.x > 3``, all of which must hold.
        start_index, count_limit, sort_by_columns : optional
            As `get_runs` takes them; the columns are ``path``, ``created``, ``modified``, ``runs``
            and those of metadata.
        """
        from whence.app.folder import find_folders

        page = Page(start_index, count_limit, sort_by_columns)
        return ((one.path, one) for one in find_folders(self.store, filters or (), page))

    def delete_run(self, run_id: str | Record) -> None:
        """Delete a run; `whence delete --undo` brings it back until gc collects it.

        Raises
        ------
        UserError
            If it is still running.
        """
        from whence.app.deletion import delete, plan_deletion

        workspace = Workspace(self.store.project, self.store)
        delete(workspace, plan_deletion(workspace, [self._record(run_id)]))

    def delete_runs(self, folder_path: str) -> list[str]:
        """Delete the runs of a folder, as `delete_run` does each; gives their ids."""
        from whence.app.folder import delete_runs_in

        return delete_runs_in(self.store, folder_path)

    def delete_folder(
        self,
        folder_path: str,
        *,
        recursive: bool = False,
        remove_runs: bool = False,
        allow_missing: bool = False,
    ) -> list[str]:
        """Delete a folder with its runs, as `delete_run` does each; gives their ids.

        Parameters
        ----------
        recursive, remove_runs : bool
            Whether folders below it may go with it, and runs: it is what its runs tell of it.
        allow_missing : bool
            Whether it is no error if there is no such folder.

        Raises
        ------
        UserError
            If there is none, or it holds what may not go; then nothing is deleted.
        """
        from whence.app.folder import Removal, delete_folder

        removal = Removal(recursive, remove_runs, allow_missing)
        return delete_folder(self.store, folder_path, removal)

    def delete_alert(self, alert_id: str) -> list[str]:
        """Delete an alert, by its id or name, from all runs; gives their ids."""
        from whence.app.alert import delete_alert

        return delete_alert(self.store, alert_id)

    def delete_tag(self, tag_id: str) -> list[str]:
        """Take a tag off all runs that have it; gives their ids."""
        from whence.app.tag import delete_tag

        return delete_tag(self.store, tag_id)

    def list_artifacts(
        self,
        run_id: str | Record,
        category: str | None = None,
        *,
        sort_by_columns: Columns | None = None,
    ) -> list[Artifact]:
        """The artifacts of a run, as they were saved or by ``name``, ``category`` or ``size``."""
        choice = artifact.Choice(category=category)
        return artifact.list_artifacts(self.store, run_id, choice, sort_by_columns)

    def open_artifact(
        self, run_id: str | Record, name: str, *, category: str | None = None
    ) -> BinaryIO:
        """The content of an artifact as a file to seek and read in, without reading all of it.

        Examples
        --------
        >>> with client.open_artifact("run1", "data.h5") as file:  # doctest: +SKIP
        ...     data = h5py.File(file)["energy"][:100]
        """
        return artifact.open_artifact(self.store, run_id, name, category)

    def _record(self, run: str | Record) -> Record:
        return Records(self.store).resolve(run)

    def _chosen(
        self,
        run_ids: str | Record | Iterable[str | Record] | None,
        run_filters: str | Iterable[str] | None,
    ) -> list[Record]:
        """The runs that are named, else those that fit the filters, oldest first."""
        records = Records(self.store)
        if run_ids is not None:
            several = [run_ids] if isinstance(run_ids, str | Record) else run_ids
            chosen = [records.resolve(run) for run in several]
        elif run_filters is not None:
            from whence.records.expression import conditions_of

            chosen = records.select(conditions_of(run_filters))[0][::-1]
        else:
            raise UserError.of(
                "no-run", "no run is asked for", mend="Give run_ids=[...] or run_filters=[...]."
            )
        if not chosen:
            raise UserError.of("no-run", "no run fits", mend="`whence list` shows the runs.")
        return list(dict.fromkeys(chosen))


def _words(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
