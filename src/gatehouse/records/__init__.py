"""Other networks' exports: importers, the normal form, linkage, and a generator with known truth."""
