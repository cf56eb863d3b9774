"""The commands of ``plantwatch``, one file per group; ``plantwatch.cli`` puts them together."""
