"""Dropout and max pooling that are fast on a CPU, in place of torch's own while a network is trained or used.

A layer's class is exchanged and nothing else: its name, its hooks and the keys of the state_dict stay. What the fast
computation does not cover is left to torch's own: other devices, `torch.func`, forward-mode derivatives, TorchScript,
`torch.compile`, exports, subclasses of Tensor. Copies and pickles hold torch's own layers.

Shapes: N images, C channels, H rows, W columns.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import forward_ad

# Private to torch; should it move, everything is left to torch.
is_func_active = getattr(torch._C, "_are_functorch_transforms_active", lambda: True)

FASTER = (torch.bfloat16, torch.float16)  # types for which max pooling with its gradient is faster than torch's own


def use_fast_layers(network: nn.Module) -> None:
    """Let the dropout and the 2×2 max pooling of `network` be computed by the classes of this file."""
    for layer in network.modules():
        if type(layer) is nn.Dropout and not layer.inplace:
            layer.__class__ = Dropout
        elif type(layer) is nn.MaxPool2d and is_2x2(layer):
            layer.__class__ = MaxPool2d


def use_plain_layers(network: nn.Module) -> None:
    """Undo `use_fast_layers`."""
    for layer in network.modules():
        if isinstance(layer, FastLayer):
            layer.__class__ = PLAIN[type(layer)]  # type: ignore[assignment]


def is_2x2(pool: nn.MaxPool2d) -> bool:
    """Whether `pool` takes the maxima of 2×2 pixels, side by side, and returns nothing else."""
    options = (pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.return_indices, pool.ceil_mode)
    return options == (2, 2, 0, 1, False, False)


def is_covered(x: Tensor) -> bool:
    """Whether the fast computations apply to `x`: floating-point values on a CPU, computed step by step."""
    return (
        type(x) is Tensor
        and x.device.type == "cpu"
        and x.layout == torch.strided
        and x.is_floating_point()
        and not torch.compiler.is_compiling()  # a graph shows, and an export holds, torch's own operations
        and not torch.jit.is_tracing()
        and not is_func_active()
        and forward_ad.unpack_dual(x).tangent is None
    )


class FastLayer(nn.Module):
    """One of torch's layers, computed in another way."""

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Copy and pickle torch's own layer."""
        return object.__new__, (PLAIN[type(self)],), self.__getstate__()


class Dropout(FastLayer, nn.Dropout):
    """Dropout whose mask is drawn 64 random bits for four values at a time, instead of one by one.

    The probability is exact to 1/65,536.
    """

    def forward(self, x: Tensor) -> Tensor:
        if torch.jit.is_scripting():  # by itself, as TorchScript then reads no further
            return F.dropout(x, self.p, self.training)
        if not is_covered(x) or not self.training or not 0 < self.p < 1:
            return F.dropout(x, self.p, self.training)
        n = x.numel()
        bits = torch.empty((n + 3) // 4, dtype=torch.int64).random_(-(1 << 63), None).view(torch.int16)[:n]
        mask = torch.empty_like(x)  # in the order of x in memory, which may be channels last
        mask.as_strided((n,), (1,)).copy_(bits.ge_(round(self.p * 65536) - 32768)).mul_(1 / (1 - self.p))
        return x * mask


class MaxPool2d(FastLayer, nn.MaxPool2d):
    """Max pooling over 2×2 pixels, (N, C, H, W) to (N, C, H // 2, W // 2), by maxima of whole arrays."""

    def forward(self, x: Tensor) -> Tensor:
        if torch.jit.is_scripting():
            return F.max_pool2d(x, 2)
        if not is_covered(x) or x.ndim != 4 or min(x.shape[2:]) < 2:
            return F.max_pool2d(x, 2)
        if not x.requires_grad:
            return max_pool_2x2(x)[-1].permute(0, 3, 1, 2)
        if x.dtype in FASTER and x.shape[2] % 2 == x.shape[3] % 2 == 0:
            return MaxPool2x2.apply(x)
        return F.max_pool2d(x, 2)


PLAIN: dict[type[nn.Module], type[nn.Module]] = {Dropout: nn.Dropout, MaxPool2d: nn.MaxPool2d}


def max_pool_2x2(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The largest of 2×2 pixels of x, (N, C, H, W), in two steps.

    Returns:
        The left pixels and the larger of left and right, each (N, H, W // 2, C); the upper ones of these, and the
        larger of upper and lower, each (N, H // 2, W // 2, C).
    """
    h, w = x.shape[2] // 2 * 2, x.shape[3] // 2 * 2
    pixels = x.permute(0, 2, 3, 1)[:, :h, :w]
    left, right = pixels[:, :, 0::2], pixels[:, :, 1::2]
    larger = torch.maximum(left, right)
    upper, lower = larger[:, 0::2], larger[:, 1::2]
    return left, larger, upper, torch.maximum(upper, lower)


class MaxPool2x2(torch.autograd.Function):
    """Max pooling of an even number of rows and columns, with its derivatives.

    Among equal values the first, row by row, gets the gradient, as in torch's own.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        left, larger, upper, largest = max_pool_2x2(x)
        whole = {2: torch.int16, 4: torch.int32, 8: torch.int64}[x.element_size()]
        is_left, is_upper = torch.empty(left.shape, dtype=whole), torch.empty(upper.shape, dtype=whole)
        torch.eq(left.view(whole), larger.view(whole), out=is_left)
        torch.eq(upper.view(whole), largest.view(whole), out=is_upper)
        ctx.save_for_backward(is_left, is_upper)
        return largest.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        is_left, is_upper = ctx.saved_tensors
        grad = grads[0].permute(0, 2, 3, 1)
        if torch.is_grad_enabled() or is_func_active():  # create_graph=True
            return select(grad, is_left.bool(), is_upper.bool()).permute(0, 3, 1, 2)
        try:
            grad = grad.contiguous().view(is_left.dtype)
        except RuntimeError:  # many gradients at once (is_grads_batched=True), which have no such view
            return select(grad, is_left.bool(), is_upper.bool()).permute(0, 3, 1, 2)
        # Selected as integers times 0 or 1: exact, and the fastest operation there is for it.
        n, h, w, c = is_upper.shape  # of the result
        larger = torch.empty_like(is_left)  # (N, 2 H, W, C)
        torch.mul(grad, is_upper, out=larger[:, 0::2])
        torch.sub(grad, larger[:, 0::2], out=larger[:, 1::2])
        all_four = torch.empty(n, 2 * h, 2 * w, c, dtype=is_left.dtype)
        torch.mul(larger, is_left, out=all_four[:, :, 0::2])
        torch.sub(larger, all_four[:, :, 0::2], out=all_four[:, :, 1::2])
        return all_four.view(grads[0].dtype).permute(0, 3, 1, 2)


def select(grad: Tensor, is_left: Tensor, is_upper: Tensor) -> Tensor:
    """The gradient of `MaxPool2x2` by operations that have derivatives themselves.

    Args:
        grad: of the result, (N, H // 2, W // 2, C).
        is_left: whether the left pixel is the larger, (N, H, W // 2, C) bool.
        is_upper: whether the upper one of these is, (N, H // 2, W // 2, C) bool.

    Returns:
        (N, H, W, C).
    """
    n, h, w, c = is_upper.shape
    larger = torch.stack([grad.where(is_upper, 0), grad.where(~is_upper, 0)], dim=2).reshape(n, 2 * h, w, c)
    all_four = torch.stack([larger.where(is_left, 0), larger.where(~is_left, 0)], dim=3)
    return all_four.reshape(n, 2 * h, 2 * w, c)
