"""Names of the files that one process writes and another one checks."""

HISTORY = "history.duckdb"
LEDGER = "ledger.sqlite"
