"""The same networks, trained in other ways: what `benchmarks.speed` compares `digits` with.

Each prints a line at the end of every epoch, and at the end one line of JSON.
"""

OPTIMIZATIONS = ("memory", "channels last", "bf16", "dropout", "max pooling")  # of digits/fast/
