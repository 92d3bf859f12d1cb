"""Which records the words of a command line mean."""

from __future__ import annotations

from collections.abc import Sequence

from whence.app.workspace import Workspace
from whence.base.error import UserError
from whence.records import Record, Records, UnknownRun
from whence.records.expression import condition_of, conditions_of, word_of
from whence.records.neighbour import mend


def chosen_runs(
    workspace: Workspace, runs: Sequence[str], filters: Sequence[str] = ()
) -> list[Record]:
    """The records that were named, as far as they fit all filters, each once.

    Parameters
    ----------
    workspace : Workspace
        Where they are on record.
    runs : sequence of str
        Ids, parts of them, or names; none means all records, the newest first.
    filters : sequence of str
        Filter strings, like ``metadata.mass > 3``.

    Raises
    ------
    UserError
        If none or several records fit one of `runs`, or a filter is none.
    """
    records = Records(workspace.store)
    named = list({record.id: record for record in map(records.resolve, runs)}.values())
    if not filters:
        return named if runs else _fitting(records, ())
    fitting = _fitting(records, filters)
    if not runs:
        return fitting
    fit = {record.id for record in fitting}
    return [record for record in named if record.id in fit]


def some_runs(
    workspace: Workspace, runs: Sequence[str], filters: Sequence[str] = ()
) -> list[Record]:
    """The records that are meant, of which there must be some: for commands that change them.

    Raises
    ------
    UserError
        If no run and no filter was given, or nothing fits.
    """
    if not runs and not filters:
        raise UserError.of(
            "no-run", "which runs?", mend="Name them, or choose them with --where FILTER."
        )
    try:
        found = chosen_runs(workspace, runs, filters)
    except UnknownRun as error:
        (problem, *_) = error.problems
        if problem.code != "unknown-run":
            raise
        raise UnknownRun.of(
            "unknown-run",
            problem.message,
            mend=f"{problem.mend} --where FILTER chooses them by a tag or a condition.",
        ) from error
    if not found:
        told = " and ".join(repr(text) for text in filters)
        raise UserError.of(
            "no-run-fits", f"no run fits {told}", mend="`whence list` shows the runs on record."
        )
    return found


def sorted_words(workspace: Workspace, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which of some words name runs, and which are filters.

    Raises
    ------
    UserError
        If a word is neither, or fits several runs.
    """
    records = Records(workspace.store)
    runs: list[str] = []
    filters: list[str] = []
    for word in words:
        if _names_a_run(records, word):
            runs.append(word)
        else:
            _check_filter(records, word)
            filters.append(word)
    return runs, filters


def _check_filter(records: Records, word: str) -> None:
    try:
        condition = condition_of(word)
    except UserError as error:
        (problem, *_) = error.problems
        if problem.code != "bad-filter":
            raise
        raise UserError.of(
            "unknown-run",
            f"{word!r} is neither a run nor a filter",
            mend=f"{mend(records.connection, word)} {problem.mend or ''}".strip(),
        ) from error
    if word_of(word) is not None and not records.select(condition, 1)[0]:
        raise UserError.of(
            "unknown-run",
            f"{word!r} is no run, and no run has it as a tag",
            mend=mend(records.connection, word),
        )


def _names_a_run(records: Records, word: str) -> bool:
    try:
        records.resolve(word)
    except UserError as error:
        if error.problems[0].code == "unknown-run" or set(word) & set(" <>=!"):
            return False
        raise
    return True


def _fitting(records: Records, filters: Sequence[str]) -> list[Record]:
    return records.select(conditions_of(filters))[0]
