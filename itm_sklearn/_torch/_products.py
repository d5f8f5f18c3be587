"""Cosines of blocks on any device and in half precision, for exact search.

`retrieval/_exact_search.py` has the same in numpy, and says what it is for.
"""

import numpy as np
import torch

from itm_sklearn._torch._device import pick_device

# An accelerator needs large blocks to be busy, a processor small ones for its cache.
_ROWS = {"cpu": 4096}
_ROWS_ELSEWHERE = 1 << 16


class TorchProducts:
    """Cosines of queries and rows, both of length one, as torch works them out.

    Parameters
    ----------
    n_features : int
        Length of the vectors.
    product : {"float32", "bfloat16"}
        The numbers that are multiplied; their sums are in float32.
    device : str
        Where.

    Attributes
    ----------
    n_rows : int
        How many rows are best multiplied at once.
    slack : float
        How far a cosine can be from the true one.
    """

    def __init__(self, n_features, product, device):
        self._device = pick_device(device)
        self._dtype = getattr(torch, product)
        self.n_rows = _ROWS.get(self._device.type, _ROWS_ELSEWHERE)
        self.slack = _slack(n_features, self._dtype)

    def prepare(self, queries):
        """The queries, as `multiply` takes them."""
        return torch.from_numpy(queries).to(self._device, self._dtype)

    def prepare_rows(self, segment, rows):
        """Rows of a segment, as `multiply` takes them."""
        vectors, scale = segment.fast(rows)
        vectors = _tensor(vectors).to(self._device)
        if scale is not None:
            vectors = vectors * _tensor(scale).to(self._device)[:, None]
        return vectors.to(self._dtype)

    def multiply(self, queries, block):
        """The cosines of all queries and rows."""
        return queries @ block.T

    def largest(self, cosines, n_groups):
        """The largest cosine of each of so many groups of rows."""
        size = cosines.shape[1] // n_groups
        groups = cosines[:, : size * n_groups].reshape(-1, size, n_groups)
        return groups.amax(dim=1).float().cpu().numpy()

    def reach(self, cosines, bars):
        """Queries and rows whose cosine comes up to the bar of the query."""
        bars = torch.from_numpy(bars).to(self._device, self._dtype)
        reached = (cosines >= bars[:, None]).flatten()
        if reached.device.type == "cpu":
            found = np.flatnonzero(reached.numpy())
        else:
            found = reached.nonzero().flatten().cpu().numpy()
        return np.divmod(found, cosines.shape[1])


def _tensor(array):
    """A tensor over the memory of an array, which nobody will write to."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def _slack(n_features, dtype):
    """Bound of the rounding of vectors, of their product, and of its sum."""
    single = torch.finfo(torch.float32).eps
    if dtype == torch.float32 and torch.get_float32_matmul_precision() == "highest":
        return (n_features + 4) * single
    # Half a unit in the last place for either vector, the cosine and the bar.
    return 2 * torch.finfo(torch.bfloat16).eps * 1.01 + (n_features + 4) * single
