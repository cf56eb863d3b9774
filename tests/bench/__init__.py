"""Benchmarks of the whole chain and its parts: ``make bench``, or ``python -m tests.bench --help``."""
