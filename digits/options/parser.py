"""The parser of commands of the LightningCLI."""

import os
from typing import Any

from jsonargparse import Namespace, Path
from lightning.pytorch.cli import LightningArgumentParser

from digits.errors import InputError
from digits.options.config_files import read_text
from digits.options.parser_errors import OneLineErrors
from digits.options.suggestions import settings_of_groups, suggestion

OF_PICTURES = ("--json", "--output")  # of `digits predict PICTURE`, whose options need no LightningCLI


class Parser(OneLineErrors, LightningArgumentParser):
    """A parser whose errors are one line that names the option, and one that may be meant."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def parse_path(self, path: str | os.PathLike, *args: Any, **kwargs: Any) -> Namespace:
        """Read a config, as jsonargparse does, but in UTF-8 on every machine.

        Raises:
            InputError: it names itself as a config, or another one that does.
        """
        try:
            text = read_text(path)
            with Path(path, mode="fr").relative_path_context():
                return self.parse_string(text, os.path.basename(path), *args, **kwargs)  # noqa: PTH119
        except RecursionError:
            raise InputError(f"--config {path} leads back to itself") from None

    def suggest(self, message: str) -> str:
        return suggestion(message, self.prog.rpartition(" ")[2]) or super().suggest(message)

    def known_options(self) -> list[str]:
        of_pictures = OF_PICTURES if self.prog.endswith(" predict") else ()
        return [*settings_of_groups(), *super().known_options(), "--help-all", *of_pictures]
