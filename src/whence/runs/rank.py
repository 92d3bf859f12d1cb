"""Which process of a parallel job this is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Rank and size, as the launchers of MPI and batch systems tell them to each process. Slurm tells
# every job that it has one process with the rank 0, MPI or not: that is no parallel job.
_LAUNCHERS = (
    ("OpenMPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("MVAPICH", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),
    ("MPICH", "PMI_RANK", "PMI_SIZE"),
    ("PMIx", "PMIX_RANK", "PMIX_SIZE"),
    ("PALS", "PALS_RANKID", "PALS_SIZE"),
    ("Slurm", "SLURM_PROCID", "SLURM_NTASKS"),
)


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of a process among those that one launcher started together.

    Attributes
    ----------
    number : int
        From 0.
    size : int or None
        How many there are, where the launcher tells.
    launcher : str
        Who started them.
    """

    number: int
    size: int | None
    launcher: str


def rank(environment: Mapping[str, str] = os.environ) -> Rank | None:
    """The rank of this process; None where it is no part of a parallel job.

    Examples
    --------
    >>> rank({"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "64"})
    Rank(number=3, size=64, launcher='OpenMPI')
    >>> rank({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}) is None
    True
    """
    for launcher, number, size in _LAUNCHERS:
        told = environment.get(number, "")
        if not told.isdigit():
            continue
        of = environment.get(size, "")
        count = int(of) if of.isdigit() else None
        if count != 1 and (count is not None or launcher != "Slurm"):
            return Rank(int(told), count, launcher)
    return None


_SLURM = {
    "id": "SLURM_JOB_ID",
    "name": "SLURM_JOB_NAME",
    "array": "SLURM_ARRAY_JOB_ID",
    "task": "SLURM_ARRAY_TASK_ID",
    "partition": "SLURM_JOB_PARTITION",
    "account": "SLURM_JOB_ACCOUNT",
    "nodes": "SLURM_JOB_NODELIST",
    "tasks": "SLURM_NTASKS",
    "cpus": "SLURM_CPUS_PER_TASK",
    "restarts": "SLURM_RESTART_COUNT",
}
_OTHERS = {"PBS": "PBS_JOBID", "LSF": "LSB_JOBID", "SGE": "JOB_ID", "OAR": "OAR_JOB_ID"}


def job(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """What the batch system and the launcher tell of the job; empty outside of one."""
    told: dict[str, Any] = {}
    slurm = {name: environment[key] for name, key in _SLURM.items() if environment.get(key)}
    if "id" in slurm:
        told["slurm"] = slurm
    for system, key in _OTHERS.items():
        if environment.get(key, "")[:1].isdigit():
            told[system.lower()] = {"id": environment[key]}
    mine = rank(environment)
    if mine is not None:
        told["mpi"] = {"rank": mine.number, "size": mine.size, "launcher": mine.launcher}
    return told
