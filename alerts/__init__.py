"""Alerts: alarm states, journal, delivery to people and regulators."""
