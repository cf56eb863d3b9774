"""``python -m plantwatch`` is the same as the ``plantwatch`` command."""

from plantwatch.cli import main

main()
