import os
import time
from collections.abc import Iterator

import pytest

from digits.commands.page.guard import Refused
from digits.commands.page.helper import Helpers


@pytest.fixture
def helpers() -> Iterator[Helpers]:
    one = Helpers(1, time.__name__)
    yield one
    one.end()


def test_functions_run_in_one_process_that_is_replaced_when_it_ends(helpers: Helpers) -> None:
    pid = helpers.call(60, lambda: False, os.getpid)
    assert pid != os.getpid()
    assert helpers.call(60, lambda: False, os.getpid) == pid
    with pytest.raises(Refused, match="can't be read"):
        helpers.call(60, lambda: False, os._exit, 1)
    assert helpers.call(60, lambda: False, os.getpid) != pid


def test_what_nobody_waits_for_or_takes_too_long_is_ended(helpers: Helpers) -> None:
    helpers.call(60, lambda: False, os.getpid)  # so that it has started
    for seconds, is_gone, message in ((60, lambda: True, "left"), (0, lambda: False, "too long")):
        with pytest.raises(Refused, match=message):
            helpers.call(seconds, is_gone, time.sleep, 600)
        assert helpers.all[0].process is None
