"""Errors, typed by what the caller should do about them.

PlantError
├── FixError      the input or configuration is wrong: tell a person, do not retry
├── RetryError    the outside world is away for now: keep the data, try again later
│   └── Unavailable   a connection is lost or cannot be made
└── DropError     this one item can never succeed: put it aside, count it, go on
"""


class PlantError(Exception):
    """Any error that plantwatch raises on purpose; its text is fit to show to a user."""


class FixError(PlantError):
    """The input or the configuration is wrong; a person must change it."""


class RetryError(PlantError):
    """The outside world refused for now; keep the data and try again later."""


class Unavailable(RetryError):  # noqa: N818 - a state of the world, named as the callers speak of it
    """A connection is lost or cannot be made."""


class DropError(PlantError):
    """This item can never succeed; put it aside with the reason and go on with its neighbours."""
