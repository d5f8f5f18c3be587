"""The keypoints and words that made a match, exactly.

Where a bag of visual words and a bag of words go through linear maps into one space,
their cosine is a sum with a term for each keypoint and word. `explain_match` asks any
model many times; here the model is taken apart once.
"""

import numpy as np
from scipy import sparse
from sklearn.pipeline import Pipeline

from itm_sklearn._load_image import load_image
from itm_sklearn.compose import DualEncoder
from itm_sklearn.image import BagOfVisualWords
from itm_sklearn.image._local_descriptors import LocalDescriptors
from itm_sklearn.inspection._keypoint_explanation import KeypointExplanation
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["explain_visual_words"]

# Largest part of a vector by which the sum of its parts may differ from it.
_TOLERANCE = 1e-3


def explain_visual_words(model, image, text):
    """How much each keypoint of a picture and each word of a text did for their cosine.

    Nothing is hidden and nothing is drawn: the cosine is a product of two sums, over
    keypoints and over words. What a keypoint and a word do together is split between
    them for the score of each, which makes these Shapley values for the lengths that
    the two vectors have.

    Parameters
    ----------
    model : Pipeline or retriever
        A fitted `DualEncoder` whose images end in `BagOfVisualWords` and whose texts
        begin with a vectorizer of words, then linear steps such as `CCA`, and perhaps
        a `SimilarityMatcher`; as `make_baseline` builds it.
    image : path, bytes, PIL image or array
        The picture.
    text : str
        The text; its words are what blanks separate.

    Returns
    -------
    explanation : KeypointExplanation
        Scores of keypoints and words, whose sum is the cosine.

    Raises
    ------
    TypeError
        If the model is built in another way.
    ValueError
        If a step is not linear, so that nothing can be taken apart exactly.

    See Also
    --------
    explain_match : For any model.

    Examples
    --------
    >>> from itm_sklearn.baselines import make_baseline
    >>> from itm_sklearn.datasets import make_scenes
    >>> pairs = make_scenes(40, random_state=0).pairs
    >>> model = make_baseline("orb", n_words=20, n_components=8, random_state=0)
    >>> found = explain_visual_words(model.fit(pairs), pairs.images[0], pairs.texts[0])
    >>> bool(abs(found.score - model.decision_function(pairs[[0]])[0]) < 1e-5)
    True
    >>> bool(abs(found.residual) < 1e-9)
    True
    """
    encoder, project = _take_apart(getattr(model, "model_", model))
    batch, keypoints = _share_among_keypoints(encoder.image_encoder_, image)
    words, shares = _share_among_words(encoder.text_encoder_, text)
    tail = _after_vectorizer(encoder.text_encoder_)
    images, image_bias = _parts(keypoints, lambda rows: project(images=rows.toarray()))
    texts, text_bias = _parts(shares, lambda rows: project(texts=tail(rows)))
    length = _norm(images, image_bias) * _norm(texts, text_bias)
    together = texts @ images.T / length
    return KeypointExplanation(
        image=load_image(image),
        text=text,
        words=words,
        positions=batch.positions,
        keypoint_scores=images @ text_bias / length + together.sum(axis=0) / 2,
        word_scores=texts @ image_bias / length + together.sum(axis=1) / 2,
        interactions=together,
        base_score=float(image_bias @ text_bias / length),
        score=float((images.sum(0) + image_bias) @ (texts.sum(0) + text_bias) / length),
    )


def _take_apart(model):
    """The encoder, and a function from features of one view to vectors."""
    steps = (
        [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    )
    if len(steps) > 1 and not hasattr(steps[-1], "transform"):
        steps = steps[:-1]
    encoder, *between = steps
    images = getattr(encoder, "image_encoder_", None)
    if not (
        isinstance(encoder, DualEncoder)
        and isinstance(images, Pipeline)
        and isinstance(images[-1], BagOfVisualWords)
    ):
        raise TypeError(
            f"{type(model).__name__} does not begin with a fitted DualEncoder whose "
            "images end in BagOfVisualWords. Use explain_match, which takes any model."
        )

    def project(**view):
        vectors = ImageTextPairs(**view)
        for step in between:
            vectors = step.transform(vectors)
        projected = vectors.images if "images" in view else vectors.texts
        return np.asarray(projected, dtype=np.float64)

    return encoder, project


def _share_among_keypoints(encoder, image):
    """Descriptors of the picture, and its bag as a sum with a row a keypoint."""
    bag = encoder[-1]
    (batch,) = encoder[:-1].transform([image]).batches()
    n_keypoints = len(batch.descriptors)
    # Each keypoint as an image of its own: what it counts for.
    alone = LocalDescriptors(
        batch.descriptors, np.ones(n_keypoints, int), batch.positions
    )
    counts = bag._count_batch(alone)
    whole = sparse.csr_array(bag.transform(batch)).toarray().ravel()
    totals = np.maximum(counts.sum(axis=0), np.finfo(np.float32).tiny)
    return batch, counts.multiply((whole / totals)[None, :]).tocsr()


def _share_among_words(encoder, text):
    """Words of the text, and its features as a sum with a row a word."""
    vectorizer = encoder[0] if isinstance(encoder, Pipeline) else encoder
    words = text.split()
    if not words or not hasattr(vectorizer, "vocabulary_"):
        raise TypeError(
            f"{vectorizer!r} has no vocabulary, or text={text!r} no words. A fitted "
            "vectorizer of scikit-learn that learns its words is needed."
        )
    counts = _count_shares(vectorizer, words, text)
    whole = vectorizer.transform([text]).toarray().ravel()
    totals = np.maximum(counts.sum(axis=0), np.finfo(np.float32).tiny)
    return words, counts.multiply((whole / totals)[None, :]).tocsr()


def _count_shares(vectorizer, words, text):
    """How much of each term in the text each word is: 1 / n of a term of n words."""
    tokens, owners = _tokens(vectorizer, words)
    low, high = vectorizer.ngram_range
    spans = [
        slice(start, start + n)
        for n in range(low, high + 1)
        for start in range(len(tokens) - n + 1)
    ]
    terms = [" ".join(tokens[span]) for span in spans]
    if sorted(terms) != sorted(vectorizer.build_analyzer()(text)):
        raise ValueError(
            f"{vectorizer!r} finds other terms in {text!r} than its words have, so "
            'they can not be shared among them. Use analyzer="word".'
        )
    counts = sparse.lil_array((len(words), len(vectorizer.vocabulary_)))
    for term, span in zip(terms, spans, strict=True):
        column = vectorizer.vocabulary_.get(term)
        for owner in owners[span] if column is not None else ():
            counts[owner, column] += 1 / (span.stop - span.start)
    return counts.tocsr()


def _tokens(vectorizer, words):
    """Tokens of the text in order, and the word that each is from."""
    prepare, cut = vectorizer.build_preprocessor(), vectorizer.build_tokenizer()
    ignored = vectorizer.get_stop_words() or ()
    found = [
        (token, number)
        for number, word in enumerate(words)
        for token in cut(prepare(word))
        if token not in ignored
    ]
    return [token for token, _ in found], [number for _, number in found]


def _after_vectorizer(encoder):
    """What the texts go through behind the vectorizer."""
    steps = encoder[1:] if isinstance(encoder, Pipeline) else ()
    return steps.transform if len(steps) else lambda rows: rows


def _parts(shares, through):
    """What each row of features adds to the vector, and what is there without any."""
    nothing = sparse.csr_array((1, shares.shape[1]))
    whole = sparse.csr_array(shares.sum(axis=0)[None, :])
    vectors = through(sparse.vstack([shares, whole, nothing], format="csr"))
    bias = vectors[-1]
    parts = vectors[:-2] - bias
    away = np.linalg.norm(parts.sum(axis=0) + bias - vectors[-2])
    if away > _TOLERANCE * np.linalg.norm(vectors[-2]):
        raise ValueError(
            "A step behind the bags of words is not linear, so the match can not be "
            "taken apart exactly. Use explain_match, which takes any model."
        )
    return parts, bias


def _norm(parts, bias):
    return np.linalg.norm(parts.sum(axis=0) + bias) or 1.0
