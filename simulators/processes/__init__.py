"""Pure, seeded physics of simulated plants."""
