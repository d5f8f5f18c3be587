"""Losses of alignment: functions of two batches of vectors and of who matches whom.

In the contrastive ones an image may have many matching texts and a text many
images. What matches is never pushed apart: captions of one image are no false
negatives.
"""

import torch
from torch.nn import functional

__all__ = [
    "canonical_correlation",
    "infonce",
    "infonce_of_scores",
    "sigmoid",
    "triplet",
    "triplet_of_scores",
]


def infonce(images, texts, matches, scale):
    """Cross-entropy of finding a match among all that do not match.

    Every match is set against the mismatches of its text and against those of its
    image, as in CLIP [1]_; other matches are left out of the sum, as in the
    decoupled form of [2]_.

    Parameters
    ----------
    images : torch.Tensor of shape (n_images, n_components)
        Vectors of length one.
    texts : torch.Tensor of shape (n_texts, n_components)
        Vectors of length one.
    matches : torch.Tensor of bool, of shape (n_texts, n_images)
        True where text and image belong together.
    scale : float or torch.Tensor
        What similarities are multiplied by: one over the temperature.

    Returns
    -------
    loss : torch.Tensor
        A number; the mean over matches and both directions.

    References
    ----------
    .. [1] A. Radford et al., "Learning transferable visual models from natural
       language supervision", ICML 2021, figure 3.
    .. [2] P. Khosla et al., "Supervised contrastive learning", NeurIPS 2020,
       equation 2.

    Examples
    --------
    >>> vectors = torch.eye(2)
    >>> infonce(vectors, vectors, torch.eye(2) > 0, 1.0)
    tensor(0.3133)
    """
    return infonce_of_scores(scale * texts @ images.T, matches)


def infonce_of_scores(scores, matches):
    """`infonce` of scores that are no cosines.

    Parameters
    ----------
    scores : torch.Tensor of shape (n_texts, n_images)
        Logits.
    matches : torch.Tensor of bool, of shape (n_texts, n_images)
        True where text and image belong together.

    Returns
    -------
    loss : torch.Tensor
        A number; the mean over matches and both directions.

    Examples
    --------
    >>> infonce_of_scores(torch.eye(2), torch.eye(2) > 0)
    tensor(0.3133)
    """
    lowest = torch.finfo(scores.dtype).min
    mismatches = scores.masked_fill(matches, lowest)
    of_texts = mismatches.logsumexp(dim=1, keepdim=True) - scores
    of_images = mismatches.logsumexp(dim=0, keepdim=True) - scores
    losses = functional.softplus(of_texts) + functional.softplus(of_images)
    return losses[matches].mean() / 2


def sigmoid(images, texts, matches, scale, bias):
    """Cross-entropy of telling for each text and image whether they match.

    Parameters
    ----------
    images : torch.Tensor of shape (n_images, n_components)
        Vectors of length one.
    texts : torch.Tensor of shape (n_texts, n_components)
        Vectors of length one.
    matches : torch.Tensor of bool, of shape (n_texts, n_images)
        True where text and image belong together.
    scale : float or torch.Tensor
        What similarities are multiplied by.
    bias : float or torch.Tensor
        What is added to them; negative, as most images match few texts.

    Returns
    -------
    loss : torch.Tensor
        A number; summed over images, the mean over texts [1]_.

    References
    ----------
    .. [1] X. Zhai et al., "Sigmoid loss for language image pre-training",
       ICCV 2023, section 3.2.

    Examples
    --------
    >>> vectors = torch.eye(2)
    >>> sigmoid(vectors, vectors, torch.eye(2) > 0, 2.0, -1.0)
    tensor(0.6265)
    """
    logits = scale * texts @ images.T + bias
    signs = matches.to(logits.dtype) * 2 - 1
    return functional.softplus(-signs * logits).sum() / len(texts)


def triplet(images, texts, matches, margin):
    """By how much the hardest mismatch comes closer than a match plus a margin.

    Parameters
    ----------
    images : torch.Tensor of shape (n_images, n_components)
        Vectors of length one.
    texts : torch.Tensor of shape (n_texts, n_components)
        Vectors of length one.
    matches : torch.Tensor of bool, of shape (n_texts, n_images)
        True where text and image belong together.
    margin : float
        How much more alike a match has to be than the hardest mismatch.

    Returns
    -------
    loss : torch.Tensor
        A number; summed over both directions, the mean over matches [1]_.

    References
    ----------
    .. [1] F. Faghri et al., "VSE++: Improving visual-semantic embeddings with hard
       negatives", BMVC 2018, equation 6.

    Examples
    --------
    >>> images, texts = torch.eye(2), torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    >>> triplet(images, texts, torch.eye(2) > 0, 0.1)
    tensor(0.)
    >>> triplet(images, texts, torch.eye(2) > 0, 0.5)
    tensor(0.2000)
    """
    return triplet_of_scores(texts @ images.T, matches, margin)


def triplet_of_scores(scores, matches, margin):
    """`triplet` of scores that are no cosines.

    Parameters
    ----------
    scores : torch.Tensor of shape (n_texts, n_images)
        The higher the more alike.
    matches : torch.Tensor of bool, of shape (n_texts, n_images)
        True where text and image belong together.
    margin : float
        How much higher a match has to score than the hardest mismatch.

    Returns
    -------
    loss : torch.Tensor
        A number; summed over both directions, the mean over matches.

    Examples
    --------
    >>> triplet_of_scores(torch.tensor([[3.0, 0.0], [2.5, 5.0]]), torch.eye(2) > 0, 1.0)
    tensor(0.2500)
    """
    # Below any score, so that who matches everything has no mismatch to fear.
    mismatches = scores.masked_fill(matches, -torch.inf)
    of_texts = mismatches.amax(dim=1, keepdim=True) - scores
    of_images = mismatches.amax(dim=0, keepdim=True) - scores
    losses = functional.relu(margin + of_texts) + functional.relu(margin + of_images)
    return losses[matches].mean()


def canonical_correlation(images, texts, ridge):
    """Minus the sum of the canonical correlations of row-wise pairs.

    Parameters
    ----------
    images : torch.Tensor of shape (n_pairs, n_components)
        Outputs of a network.
    texts : torch.Tensor of shape (n_pairs, n_components)
        Outputs of another.
    ridge : float
        Added to the variances, relative to their mean.

    Returns
    -------
    loss : torch.Tensor
        A number between minus `n_components` and zero [1]_.

    References
    ----------
    .. [1] G. Andrew, R. Arora, J. Bilmes, K. Livescu, "Deep canonical correlation
       analysis", ICML 2013, equation 10.

    Examples
    --------
    >>> images = torch.tensor([[1.0], [2.0], [4.0]])
    >>> canonical_correlation(images, 3 - 2 * images, 0.0).round(decimals=4)
    tensor(-1.)
    """
    # Factorised in double precision: the batch may hardly have more rows than columns.
    images, texts = (view.double() - view.double().mean(0) for view in (images, texts))
    cross = images.T @ texts
    for view, side in ((images, 0), (texts, 1)):
        scatter = view.T @ view
        factor = _cholesky(scatter, ridge)
        cross = torch.linalg.solve_triangular(
            factor if side == 0 else factor.T, cross, upper=side == 1, left=side == 0
        )
    return -torch.linalg.matrix_norm(cross, "nuc").to(torch.float32)


def _cholesky(scatter, ridge):
    identity = torch.eye(len(scatter), dtype=scatter.dtype, device=scatter.device)
    try:
        return torch.linalg.cholesky(
            scatter + ridge * scatter.trace() / len(scatter) * identity
        )
    except torch.linalg.LinAlgError as error:
        raise ValueError(
            "The outputs of a network do not vary, or hold NaN: a view is constant, or "
            "holds huge numbers. Pass features that differ between pairs, scaled."
        ) from error
