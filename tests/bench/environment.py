"""Where the numbers were measured: without this they mean nothing."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from shutil import which
from typing import Any

_PACKAGES = ("aiomqtt", "asyncua", "duckdb", "numpy", "paho-mqtt", "pyarrow")
_ROOT = Path(__file__).parents[2]


def use_cores(count: int) -> int:
    """Keep this process and its children on ``count`` cores where the system can; how many are used."""
    if not hasattr(os, "sched_setaffinity"):
        return os.cpu_count() or 1
    mine = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, mine[:count])
    return min(count, len(mine))


def environment(cores_used: int) -> dict[str, Any]:
    """Machine, versions and commit."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "cores_used": cores_used,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "mosquitto": _first_line([which("mosquitto") or "/usr/sbin/mosquitto", "-h"]),
        "packages": {name: version(name) for name in _PACKAGES},
        "commit": _first_line(["git", "-C", str(_ROOT), "rev-parse", "HEAD"]),
        "uncommitted": bool(
            _first_line(["git", "-C", str(_ROOT), "status", "--porcelain", "--untracked-files=no"])
        ),
    }


def file_system(folder: Path) -> str | None:
    """Type of the file system under ``folder``; None where the system does not tell. On tmpfs fsync is free."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return None
    above = [(place, kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(above, key=lambda mount: len(mount[0]))[1] if above else None


def load_average() -> tuple[float, float, float]:
    """Mean number of running processes over 1, 5 and 15 minutes."""
    return os.getloadavg()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _first_line(command: list[str]) -> str | None:
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
    except OSError:
        return None
    return next((line for line in text.splitlines() if line), None)
