"""Ways to tell people and programs about alarms."""
