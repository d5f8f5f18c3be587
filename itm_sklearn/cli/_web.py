"""The web application of `itm serve`: one page, and the two addresses it asks.

Clients name images by their number in the gallery, never by a path, and get pictures
that are made anew. Uploads are cut off at a limit while they come in, all of them
together hold no more than eight may, and those that come too slowly are given up. Two
searches run at a time, and errors are told in one line, without where they come from.
"""

from contextlib import asynccontextmanager
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
# As many uploads of the largest size are held at a time, for any number of clients.
_N_UPLOADS = 8
# Seconds that the body of a request may take.
_PATIENCE = 30


class _Refused(Exception):
    """An upload that is not read to its end: what to say, and the status."""


def make_app(
    retriever,
    *,
    max_upload=10 * 2**20,
    hosts=("localhost", "127.0.0.1"),
    patience=_PATIENCE,
):
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
    patience : float, default=30
        Seconds after which an upload that is not complete is given up.

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
    uploads = _Uploads(max_upload, patience)
    search = _Search(retriever, uploads, need("anyio").CapacityLimiter(_N_AT_ONCE))
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


class _Uploads:
    """Bodies of requests, of a bounded size, all together and in a bounded time."""

    def __init__(self, max_upload, patience):
        self._max_upload = max_upload
        self._patience = patience
        self._n_free = _N_UPLOADS * max_upload

    @asynccontextmanager
    async def read(self, request):
        """The body; it counts as held until the end of the block."""
        content = bytearray()
        try:
            await self._fill(content, request)
            yield bytes(content)
        finally:
            self._n_free += len(content)

    async def _fill(self, content, request):
        from anyio import fail_after

        try:
            with fail_after(self._patience):
                async for chunk in request.stream():
                    self._check(len(content) + len(chunk), len(chunk))
                    self._n_free -= len(chunk)
                    content += chunk
        except TimeoutError:
            raise _Refused("The upload took too long.", 408) from None

    def _check(self, n_bytes, n_more):
        if n_bytes > self._max_upload:
            limit = self._max_upload / 2**20
            raise _Refused(f"Pictures may have {limit:g} MiB at most.", 413)
        if n_more > self._n_free:
            raise _Refused("Too many uploads at a time. Try again.", 503)


class _Search:
    """The addresses that have to do with the gallery."""

    def __init__(self, retriever, uploads, limiter):
        self._retriever = retriever
        self._uploads = uploads
        self._limiter = limiter

    async def search(self, request):
        """The best items for the text in the address and the picture in the body."""
        from starlette.responses import JSONResponse

        values = dict(request.query_params)
        try:
            async with self._uploads.read(request) as content:
                found = await self._run(self._answer, values, content)
        except _Refused as refused:
            return _failure(*refused.args)
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

    async def _run(self, function, *arguments):
        """The result of a function that takes its time, from a thread."""
        from anyio import to_thread

        return await to_thread.run_sync(function, *arguments, limiter=self._limiter)
