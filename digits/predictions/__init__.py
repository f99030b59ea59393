"""The file of predictions: its rows, its formats, and what is kept so that a command that was killed can go on."""
