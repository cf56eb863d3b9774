"""Signatures of Standard Webhooks: HMAC-SHA256 over ``id.timestamp.body`` with the decoded secret.

Source: the Standard Webhooks specification, github.com/standard-webhooks/standard-webhooks.
"""

import base64
import binascii
import hashlib
import hmac

from plant.errors import FixError

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


def key(secret: str) -> bytes:
    """The key bytes of a secret: the base64 after ``whsec_`` decoded, never the text itself.

    Raises:
        FixError: another form, or not 24 to 64 bytes.
    """
    if not secret.startswith(_PREFIX):
        raise FixError("the webhook secret must begin with whsec_ followed by base64 of 24 to 64 random bytes")
    try:
        found = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise FixError("the webhook secret is not base64 after whsec_; copy it again") from None
    if not _SHORTEST <= len(found) <= _LONGEST:
        raise FixError(f"the webhook secret holds {len(found)} bytes; it must be {_SHORTEST} to {_LONGEST}")
    return found


def sign(secret: bytes, message: str, timestamp: int, body: bytes) -> str:
    """The ``webhook-signature`` of the raw body; ``timestamp`` is that of this attempt [s since 1970]."""
    digest = hmac.new(secret, f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
