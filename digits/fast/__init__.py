"""What makes training fast, applied to networks and the Trainer from outside."""
