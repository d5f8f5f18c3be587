"""Run batches: prepared ahead by threads, halved when memory runs out."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import torch
from torch.nn.functional import pad

from itm_sklearn._torch._device import LOGGER


def run_batches(network, batches):
    """Arrays that the network makes of each batch, in order.

    The answer to one batch is fetched when the next is on its way, so that a
    device never waits for the host.

    Parameters
    ----------
    network : callable
        From a batch to a tensor with a row for each item.
    batches : iterable
        What `network` takes; slices and ``len`` must work where memory may run out.

    Yields
    ------
    features : ndarray
        Float32, one a batch.

    Examples
    --------
    >>> list(run_batches(torch.tensor, [[1.0], [2.0, 3.0]]))
    [array([1.], dtype=float32), array([2., 3.], dtype=float32)]
    """
    before = None
    for batch in batches:
        parts = halve_until_it_fits(network, batch)
        if before is not None:
            yield _fetch(before)
        before = parts
    if before is not None:
        yield _fetch(before)


def _fetch(parts):
    if parts[0].ndim == 3:
        # Each part of a batch of tokens is as wide as its own longest text.
        longest = max(part.shape[1] for part in parts)
        parts = [pad(part, (0, 0, 0, longest - part.shape[1])) for part in parts]
    return torch.cat(parts).cpu().numpy()


def halve_until_it_fits(network, batch):
    """Outputs for the batch, or for its parts if it is too large for the memory.

    Examples
    --------
    >>> def small(batch):
    ...     if len(batch) > 1:
    ...         raise torch.OutOfMemoryError("CUDA out of memory")
    ...     return torch.tensor(batch)
    >>> halve_until_it_fits(small, [1, 2])
    [tensor([1]), tensor([2])]
    """
    try:
        return [network(batch)]
    except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error) or len(batch) < 2:
            raise
    # Beyond the except clause, so that the failed tensors are free.
    if torch.accelerator.is_available():
        torch.accelerator.empty_cache()
    half = (len(batch) + 1) // 2
    LOGGER.warning("Out of memory with %d items at once: trying %d", len(batch), half)
    first = halve_until_it_fits(network, batch[:half])
    return first + halve_until_it_fits(network, batch[half:])


def _is_out_of_memory(error):
    known = isinstance(error, torch.OutOfMemoryError | MemoryError)
    return known or "allocate memory" in str(error) or "out of memory" in str(error)


def prepare_ahead(function, items, *, n_threads, n_ahead):
    """Results in order, worked out by threads before they are asked for.

    Examples
    --------
    >>> list(prepare_ahead(abs, [-1, -2, 3], n_threads=2, n_ahead=2))
    [1, 2, 3]
    """
    pool = ThreadPoolExecutor(n_threads)
    try:
        items = iter(items)
        waiting = deque(pool.submit(function, item) for item in islice(items, n_ahead))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(function, item) for item in islice(items, 1))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)
