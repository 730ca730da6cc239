"""Refusals of a request, each with the HTTP status that the protocol asks for."""

from millrace.core.errors import InvalidInput, TimedOut


class BadRequest(InvalidInput):
    """The request does not fit the protocol or the model."""

    http = 400


class TooLarge(InvalidInput):
    """The body is larger than the server takes."""

    http = 413


class WrongMedia(InvalidInput):
    """The body is in a format the server does not read."""

    http = 415


class TooSlow(TimedOut):
    """The request did not come in time."""

    http = 408


class WrongMethod(InvalidInput):
    """The path exists, but not for this method."""

    http = 405
