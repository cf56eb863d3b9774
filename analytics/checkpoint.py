"""The checkpoint on disk: the state of the rules as JSON, replaced as a whole: a crash leaves the former one."""

import json
import logging
import os
from pathlib import Path
from typing import Any

from plant.errors import Unavailable

_LOG = logging.getLogger(__name__)


class CheckpointFile:
    """One file. Synchronous; used from one task at a time, off the event loop."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Any:  # noqa: ANN401 - JSON
        """What was saved last; None when there is nothing, or nothing that can be read: then it is put aside.

        Raises:
            Unavailable: the file is there but cannot be read now.
        """
        try:
            return json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"checkpoint {self.path} cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            self.put_aside(f"it is damaged: {error}")
            return None

    def put_aside(self, reason: str) -> None:
        """Keep a checkpoint that is of no use under another name, for whoever wants to know why."""
        aside = self.path.with_name(f"{self.path.name}.unusable")
        try:
            self.path.replace(aside)
        except OSError as error:
            _LOG.warning("checkpoint %s is not used (%s); it stays: %s", self.path, reason, error.strerror)
        else:
            _LOG.warning("checkpoint %s is not used (%s); it is kept as %s", self.path, reason, aside)

    def save(self, body: Any) -> None:  # noqa: ANN401 - JSON
        """Replace what was saved; on return it survives a crash of the machine.

        Raises:
            Unavailable: it could not be written; the former one is still there.
        """
        fresh = self.path.with_name(f"{self.path.name}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(json.dumps(body, allow_nan=False).encode())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
            self._sync_folder()
        except OSError as error:
            raise Unavailable(f"checkpoint {self.path} cannot be written: {error.strerror}") from error

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
