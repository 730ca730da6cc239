"""Jobs by address: list, show, and steer."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request

from millrace.faces.api.state import Project, served
from millrace.kinds.job import Job, JobState

router = APIRouter(tags=["jobs"])
Verb = Literal["cancel", "pause", "resume", "retry", "stop"]
Id = Annotated[str, Path(max_length=64, description="identifier of the job")]


@router.get("/jobs", summary="List jobs, the newest first")
async def list_jobs(
    request: Request,
    project: Project,
    state: Annotated[JobState | None, Query(description="only jobs in this state")] = None,
    op: Annotated[str | None, Query(max_length=128, description="only jobs of this op")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="jobs at most")] = 100,
    before: Annotated[
        str | None, Query(max_length=64, description="only jobs older than this one")
    ] = None,
) -> list[Job]:
    """List the jobs of a project, the newest first, a page at a time."""
    here = served(request)
    return await here.look(lambda jobs: jobs.of(project).list(state, op, limit, before))


@router.get("/jobs/{id}", summary="Show one job")
async def show_job(request: Request, id: Id) -> Job:
    """Show one job with its result or error."""
    return await served(request).look(lambda jobs: jobs.get(id))


@router.post("/jobs/{id}/{verb}", summary="Steer a job")
async def steer_job(request: Request, id: Id, verb: Verb) -> Job:
    """Cancel, pause, resume, retry or stop a job."""
    return await served(request).look(lambda jobs: getattr(jobs, verb)(id))
