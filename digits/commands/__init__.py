"""The commands that `digits/cli.py` does not run itself; each is imported when it is asked for."""
