"""Explanations as HTML that needs nothing beside it: pictures and coloured words."""

import base64
import io
from html import escape
from pathlib import Path

import numpy as np

from itm_sklearn.inspection._match_explanation import AGAINST, FOR, heat
from itm_sklearn.persistence import open_atomic

__all__ = ["explanation_html", "write_explanations"]

_LONGEST_SIDE = 320
_N_MAPS = 4
_STYLE = """
body { margin: 0 auto; max-width: 70rem; padding: 2.5rem 1.5rem; color: #1d1f21;
       background: #fdfdfb; font: 16px/1.5 system-ui, "Segoe UI", Arial, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
.match { border-top: 1px solid #e2e2dc; padding: 1.25rem 0; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{summary}
{matches}
</body>
</html>
"""


def write_explanations(path, explanations, *, title="Why they match", summary=""):
    """Write explanations as one page that needs nothing beside it.

    Parameters
    ----------
    path : str or Path
        The page; an existing file is replaced once the new one is complete.
    explanations : sequence of MatchExplanation
        In the order in which they are shown.
    title : str, default="Why they match"
        Heading of the page.
    summary : str, default=""
        A paragraph under the heading.

    Returns
    -------
    path : Path
        Where the page is.

    Examples
    --------
    >>> import tempfile
    >>> from itm_sklearn.inspection import explain_match
    >>> def count_words(pairs):
    ...     return [len(text.split()) for text in pairs.texts]
    >>> found = explain_match(count_words, np.zeros((8, 8, 3)), "a <dog>")
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     page = write_explanations(f"{directory}/page.html", [found])
    ...     "&lt;dog&gt;" in page.read_text(encoding="utf8")
    True
    """
    matches = "\n".join(
        f'<section class="match">{explanation_html(each)}</section>'
        for each in explanations
    )
    page = _PAGE.format(
        title=escape(title),
        style=_STYLE,
        summary=f"<p>{escape(summary)}</p>" if summary else "",
        matches=matches,
    )
    with open_atomic(path) as file:
        file.write(page.encode("utf8"))
    return Path(path)


def explanation_html(explanation):
    """Picture, map and words of one match, and maps of the words that tell most."""
    told = explanation.telling_words()[:_N_MAPS]
    figures = [
        _figure(explanation.image, "picture"),
        _figure(heat(explanation.image, explanation.image_map), "what each part did"),
    ]
    figures += [
        _figure(
            heat(explanation.image, explanation.word_map(word)),
            f"with “{explanation.words[word]}”",
        )
        for word in told
    ]
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(figures)}</div>'
        f'<p style="font-size:1.15em;margin:.5em 0">{_coloured_words(explanation)}</p>'
        f'<p style="color:#6b6f76;font-size:.85em;margin:0">{_facts(explanation)}</p>'
    )


def _facts(explanation):
    facts = (
        f"{explanation.method}: score {explanation.score:.3f}, with all hidden "
        f"{explanation.base_score:.3f}, left over {explanation.residual:.3f}; words "
        f"did {100 * explanation.text_share:.0f} % of all that was done. "
        "Orange speaks for the match, blue against it."
    )
    return escape(facts)


def _coloured_words(explanation):
    scores = explanation.word_scores
    most = np.abs(scores).max() or 1.0
    return " ".join(
        _coloured(word, score, abs(score) / most)
        for word, score in zip(explanation.words, scores, strict=True)
    )


def _coloured(word, score, strength):
    red, green, blue = FOR if score >= 0 else AGAINST
    colour = f"rgba({red},{green},{blue},{0.6 * strength:.2f})"
    style = f"background:{colour};padding:.1em .25em;border-radius:3px"
    return f'<span style="{style}" title="{score:+.4f}">{escape(word)}</span>'


def _figure(pixels, caption):
    # Pictures of a few pixels are enlarged with their pixels to be seen.
    small = max(pixels.shape) < _LONGEST_SIDE // 2
    style = f"display:block;height:180px;{'image-rendering:pixelated' if small else ''}"
    return (
        f'<figure style="margin:0"><img style="{style}" src="{_address(pixels)}" '
        f'alt="{escape(caption)}"><figcaption style="color:#6b6f76;font-size:.85em">'
        f"{escape(caption)}</figcaption></figure>"
    )


def _address(pixels):
    from PIL import Image

    picture = Image.fromarray(pixels)
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    content = io.BytesIO()
    picture.save(content, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
