"""The same networks, trained in other ways: what `benchmarks.speed` compares `python -m digits` with.

Each prints a line at the end of every epoch, and at the end one line of JSON.
"""

TRICKS = ("memory", "channels last", "bf16", "dropout", "max pooling")  # of digits/fast/
