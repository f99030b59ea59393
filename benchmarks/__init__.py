"""What measures accuracy and speed; each module is a command, and leaves its figures in benchmarks/results/."""
