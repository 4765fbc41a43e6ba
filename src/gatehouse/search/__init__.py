"""The door: a search is asked, decided owner by owner, put on the record, and only then answered."""
