"""The workspace, and the use cases: one plain function per verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.base.lazy import lazily

if TYPE_CHECKING:
    from whence.app.abort import abort_runs
    from whence.app.alert import RecordedAlert
    from whence.app.artifact import (
        Choice,
        PutRequest,
        fetch_artifacts,
        list_artifacts,
        open_artifact,
        put_artifacts,
    )
    from whence.app.choice import chosen_runs, some_runs, sorted_words
    from whence.app.comparison import Compared, compare_runs
    from whence.app.crate import Crated, CrateOptions, write_crate
    from whence.app.deletion import (
        Deletion,
        Return,
        delete,
        deleted_runs,
        plan_deletion,
        plan_return,
        undelete,
    )
    from whence.app.demo import DemoResult, run_demo
    from whence.app.diff import Diff, diff_records, diff_runs
    from whence.app.edit import Edited, edit_comment, edit_reason, edit_tags
    from whence.app.evaluation import (
        EvaluationRequest,
        EvaluationResult,
        check_request,
        evaluate,
    )
    from whence.app.exchange import (
        Imported,
        export_records,
        import_records,
        incoming_records,
    )
    from whence.app.folder import Folder
    from whence.app.lineage import lineage_of
    from whence.app.program import ProgramRun, record_program
    from whence.app.record import Listed, Listing, Shown, list_runs, show_run
    from whence.app.repeat import Repeat, repeat_run
    from whence.app.store import (
        Made,
        collect_garbage,
        examine_store,
        init_store,
        merge_store,
        reindex,
        verify_store,
    )
    from whence.app.sweep import (
        SweepRequest,
        failures,
        reasons,
        run_sweep,
        status_of_sweep,
        sweep_as_dict,
    )
    from whence.app.tag import RecordedTag
    from whence.app.trace import trace_digest, trace_file
    from whence.app.tree import (
        carry_out,
        load_tree,
        loading,
        tree_as_dict,
        write_loading,
    )
    from whence.app.workspace import Workspace

# A face uses one verb; it must not pay for the imports of the others.
_HOMES = {
    "abort": ("abort_runs",),
    "alert": ("RecordedAlert",),
    "artifact": (
        "Choice",
        "PutRequest",
        "fetch_artifacts",
        "list_artifacts",
        "open_artifact",
        "put_artifacts",
    ),
    "choice": (
        "chosen_runs",
        "some_runs",
        "sorted_words",
    ),
    "comparison": (
        "Compared",
        "compare_runs",
    ),
    "crate": ("CrateOptions", "Crated", "write_crate"),
    "deletion": (
        "Return",
        "plan_return",
        "Deletion",
        "delete",
        "deleted_runs",
        "plan_deletion",
        "undelete",
    ),
    "demo": ("DemoResult", "run_demo"),
    "diff": ("Diff", "diff_records", "diff_runs"),
    "edit": (
        "Edited",
        "edit_comment",
        "edit_reason",
        "edit_tags",
    ),
    "evaluation": ("EvaluationRequest", "EvaluationResult", "check_request", "evaluate"),
    "exchange": (
        "Imported",
        "export_records",
        "import_records",
        "incoming_records",
    ),
    "folder": ("Folder",),
    "lineage": ("lineage_of",),
    "program": ("ProgramRun", "record_program"),
    "repeat": ("Repeat", "repeat_run"),
    "record": ("Listed", "Listing", "Shown", "list_runs", "show_run"),
    "store": (
        "Made",
        "collect_garbage",
        "examine_store",
        "init_store",
        "merge_store",
        "reindex",
        "verify_store",
    ),
    "sweep": (
        "SweepRequest",
        "failures",
        "reasons",
        "run_sweep",
        "status_of_sweep",
        "sweep_as_dict",
    ),
    "tag": ("RecordedTag",),
    "trace": ("trace_digest", "trace_file"),
    "tree": (
        "carry_out",
        "load_tree",
        "loading",
        "tree_as_dict",
        "write_loading",
    ),
    "workspace": ("Workspace",),
}

__all__ = [
    "Choice",
    "Compared",
    "CrateOptions",
    "Crated",
    "Deletion",
    "DemoResult",
    "Diff",
    "Edited",
    "EvaluationRequest",
    "EvaluationResult",
    "Folder",
    "Imported",
    "Listed",
    "Listing",
    "Made",
    "ProgramRun",
    "PutRequest",
    "RecordedAlert",
    "RecordedTag",
    "Repeat",
    "Return",
    "Shown",
    "SweepRequest",
    "Workspace",
    "abort_runs",
    "chosen_runs",
    "collect_garbage",
    "compare_runs",
    "delete",
    "deleted_runs",
    "diff_records",
    "diff_runs",
    "edit_comment",
    "edit_reason",
    "edit_tags",
    "check_request",
    "evaluate",
    "examine_store",
    "export_records",
    "failures",
    "fetch_artifacts",
    "import_records",
    "incoming_records",
    "init_store",
    "lineage_of",
    "list_artifacts",
    "list_runs",
    "carry_out",
    "load_tree",
    "loading",
    "write_loading",
    "merge_store",
    "open_artifact",
    "plan_deletion",
    "plan_return",
    "put_artifacts",
    "reasons",
    "record_program",
    "reindex",
    "repeat_run",
    "run_demo",
    "run_sweep",
    "show_run",
    "some_runs",
    "sorted_words",
    "status_of_sweep",
    "sweep_as_dict",
    "trace_digest",
    "trace_file",
    "tree_as_dict",
    "undelete",
    "verify_store",
    "write_crate",
]

__getattr__ = lazily(__name__, _HOMES)
