"""OPC UA status codes: 32 bits that travel unchanged from the device to the historian.

Source: OPC 10000-4, 7.39 (layout) and the code list of OPC 10000-6, annex A. Good is judged by the two
severity bits alone: a Good code may carry limit, overflow or override information.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]

GOOD = 0x0000_0000
GOOD_CLAMPED = 0x0030_0000
GOOD_LOCAL_OVERRIDE = 0x0096_0000
UNCERTAIN = 0x4000_0000
UNCERTAIN_LAST_USABLE = 0x4090_0000
UNCERTAIN_ENGINEERING_UNITS_EXCEEDED = 0x4094_0000
BAD = 0x8000_0000
BAD_COMMUNICATION_ERROR = 0x8005_0000
BAD_NO_COMMUNICATION = 0x8031_0000
BAD_WAITING_FOR_INITIAL_DATA = 0x8032_0000
BAD_OUT_OF_RANGE = 0x803C_0000
BAD_NODE_ID_UNKNOWN = 0x8034_0000
BAD_CONFIGURATION_ERROR = 0x8089_0000
BAD_NOT_CONNECTED = 0x808A_0000
BAD_DEVICE_FAILURE = 0x808B_0000
BAD_SENSOR_FAILURE = 0x808C_0000
BAD_OUT_OF_SERVICE = 0x808D_0000
BAD_NO_DATA = 0x809B_0000

OVERFLOW_BITS = 0x0000_0480
"""InfoType DataValue (bit 10) together with Overflow (bit 7): values were lost in the server's queue."""


class StatusClass(IntEnum):
    """The severity of a status code: its two top bits."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


def status_class(code: int) -> StatusClass:
    """Severity of one status code; the reserved pattern ``11`` counts as Bad."""
    return StatusClass(min(code >> 30, 2))


def status_classes(codes: Codes) -> NDArray[np.uint8]:
    """Severity of each code [0 Good, 1 Uncertain, 2 Bad]; same length as the input."""
    severity: NDArray[np.uint32] = codes >> np.uint32(30)
    return np.minimum(severity, 2).astype(np.uint8)


def is_good(codes: Codes) -> NDArray[np.bool_]:
    """True where the severity bits say Good, whatever the sub-code and flags."""
    return np.asarray((codes >> np.uint32(30)) == 0, np.bool_)


def has_overflow(codes: Codes) -> NDArray[np.bool_]:
    """True where the server declares that its queue overflowed before this value."""
    mask = np.uint32(OVERFLOW_BITS)
    return np.asarray((codes & mask) == mask, np.bool_)
