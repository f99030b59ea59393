"""The one exception that speaks to the user."""


class InputError(Exception):
    """Something the user gave can't be used. The message names it and says what to do; no traceback is shown."""
