from collections.abc import Iterator
from contextlib import closing

import pytest

from digits.data.stream import EMPTY, Chunk, deal, in_order
from digits.errors import InputError

CHUNKS = [Chunk(i, [i]) for i in range(7)]


@pytest.mark.parametrize("processes", [1, 2, 3, 4])
@pytest.mark.parametrize("start", [0, 3])
def test_chunks_are_dealt_in_turn(processes: int, start: int) -> None:
    shares = [list(deal(iter(CHUNKS), rank, processes, start)) for rank in range(processes)]
    assert len({len(share) for share in shares}) == 1
    dealt = [chunk for turn in zip(*shares, strict=True) for chunk in turn]
    assert [chunk for chunk in dealt if chunk is not EMPTY] == CHUNKS[start:]


def square(n: int) -> int:
    if n == 13:
        raise InputError("13 brings bad luck")
    return n * n


@pytest.mark.parametrize("workers", [0, 2])
def test_results_come_in_order_and_tasks_are_taken_when_needed(workers: int) -> None:
    taken = 0

    def tasks() -> Iterator[int]:
        nonlocal taken
        for n in range(1000):
            if n != 13:
                taken += 1
                yield n

    with closing(in_order(square, tasks(), workers)) as results:  # else its processes are waited for, at any time
        assert [next(results) for _ in range(20)] == [n * n for n in range(21) if n != 13]
        assert taken < 30
    with pytest.raises(InputError, match=r"^13 brings bad luck$"):
        list(in_order(square, [1, 13, 2], workers))
