"""Settings common to all tests."""

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
