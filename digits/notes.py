"""What the notes of images say that have nothing to predict."""

UNREADABLE = "unreadable"  # so begins the note of a picture that could not be read


def is_unreadable(note: str) -> bool:
    """Whether a note says that the picture could not be read, rather than that it shows no digit."""
    return note.startswith(UNREADABLE)


def told(note: str) -> str:
    """What is said of a picture that has nothing to predict."""
    return note if is_unreadable(note) else f"no digit ({note})"
