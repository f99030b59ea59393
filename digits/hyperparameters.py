"""Which arguments of a network's class are kept as its hyperparameters: those that build it again."""

import inspect
from types import FrameType


def needless_arguments(network: object, innermost: FrameType | None) -> set[str]:
    """The arguments of a network's base classes that its own class does not take, or that it gives to them itself.

    Args:
        network: whose `__init__` runs.
        innermost: the frame of the `__init__` of its first base class.
    """
    known = inspect.signature(type(network)).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()):
        return fixed_arguments(network, innermost)
    return {name for kind in type(network).__mro__[1:-1] for name in inspect.signature(kind).parameters} - known.keys()


def fixed_arguments(network: object, innermost: FrameType | None) -> set[str]:
    """The arguments that a subclass gives to its parent itself, as in `super().__init__(width=784, **training)`.

    Lightning keeps them, too, but then the subclass can't be called with what was kept; see `needless_arguments`.
    """
    frames = []
    while (
        innermost is not None and innermost.f_locals.get("self") is network and innermost.f_code.co_name == "__init__"
    ):
        frames.append(innermost)
        innermost = innermost.f_back
    inits = {
        init.__code__: init for kind in type(network).__mro__ if inspect.isfunction(init := vars(kind).get("__init__"))
    }
    own = inspect.getargvalues(frames[-1])  # of the subclass
    seen = {*own.args, *(own.locals[own.keywords] if own.keywords else ())}
    fixed = set()
    for frame in reversed(frames[:-1]):
        defaults = inspect.signature(inits[frame.f_code]).parameters if frame.f_code in inits else {}
        values = inspect.getargvalues(frame)
        new = {name for name in values.args if name not in seen and name in defaults}
        fixed |= {name for name in new if values.locals[name] is not defaults[name].default}
        seen |= new
    return fixed
