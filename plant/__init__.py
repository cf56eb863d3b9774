"""The vocabulary every service shares: readings, findings, the plant file, errors, ports."""
