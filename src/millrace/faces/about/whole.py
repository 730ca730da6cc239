"""Everything that this installation says of itself, for one page."""

import platform

from pydantic import BaseModel, Field

from millrace import __version__
from millrace.core.workspace import Workspace
from millrace.faces.about.facts import PluginLine, SettingLine, packages, plugin_list, settings_of
from millrace.faces.about.findings import DoctorFinding, of_workspace
from millrace.faces.about.storage import StorageLine, places


class About(BaseModel):
    """What is installed, where it keeps things, and whether it is well."""

    version: str = Field(description="version of the package")
    python: str = Field(description="version of Python")
    system: str = Field(description="operating system and processor")
    workspace: str = Field(description="folder of the workspace")
    healthy: bool = Field(description="whether nothing is bad")
    findings: list[DoctorFinding] = Field(description="what the doctor looked at")
    settings: list[SettingLine] = Field(description="settings with their sources")
    plugins: list[PluginLine] = Field(description="installed plug-ins")
    storage: list[StorageLine] = Field(description="places and sizes")
    packages: dict[str, str] = Field(description="versions of the main libraries")


def about(workspace: Workspace) -> About:
    """Return what can be said of this installation and an open workspace."""
    found = of_workspace(workspace)
    return About(
        version=__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        workspace=str(workspace.root),
        healthy=found.healthy,
        findings=found.findings,
        settings=settings_of(workspace.root, workspace.settings, workspace.sources).settings,
        plugins=plugin_list().plugins,
        storage=places(workspace),
        packages=packages(),
    )
