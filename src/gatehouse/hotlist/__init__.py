"""Hotlists: standing searches, listed or entered, decided as any search is, matched as reads come in."""
