"""Who an organization is, read from the name that an export gives it.

Exports name agencies in dozens of ways: `Heron Beach PD CA`, `CA - Alder Falls PD`,
`[Federal] US Border Patrol [Inactive]`. The reading is described in `docs/organizations.md`; its data
stand in `records/data/states.toml`, `kinds.toml` and `aliases.toml`.
"""

from gatehouse.records.organizations._parsing import fold_place, parse, parse_many, place

__all__ = ["fold_place", "parse", "parse_many", "place"]
