"""`itm serve`: a page to search a gallery with, for oneself or behind a proxy."""

from pathlib import Path
from typing import Annotated

import typer

from itm_sklearn._optional import require
from itm_sklearn.cli._gallery import load_gallery
from itm_sklearn.cli._web import make_app

# Beyond that many, clients are told to come again.
_N_CONNECTIONS = 200


def serve(
    model: Annotated[Path, typer.Argument(help="From itm index or itm fit.")],
    host: Annotated[
        str, typer.Option(help="Who may ask: 127.0.0.1 lets this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    max_upload: Annotated[
        int, typer.Option(min=1, help="Largest picture to take, in MiB.")
    ] = 10,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="A name that the page is reached by; may be repeated."),
    ] = None,
):
    """Show a saved gallery in the browser: type a text, drop a picture, or both."""
    uvicorn = require("uvicorn", extra="serve", caller="itm serve")
    retriever = load_gallery(model)
    hosts = [host, "localhost", "127.0.0.1", *(allow_host or ())]
    app = make_app(retriever, max_upload=max_upload * 2**20, hosts=hosts)
    typer.echo(f"{retriever.gallery_!r} on http://{host}:{port}, Ctrl-C to stop")
    limits = {"limit_concurrency": _N_CONNECTIONS, "timeout_keep_alive": 5}
    uvicorn.run(app, host=host, port=port, log_level="warning", **limits)
