"""Content-Security-Policies: of the app's page, of a stored report, of bytes out of a dataset."""

import base64
import hashlib
import re

_PAGE = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; "
    "worker-src 'self'; frame-src 'self'; manifest-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'; object-src 'none'"
)
BYTES = "sandbox; default-src 'none'; frame-ancestors 'none'"
STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


def page(nonce: str) -> str:
    """Return the policy of the app's page; `nonce` allows the style sheets it makes itself."""
    return _PAGE.format(nonce=nonce)


def report(body: bytes) -> str:
    """Return the policy of a stored report: its own style sheets and embedded pictures, no more.

    Taken from the page and not from today's theme, so that a report of an older Millrace keeps
    its looks. Nothing can be sent from under it, whatever a style sheet says.
    """
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'"
        for style in STYLE.findall(body)
    ]
    return (
        f"sandbox; default-src 'none'; style-src {' '.join(hashes) or chr(39) + 'none' + chr(39)}; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
