"""System programs that tests need."""

import os
import shutil

import pytest


def need(program: str) -> str:
    """Path of a system program; in CI its absence is a failure, elsewhere a skip that says what to install."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{program} is missing: tools/system-packages installs it")
    if found is None:
        pytest.skip(f"{program} is missing: run `make system`")
    return found
