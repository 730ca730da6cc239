"""Who is signed in: sign in with the token, say who it is, sign out."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from millrace import __version__
from millrace.core.errors import InvalidInput
from millrace.faces.api import limits
from millrace.faces.api.gate import COOKIE, not_signed_in
from millrace.faces.api.guard import client_of, signed_in
from millrace.faces.api.routes.calls import read_json
from millrace.faces.api.routes.listing import projects
from millrace.faces.api.spec import takes
from millrace.faces.api.state import Project, actor_of, door, served

router = APIRouter(tags=["session"])


class SignIn(BaseModel):
    """What signing in takes."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(description="token that 'millrace up' printed", max_length=500)


class Session(BaseModel):
    """Who asks, and of what."""

    actor: str = Field(description="who is recorded as having done what is done")
    role: str = Field(description="owner, editor, annotator or viewer")
    workspace: str = Field(description="name of the workspace's folder")
    version: str = Field(description="version of the server")
    schema_hash: str = Field(description="fingerprint of every op's schemas")
    project: str = Field(description="project that this request works in")
    projects: list[str] = Field(description="projects that hold or held something; the setting's")
    last_event: int = Field(description="number of the newest event; streams go on after it")


@router.get("/session", summary="Say who is signed in")
async def who(request: Request, project: Project) -> Session:
    """Say who is signed in, and where live events go on."""
    here, actor = served(request), actor_of(request)
    # Read first: what happens after it is in the stream, what was before in every later answer.
    last = await here.look(lambda jobs: jobs.last_event())
    return Session(
        actor=actor.name,
        role=actor.role,
        workspace=here.workspace.root.name,
        version=__version__,
        schema_hash=await here.fingerprint(),
        project=project,
        projects=await here.look(lambda _: projects(here.workspace)),
        last_event=last,
    )


@router.post(
    "/session",
    status_code=204,
    summary="Sign in with the token",
    openapi_extra={"security": [], **takes(SignIn)},
)
async def sign_in(request: Request) -> Response:
    """Sign in: the answer carries a cookie that pages cannot read."""
    entrance, address = door(request), client_of(request.scope)
    wait = entrance.bounds.failures.wait(address)
    if wait:
        raise limits.too_often(wait)
    try:
        asked = SignIn.model_validate(await read_json(request))
    except ValidationError as error:
        raise InvalidInput(
            "Signing in needs 'token' and nothing else.", 'Send {"token": "..."}.', field="token"
        ) from error
    if not entrance.gate.matches(asked.token):
        entrance.bounds.failures.take(address)
        raise not_signed_in()
    return signed_in(Response(None, 204), entrance.gate)


@router.delete("/session", status_code=204, summary="Sign out", openapi_extra={"security": []})
async def sign_out(request: Request) -> Response:
    """Sign out: the cookie is taken back."""
    answer = Response(None, 204)
    secure = door(request).gate.secure_cookie
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=secure)
    return answer
