"""Where networks run, in which numbers, and with whose random numbers."""

from contextlib import contextmanager
from logging import getLogger
from warnings import warn

import torch

LOGGER = getLogger("itm_sklearn")
_NUMBERS = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def pick_device(device=None):
    """The device of that name; None takes the fastest that is present.

    A model that was fitted on an accelerator is used where there is none, too.

    Examples
    --------
    >>> pick_device("cpu")
    device(type='cpu')
    """
    present = torch.device("cpu")
    if torch.accelerator.is_available():
        present = torch.accelerator.current_accelerator()
    if device is None:
        return present
    wanted = torch.device(device)
    if wanted.type in ("cpu", "meta", present.type):
        return wanted
    warn(
        f"device={device!r} is not here, so {present.type!r} is taken. Set device=None "
        "to take the fastest that is present without this warning.",
        stacklevel=2,
    )
    return present


def pick_precision(precision, device):
    """The type of numbers; "auto" is bfloat16 where the hardware has it.

    Examples
    --------
    >>> pick_precision("float32", pick_device("cpu"))
    torch.float32
    """
    if precision != "auto":
        return _NUMBERS[precision]
    return torch.bfloat16 if _has_bfloat16(device) else torch.float32


def _has_bfloat16(device):
    """Whether it calculates in bfloat16 itself: an emulation is slow."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0) or bool(
            torch.version.hip
        )
    if device.type != "cpu":
        return device.type == "xpu"
    has = torch.cpu.get_capabilities()
    return any(has.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def log_choice(name, device, dtype):
    """One line that says which network runs where."""
    numbers = str(dtype).removeprefix("torch.")
    LOGGER.info("%s runs on %s in %s", name, device, numbers)


@contextmanager
def seeded(seed, device=None):
    """Seed torch inside the block and leave the user's random numbers as they were.

    Examples
    --------
    >>> with seeded(0):
    ...     first = torch.rand(())
    >>> with seeded(0):
    ...     first == torch.rand(())
    tensor(True)
    """
    on_device = device is not None and device.type != "cpu"
    kind = device.type if on_device else "cuda"
    with torch.random.fork_rng([device] if on_device else [], device_type=kind):
        torch.manual_seed(seed)
        yield
