"""Gatehouse: a license plate reader network that answers for every search.

Rooms stand on floors, and a room imports only the rooms below it; `pyproject.toml` holds the contract.
"""

__version__ = "0.1.0"
