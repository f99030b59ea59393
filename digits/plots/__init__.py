"""Pictures: from arrays to a figure."""
