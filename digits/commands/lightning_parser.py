"""The parser of commands of the LightningCLI."""

from typing import Any

from lightning.pytorch.cli import LightningArgumentParser

from digits.console import OneLineErrors
from digits.suggestions import settings_of_groups, suggestion


class Parser(OneLineErrors, LightningArgumentParser):
    """A parser whose errors are one line that names the option, and one that may be meant."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def suggest(self, message: str) -> str:
        return suggestion(message) or super().suggest(message)

    def known_options(self) -> list[str]:
        return [*settings_of_groups(), *super().known_options()]
