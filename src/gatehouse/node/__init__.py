"""A running Gatehouse: its configuration, its registry, and the wiring of the rooms below it."""
