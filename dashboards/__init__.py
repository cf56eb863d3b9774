"""Dashboards: Grafana dashboards built from the plant file."""
