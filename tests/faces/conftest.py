"""The sample plug-in and a template workspace for the faces."""

from tests.support.homes import home, opened, plain_environment, template
from tests.support.plugins import install

__all__ = ["home", "opened", "plain_environment", "template"]
install()
