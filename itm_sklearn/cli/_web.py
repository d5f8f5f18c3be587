"""The web application of `itm serve`: one page, and the two addresses it asks.

Clients name images by their number in the gallery, never by a path, and get pictures
that are made anew. Uploads are cut off at a limit while they come in, two searches run
at a time, and errors are told in one line, without where they come from.
"""

from functools import partial
from importlib.resources import files

from itm_sklearn._optional import require
from itm_sklearn._views import length
from itm_sklearn.cli._answer import Question, answer
from itm_sklearn.retrieval._thumbnail import thumbnail

_PAGE = {
    "/": ("serve.html", "text/html"),
    "/serve.css": ("serve.css", "text/css"),
    "/serve.js": ("serve.js", "text/javascript"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' blob:; "
    "style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PICTURE = 320
_N_AT_ONCE = 2


class _TooLarge(Exception):
    """An upload is longer than the limit."""


def make_app(retriever, *, max_upload=10 * 2**20, hosts=("localhost", "127.0.0.1")):
    """A Starlette application over a fitted retriever.

    Parameters
    ----------
    retriever : CrossModalRetriever
        What is searched.
    max_upload : int, default=10485760
        The longest upload that is read, in bytes.
    hosts : sequence of str, default=("localhost", "127.0.0.1")
        The names that the page is reached by. Requests under other names are refused,
        so that no page of somebody else can ask in the name of a visitor.

    Returns
    -------
    app : starlette.applications.Starlette
        For any ASGI server.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.matching import SimilarityMatcher
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> from itm_sklearn.retrieval import CrossModalRetriever
    >>> pairs = ImageTextPairs(np.eye(2), np.eye(2))
    >>> app = make_app(CrossModalRetriever(SimilarityMatcher()).fit(pairs))
    >>> [route.path for route in app.routes][-2:]
    ['/search', '/image/{number:int}']
    """
    need = partial(require, extra="serve", caller="itm serve")
    routing = need("starlette.routing")
    trusted_host = need("starlette.middleware.trustedhost").TrustedHostMiddleware
    middleware = need("starlette.middleware").Middleware
    pages = [routing.Route(path, partial(_page, *page)) for path, page in _PAGE.items()]
    search = _Search(retriever, max_upload, need("anyio").CapacityLimiter(_N_AT_ONCE))
    return need("starlette.applications").Starlette(
        routes=[
            *pages,
            routing.Route("/search", search.search, methods=["POST"]),
            routing.Route("/image/{number:int}", search.image),
        ],
        middleware=[middleware(trusted_host, allowed_hosts=list(hosts))],
        exception_handlers={Exception: _hide},
    )


async def _page(name, media_type, request):
    from starlette.responses import Response

    content = files("itm_sklearn.cli").joinpath(name).read_bytes()
    return Response(content, media_type=media_type, headers=_HEADERS)


async def _hide(request, error):
    """Whatever went wrong, the client learns that something did; the log has more."""
    return _failure("The search failed. The log of the server says why.", 500)


def _failure(message, status):
    from starlette.responses import JSONResponse

    return JSONResponse({"error": message}, status_code=status, headers=_HEADERS)


class _Search:
    """The addresses that have to do with the gallery."""

    def __init__(self, retriever, max_upload, limiter):
        self._retriever = retriever
        self._max_upload = max_upload
        self._limiter = limiter

    async def search(self, request):
        """The best items for the text in the address and the picture in the body."""
        from starlette.responses import JSONResponse

        try:
            content = await self._read(request)
            found = await self._run(self._answer, dict(request.query_params), content)
        except _TooLarge:
            limit = self._max_upload / 2**20
            return _failure(f"Pictures may have {limit:g} MiB at most.", 413)
        if isinstance(found, str):
            return _failure(found, 400)
        return JSONResponse(found, headers=_HEADERS)

    def _answer(self, values, content):
        """The answer, or what is wrong with the question."""
        try:
            question = Question.read(values, content)
        except ValueError as error:
            return str(error)
        if getattr(self._retriever.gallery_, question.target) is None:
            return f"This gallery has no {question.target}."
        return answer(self._retriever, question)

    async def image(self, request):
        """A small copy of the image of that number."""
        from starlette.responses import Response

        images, number = self._retriever.gallery_.images, request.path_params["number"]
        if images is None or number >= length(images):
            return _failure("There is no such image.", 404)
        try:
            content = await self._run(thumbnail, images[number], _PICTURE)
        except (ValueError, TypeError, OSError):
            return _failure("This image can't be shown.", 404)
        headers = {**_HEADERS, "Cache-Control": "private, max-age=3600"}
        return Response(content, media_type="image/jpeg", headers=headers)

    async def _read(self, request):
        """The body, if it is not longer than an upload may be."""
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > self._max_upload:
                raise _TooLarge
        return bytes(content)

    async def _run(self, function, *arguments):
        """The result of a function that takes its time, from a thread."""
        from anyio import to_thread

        return await to_thread.run_sync(function, *arguments, limiter=self._limiter)
