"""whence: from a parameter space to a figure that knows where it came from.

The names below are imported when they are first used, so that ``import whence`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.base.lazy import lazily

__version__ = "0.1.0.dev0"

_HOMES = {
    "artifacts": (
        "ArtifactManager",
        "Catalog",
        "CatalogKey",
        "CatalogSource",
        "FolderBackend",
        "MlflowBackend",
        "Source",
        "StoreBackend",
        "register_source",
    ),
    "formats": ("register_driver",),
    "params": ("CoupledParamDim", "ParamDim", "ParamSpace"),
    "plot": ("PlotManager", "is_plot_func"),
    "runs": ("Handler", "Run"),
    "sweep": ("sweep",),
    "app.lineage": ("lineage",),
    "app.trace": ("trace",),
    "app.client": ("Client",),
    "records": (
        "ParameterComparison",
        "RecordStoreView",
        "dfdiff",
        "fold_task_inputs",
        "get_task_param",
        "record_filter",
    ),
    "tasks": ("MemoizedTask", "RecordedTask"),
    "transform": ("is_operation", "register_operation"),
    "tree": ("DataManager",),
}

__all__ = [
    "ArtifactManager",
    "Catalog",
    "CatalogKey",
    "CatalogSource",
    "Client",
    "CoupledParamDim",
    "DataManager",
    "FolderBackend",
    "Handler",
    "MemoizedTask",
    "MlflowBackend",
    "ParamDim",
    "ParamSpace",
    "ParameterComparison",
    "PlotManager",
    "RecordStoreView",
    "RecordedTask",
    "Run",
    "Source",
    "StoreBackend",
    "dfdiff",
    "fold_task_inputs",
    "get_task_param",
    "is_operation",
    "is_plot_func",
    "lineage",
    "record_filter",
    "register_driver",
    "register_operation",
    "register_source",
    "sweep",
    "trace",
]

if TYPE_CHECKING:
    from whence.app.client import Client
    from whence.app.lineage import lineage
    from whence.app.trace import trace
    from whence.artifacts import (
        ArtifactManager,
        Catalog,
        CatalogKey,
        CatalogSource,
        FolderBackend,
        MlflowBackend,
        Source,
        StoreBackend,
        register_source,
    )
    from whence.formats import register_driver
    from whence.params import CoupledParamDim, ParamDim, ParamSpace
    from whence.plot import PlotManager, is_plot_func
    from whence.records import (
        ParameterComparison,
        RecordStoreView,
        dfdiff,
        fold_task_inputs,
        get_task_param,
        record_filter,
    )
    from whence.runs import Handler, Run
    from whence.tasks import MemoizedTask, RecordedTask
    from whence.transform import is_operation, register_operation
    from whence.tree import DataManager

__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(
        [*__all__, "__all__", "__doc__", "__file__", "__name__", "__path__", "__version__"]
    )
