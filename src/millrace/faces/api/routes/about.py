"""What this installation says of itself, for the page of settings."""

import asyncio

from fastapi import APIRouter, Request

from millrace.core import policy
from millrace.faces.about.whole import About, about
from millrace.faces.api.state import actor_of, served

router = APIRouter(tags=["about"])


@router.get("/about", summary="Describe this installation")
async def show_about(request: Request) -> About:
    """Describe this installation: health, settings with their sources, plug-ins, storage."""
    policy.check(actor_of(request), "about", "read")
    return await asyncio.to_thread(about, served(request).workspace)
