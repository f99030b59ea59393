from itertools import chain

import pytest
import torch

from digits.data.batches import Batches


@pytest.mark.parametrize("processes", [1, 2, 3, 4])
@pytest.mark.parametrize("n", [1, 2, 39, 40, 41, 100])
def test_every_image_is_trained_on_once_an_epoch(n: int, processes: int) -> None:
    shares = [list(Batches(n, 10, rank, processes, seed=3)) for rank in range(processes)]
    assert {len(share) for share in shares} == {len(Batches(n, 10, 0, processes, seed=3))}
    assert all(0 < len(batch) <= 10 for share in shares for batch in share)
    dealt = torch.cat(list(chain(*shares)))
    assert sorted(set(dealt.tolist())) == list(range(n))
    assert len(dealt) == n or n < processes
    sizes = [sum(map(len, step)) for step in zip(*shares, strict=True)]
    assert max(sizes) - min(sizes) <= 1
    for step in zip(*shares, strict=True):
        assert max(map(len, step)) - min(map(len, step)) <= 1


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        batches = Batches(50, 10, seed=seed)
        batches.set_epoch(epoch)
        torch.rand(1)
        return torch.cat(list(batches)).tolist()

    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(seed, epoch)) for seed in (1, 2) for epoch in (1, 2)}) == 4


def test_an_epoch_that_is_resumed_leaves_out_what_was_trained_on_before() -> None:
    whole = list(Batches(50, 10, seed=1, epoch=4))
    resumed = Batches(50, 10, seed=1, epoch=4, start=2)
    assert [batch.tolist() for batch in resumed] == [batch.tolist() for batch in whole[2:]]
    resumed.set_epoch(5)
    assert len(list(resumed)) == 5


@pytest.mark.parametrize("processes", [2, 3, 4])
@pytest.mark.parametrize("n", [1, 39, 40, 41, 100])
def test_scoring_deals_the_same_batches_to_any_number_of_processes(n: int, processes: int) -> None:
    alone = [batch.tolist() for batch in Batches(n, 10)]
    assert list(chain(*alone)) == list(range(n))
    shares = [list(Batches(n, 10, rank, processes)) for rank in range(processes)]
    dealt = [batch.tolist() for step in zip(*shares, strict=True) for batch in step]
    assert dealt == alone + [[]] * (len(dealt) - len(alone))
    assert len(dealt) - len(alone) < processes
