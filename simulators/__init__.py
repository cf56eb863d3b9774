"""Simulators: plants that behave, with faults whose truth is known."""
