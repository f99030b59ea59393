"""The fast layers compute what torch's own do, and leave to those whatever asks for more than training does."""

import copy
import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import forward_ad

from digits.fast import layers
from digits.fast.layers import Dropout, MaxPool2d, MaxPool2x2, use_fast_layers, use_plain_layers
from digits.models import LargeCNN


def fast(layer: nn.Module) -> nn.Module:
    use_fast_layers(layer)
    assert isinstance(layer, layers.FastLayer)
    return layer


@pytest.mark.parametrize("p", [0.2, 0.25, 0.5])
@pytest.mark.parametrize("shape", [(200, 40), (40, 5, 7, 9)])
def test_dropout_drops_and_scales_what_it_keeps(p: float, shape: tuple[int, ...]) -> None:
    x = torch.rand(shape) + 1
    if x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    layer = fast(nn.Dropout(p))
    y = layer(x.requires_grad_())
    kept = y != 0
    torch.testing.assert_close(y[kept], x[kept] / (1 - p))
    assert kept.float().mean() == pytest.approx(1 - p, abs=4 * (p * (1 - p) / x.numel()) ** 0.5)
    y.sum().backward()
    torch.testing.assert_close(x.grad, kept / (1 - p))
    assert torch.equal(layer.eval()(x), x)


def test_dropout_is_independent_of_neighbours_and_follows_the_seed() -> None:
    x, layer = torch.ones(400_000), fast(nn.Dropout(0.5))
    torch.manual_seed(3)
    first, second = layer(x), layer(x)
    torch.manual_seed(3)
    assert torch.equal(layer(x), first)
    assert not torch.equal(first, second)
    kept = (first > 0).float() - 0.5
    for lag in (1, 2, 3, 4, 8):
        assert abs((kept[lag:] * kept[:-lag]).mean()) < 4 * 0.25 / len(x) ** 0.5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("size", [(8, 6), (7, 5), (2, 2)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_max_pooling_and_its_gradient_are_torchs_also_among_equal_values(
    dtype: torch.dtype, size: tuple[int, int], layout: torch.memory_format
) -> None:
    x = torch.randint(3, (5, 4, *size)).to(dtype).contiguous(memory_format=layout)  # of two of four, half are equal
    expected = F.max_pool2d(x, 2)
    pool = fast(nn.MaxPool2d(2))
    assert torch.equal(pool(x), expected)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    pooled = pool(ours)
    assert torch.equal(pooled, expected)
    grad = torch.randn_like(expected)
    pooled.backward(grad)
    F.max_pool2d(theirs, 2).backward(grad)
    assert torch.equal(ours.grad, theirs.grad)  # type: ignore[arg-type]


def network() -> nn.Sequential:
    """Smooth but for its pooling, in double precision."""
    torch.manual_seed(0)
    own = nn.Sequential(nn.Conv2d(1, 3, 3), nn.MaxPool2d(2), nn.Tanh(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(12, 2))
    return own.double().eval()


X = torch.randn(2, 1, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def loss(x: Tensor, of: nn.Module) -> Tensor:
    return of(x).square().sum()


def twice(of: nn.Module) -> Tensor:
    x = X.clone().requires_grad_()
    (first,) = torch.autograd.grad(loss(x, of), x, create_graph=True)
    return torch.autograd.grad(first.square().sum(), x)[0]


def weights_twice(of: nn.Module) -> Tensor:
    first = torch.autograd.grad(loss(X, of), list(of.parameters()), create_graph=True)
    second = torch.autograd.grad(sum(one.square().sum() for one in first), list(of.parameters()))  # type: ignore[arg-type]
    return torch.cat([one.flatten() for one in second])


def per_sample(of: nn.Module) -> Tensor:
    def one(x: Tensor) -> Tensor:
        return loss(x[None], of)

    return torch.func.vmap(torch.func.grad(one))(X)


def dual(of: nn.Module) -> Tensor:
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(of(forward_ad.make_dual(X, torch.ones_like(X)))).tangent


def traced(of: nn.Module) -> Tensor:
    module = torch.jit.trace(of, X)
    assert "max_pool2d" in str(module.inlined_graph)
    return module(X)


ASKED: dict[str, Callable[[nn.Module], Any]] = {
    "create_graph": twice,
    "create_graph of weights": weights_twice,
    "func.grad": lambda of: torch.func.grad(loss)(X, of),
    "func.vmap": lambda of: torch.func.vmap(lambda x: of(x[None]))(X),
    "func.vmap of grad": per_sample,
    "func.jacrev": lambda of: torch.func.jacrev(of)(X),
    "func.jacfwd": lambda of: torch.func.jacfwd(of)(X),
    "func.hessian": lambda of: torch.func.hessian(loss)(X, of),
    "functional.hessian": lambda of: torch.autograd.functional.hessian(lambda x: loss(x, of), X),
    "functional.jacobian": lambda of: torch.autograd.functional.jacobian(of, X, vectorize=True),
    "forward mode": dual,
    "jit.trace": traced,
    "jit.script": lambda of: torch.jit.script(of)(X),
    "compile": lambda of: torch.compile(of, backend="eager", fullgraph=True)(X),
    "export": lambda of: torch.export.export(of, (X,)).module()(X),
    "fx": lambda of: torch.fx.symbolic_trace(of)(X),
}


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")  # forward mode takes it, too
@pytest.mark.parametrize("name", ASKED)
def test_what_asks_for_more_gets_what_torch_s_own_layers_give(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "FASTER", (torch.float64,))
    torch._dynamo.reset()
    own = network()
    expected = ASKED[name](own)
    use_fast_layers(own)
    torch.testing.assert_close(ASKED[name](own), expected, rtol=0, atol=1e-12)
    use_plain_layers(own)
    assert torch.equal(ASKED[name](own), expected)


def test_first_and_second_derivatives_are_those_of_differences() -> None:
    x = torch.randperm(2 * 3 * 4 * 6).double().view(2, 3, 4, 6).requires_grad_()  # no two are nearly equal
    assert torch.autograd.gradcheck(MaxPool2x2.apply, x, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(MaxPool2x2.apply, x, check_batched_grad=True)


def test_copies_and_files_hold_torch_s_own_layers() -> None:
    own = network()
    kinds = [type(layer) for layer in own]
    use_fast_layers(own)
    assert [type(layer) for layer in own] != kinds
    file = io.BytesIO()
    torch.save(own, file)
    file.seek(0)
    for other in (copy.deepcopy(own), torch.load(file, weights_only=False)):
        assert [type(layer) for layer in other] == kinds
        assert torch.equal(other(X), own(X))
        assert str(other) == str(own)
    assert {type(own[1]), type(own[3])} == {MaxPool2d, Dropout}


def test_exchanging_layers_keeps_the_network() -> None:
    model = LargeCNN()
    before, seen = copy.deepcopy(model), []
    pool = model.layers[1]
    pool.register_forward_hook(lambda *_: seen.append(1))
    use_fast_layers(model)
    assert model.layers[1] is pool
    assert model.state_dict().keys() == before.state_dict().keys()
    images = torch.rand(2, 1, 28, 28)
    assert torch.equal(model.eval()(images), before.eval()(images))
    assert seen == [1]
    use_plain_layers(model)
    assert [type(one) for one in model.modules()] == [type(one) for one in before.modules()]


class Mine(nn.MaxPool2d):
    pass


@pytest.mark.parametrize(
    "layer",
    [
        nn.MaxPool2d(3),
        nn.MaxPool2d(2, stride=1),
        nn.MaxPool2d(2, padding=1),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.MaxPool2d(2, return_indices=True),
        nn.Dropout(0.5, inplace=True),
        nn.Dropout2d(0.5),
        Mine(2),
    ],
)
def test_other_layers_are_left_alone(layer: nn.Module) -> None:
    kind = type(layer)
    use_fast_layers(layer)
    assert type(layer) is kind


@pytest.mark.parametrize("shape", [(3, 4, 6), (0, 3, 4, 4), (2, 3, 1, 4), (2, 3, 5, 4), (4,)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
def test_unusual_images_are_pooled_or_refused_as_by_torch(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    def attempt(layer: nn.Module) -> tuple[Any, ...]:
        x = torch.ones(shape, dtype=dtype, requires_grad=dtype == torch.float32)
        try:
            y = layer(x)
            y.sum().backward()
        except (RuntimeError, IndexError) as error:
            return (str(error),)
        return y.tolist(), x.grad

    ours, theirs = attempt(fast(nn.MaxPool2d(2))), attempt(nn.MaxPool2d(2))
    assert ours[0] == theirs[0]
    assert len(ours) == 1 or torch.equal(ours[1], theirs[1])


def test_without_torch_s_private_name_all_is_torch_s(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.rand(2, 3, 4, 4, dtype=torch.bfloat16, requires_grad=True)
    pool = fast(nn.MaxPool2d(2))
    assert "MaxPool2x2" in str(pool(x).grad_fn)
    monkeypatch.setattr(layers, "is_func_active", lambda: True)
    assert "MaxPool2D" in str(pool(x).grad_fn)


@pytest.mark.parametrize("method", ["script", "trace"])
@pytest.mark.filterwarnings(
    "ignore:.*torch.jit.*", "ignore:.*[Tt]orch[Ss]cript.*", "ignore:This property will"
)  # torch is giving it up
def test_a_network_becomes_torchscript_while_its_layers_are_fast_and_after(method: str) -> None:
    network, images = LargeCNN().eval(), torch.randn(3, 1, 28, 28)
    expected = network(images)
    for change in (use_fast_layers, use_plain_layers):
        change(network)
        exported = network.to_torchscript(method=method, example_inputs=images)
        torch.testing.assert_close(exported(images), expected)  # type: ignore[operator]
