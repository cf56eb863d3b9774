"""Settings common to all tests."""

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "plantwatch",
    deadline=None,  # two busy cores make single examples slow; whole tests have a time-out of their own
    derandomize=True,  # the same run everywhere; `--hypothesis-profile=search` looks further
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "search", parent=settings.get_profile("plantwatch"), derandomize=False, max_examples=2000
)
settings.load_profile("plantwatch")


def need(program: str) -> str:
    """Path of a system program; in CI its absence is a failure, elsewhere a skip that says what to install."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{program} is missing: tools/system-packages installs it")
    if found is None:
        pytest.skip(f"{program} is missing: run `make system`")
    return found
