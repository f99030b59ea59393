"""Commands that measure accuracy, speed and robustness; `benchmarks.record` says where their figures go."""
