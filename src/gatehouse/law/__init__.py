"""The rulebook and the words: free text to signals, facts to decisions."""
