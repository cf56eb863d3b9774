from server_parts import api as api  # noqa: PLC0414 - the fixture of this folder
