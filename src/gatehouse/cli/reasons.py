"""`gatehouse reasons`: free text to signals."""


def classify() -> None:
    """Classify stated reasons into signals."""
