"""The JSON API: the documents of ``docs/reference/json.md`` over HTTP, for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import orjson

from whence.app import Listing, Workspace, list_runs, show_run, trace_digest
from whence.base.error import MissingExtraError, WhenceError
from whence.base.problem import Problem

if TYPE_CHECKING:
    from fastapi import FastAPI


HOSTS = ["127.0.0.1", "localhost", "::1", "[::1]"]
"""What this machine is called by whoever may ask."""

_ABSENT = ("unknown-run", "unknown-artifact", "unknown-metric", "not-on-record")


def make_app(workspace: Workspace) -> FastAPI:
    """The application that serves one workspace.

    Parameters
    ----------
    workspace : Workspace
        Whose store is read; nothing is written.

    Raises
    ------
    MissingExtraError
        If the packages of ``whence[server]`` are not installed.
    """
    try:
        from fastapi import FastAPI, Query, Request, Response
        from fastapi.exceptions import RequestValidationError
        from starlette.middleware.trustedhost import TrustedHostMiddleware
    except ImportError as error:
        raise MissingExtraError.needed("fastapi", "server", "`whence serve`") from error

    # The pages of FastAPI load scripts from elsewhere: /openapi.json alone tells what there is.
    said = "What is on record, for reading."
    app = FastAPI(title="whence", description=said, docs_url=None, redoc_url=None)
    # A page elsewhere can have its own name mean this machine; a browser then sends that name.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)

    def answer(value: Any, status: int = 200) -> Response:
        # A ready response: FastAPI's own way to JSON costs 25 times as much.
        return Response(orjson.dumps(value), status, media_type="application/json")

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Response:
        problems = [
            Problem("bad-query", f"{wrong['loc'][-1]}: {wrong['msg']}", mend="See /openapi.json.")
            for wrong in error.errors()
        ]
        return answer({"problems": [problem.as_dict() for problem in problems]}, 400)

    @app.exception_handler(WhenceError)
    def failed(_: Request, error: WhenceError) -> Response:
        absent = all(problem.code in _ABSENT for problem in error.problems)
        status = 404 if absent else 400 if error.exit_code == 2 else 500
        return answer({"problems": [problem.as_dict() for problem in error.problems]}, status)

    @app.get("/api/runs", response_model=None)
    def runs(
        limit: int = Query(50, ge=1, le=1000, description="At most so many, the newest first."),
        status: str | None = None,
        folder: str | None = None,
        kind: Literal["run", "sweep", "evaluation", "task"] | None = None,
        tag: list[str] = Query([]),  # noqa: B008  FastAPI reads it from the signature
    ) -> Response:
        """The newest runs that fit, and how many fit in all."""
        asked = Listing((), status, tuple(tag), folder, kind, limit=limit)
        found = list_runs(workspace, asked)
        data = [record.summary() for record in found.records]
        return answer({"data": data, "count": found.total})

    @app.get("/api/runs/{run}", response_model=None)
    def run(run: str) -> Response:
        """One whole record."""
        return answer(show_run(workspace, run).as_dict())

    @app.get("/api/trace/{digest}", response_model=None)
    def trace(digest: str) -> Response:
        """Whence the content of that digest came."""
        return answer(trace_digest(workspace, digest).as_dict())

    return app
