"""What makes a CPU fast, applied to networks and the Trainer from outside."""
