#!/usr/bin/env python3
"""Health check of the server's container: exit 0 when the address answers 200, else 1 with the reason.

Use: ``healthy.py URL [CA-FILE]``. Standard library only, so that it starts quickly.
"""

import ssl
import sys
import urllib.error
import urllib.request

TIMEOUT = 5.0
"""Longest wait for the answer [s]."""


def trouble(url: str, ca_file: str | None = None) -> str | None:
    """What is wrong; None when it is healthy."""
    context = ssl.create_default_context(cafile=ca_file) if url.startswith("https:") else None
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT, context=context):  # noqa: S310 - the compose file's URL
            return None
    except urllib.error.HTTPError as error:
        return f"{url}: {error.code} {error.read(500).decode(errors='replace')}"
    except OSError as error:
        return f"{url}: {error}"


if __name__ == "__main__":
    sys.exit(trouble(*sys.argv[1:]))
