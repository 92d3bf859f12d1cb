"""One point alone, run again in a worker process."""

from __future__ import annotations

from whence.runs.process import ended_by_signal
from whence.sweep.crew import run_jobs
from whence.sweep.point import Ended, Job


class _Alone:
    """A `Watch` of one job, which keeps nothing: the job's own run tells it all."""

    def started(self, job: Job) -> None:
        return

    def ended(self, job: Job, ended: Ended) -> None:
        return

    def died(self, job: Job, message: str, status: str) -> None:
        return

    def again(self, job: Job) -> Job:
        return job


def repeat_point(job: Job) -> None:
    """Run a job whose folder does not exist yet; how it ended is on record."""
    with ended_by_signal():
        run_jobs([job], 1, _Alone())
