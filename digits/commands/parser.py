"""The options of commands that need no LightningCLI."""

from jsonargparse import ArgumentParser

from digits.console import COMMANDS, PROGRAM
from digits.options.parser_errors import OneLineErrors


class CommandParser(OneLineErrors, ArgumentParser):
    """The parser of one command, whose errors are one line that names the option.

    Args:
        command: its name, one of `digits.console.COMMANDS`.
    """

    def __init__(self, command: str) -> None:
        super().__init__(prog=f"{PROGRAM} {command}", description=COMMANDS[command], allow_abbrev=False)

    def add_networks(self) -> None:
        """Add the option that names custom networks."""
        self.add_argument(
            "--networks",
            type=list[str] | str | None,
            default=None,
            help="Your own class that the checkpoint holds, such as mine.Net; a checkpoint imports none.",
        )
