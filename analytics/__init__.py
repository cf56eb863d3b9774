"""Analytics: energy accounts and interlock supervision, live and in replay."""
