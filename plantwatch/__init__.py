"""The roof: command line, one-process server, console and demo."""
