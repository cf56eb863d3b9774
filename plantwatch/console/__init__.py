"""The console: pages for operators, engineers and regulators, in English and Chinese, on the server's own app."""

from plantwatch.console.mount import mount_console

__all__ = ["mount_console"]
