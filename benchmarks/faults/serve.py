"""`itm serve` under many clients: first friendly ones, then hostile ones.

    python benchmarks/faults/serve.py --clients 50 --seconds 20

The server is a process of its own. Friendly clients ask for texts, pictures and
thumbnails as fast as they are answered. Hostile ones send what is too large, no
picture, a bomb, a body that is endless or slow, paths that lead out of the gallery, and
lines that are no HTTP. Told are requests a second, the time that answers take, and the
peak memory of the server. No answer may hold a traceback or the name of a file.
"""

import argparse
import asyncio
import io
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from itm_sklearn.baselines import make_baseline
from itm_sklearn.datasets import make_scenes
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever

LEAK = re.compile(rb'Traceback|File "|/tmp/|\.py|site-packages')
MEGABYTE = 2**20


def make_gallery(folder, n_images):
    """A saved retriever over files of generated scenes."""
    scenes = make_scenes(n_images, captions_per_image=1, random_state=0).pairs
    paths = [str(Path(folder, f"{number}.png")) for number in range(n_images)]
    for path, pixels in zip(paths, scenes.images, strict=True):
        Image.fromarray(pixels).save(path)
    pairs = ImageTextPairs(paths, scenes.texts, scenes.image_index)
    model = make_baseline("color", "tfidf", n_components=16).fit(pairs)
    saved = CrossModalRetriever(model).fit(pairs).save(Path(folder, "gallery"))
    return saved, [Path(path).read_bytes() for path in paths], scenes.texts


def start_server(gallery, log):
    """The process, and the address that it answers at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = "from itm_sklearn.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", str(gallery), "--port", str(port)]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            httpx.get(address)
            return process, address
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("The server did not start.")


def peak_memory(process):
    """Megabytes that the process held at most, where the system tells it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


async def be_friendly(client, pictures, texts):
    """One request of a kind that the page makes."""
    kind = random.choice(["text", "text", "text", "picture", "thumbnail"])
    if kind == "text":
        return kind, await client.post("/search", params={"text": random.choice(texts)})
    if kind == "picture":
        return kind, await client.post("/search", content=random.choice(pictures))
    return kind, await client.get(f"/image/{random.randrange(len(pictures))}")


def make_bomb(width, height):
    """A picture of one colour, which is small as a file and large when decoded."""
    content = io.BytesIO()
    Image.new("RGBA", (width, height)).save(content, "PNG")
    return content.getvalue()


def claim(width, height):
    """A small picture whose header tells of a large one."""
    content = bytearray(make_bomb(1, 1))
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


async def drip(n_parts, part, pause):
    """A body that comes in parts."""
    for _ in range(n_parts):
        yield part
        await asyncio.sleep(pause)


PATHS = ["/image/../gallery/manifest.json", "/..%2f..%2fetc/passwd", "/image/-1"]
PATHS += [
    "/image/" + "9" * 4000,
    "/image/1%00",
    "/serve.py",
    "/image/1e3",
    "/image" + "/" * 500,
]
ODD_BODIES = [b"GIF89a no picture", bytes(1000), b"%!PS-Adobe-3.0 EPSF-3.0\n"]
ODD_BODIES += [b"<svg onload=alert(1)>", claim(60_000, 60_000), b"\xff\xd8\xff\xe0"]


async def be_hostile(client, bomb, address):
    """One request of a kind that no page makes."""
    kind = random.choice(["large", "endless", "slow", "path", "odd", "bomb", "raw"])
    match kind:
        case "large":
            return kind, await client.post("/search", content=bytes(12 * MEGABYTE))
        case "endless":
            body = drip(1000, bytes(MEGABYTE // 16), 0)
        case "slow":
            body = drip(4, b"x", 1)
        case "path":
            return kind, await client.get(random.choice(PATHS))
        case "odd":
            body = random.choice(ODD_BODIES)
        case "bomb":
            body = bomb
        case _:
            return kind, await talk_nonsense(address)
    values = random.choice([{}, {"text": "x" * 5000}, {"n_results": "9" * 3000}])
    return kind, await client.post("/search", content=body, params=values)


async def talk_nonsense(address):
    """Whatever comes back when bytes that are no request are sent."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(random.randbytes(200) + b"\r\n\r\n")
    content = await reader.read(10_000)
    writer.close()
    return httpx.Response(400, content=content)


async def press(address, n_clients, seconds, act):
    """Times, statuses and leaks of what many clients were answered."""
    times, statuses, leaks = {}, Counter(), []
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=n_clients)

    async def one_client(client):
        while time.monotonic() < end:
            start = time.monotonic()
            try:
                kind, response = await act(client)
            except httpx.TransportError as error:
                # The server hangs up on what it has refused to read.
                statuses[type(error).__name__] += 1
                continue
            times.setdefault(kind, []).append(time.monotonic() - start)
            statuses[response.status_code] += 1
            if kind != "thumbnail" and LEAK.search(response.content):
                leaks.append(response.content[:200])

    options = {"base_url": address, "timeout": 60, "limits": limits}
    async with httpx.AsyncClient(**options) as client:
        await asyncio.gather(*(one_client(client) for _ in range(n_clients)))
    return times, statuses, leaks


def tell(name, seconds, found, process):
    """Print the figures of a phase; whether something leaked."""
    times, statuses, leaks = found
    n_answers = sum(map(len, times.values()))
    print(f"{name}: {n_answers} answers, {n_answers / seconds:.0f} a second")
    for kind, values in sorted(times.items()):
        half, most = np.percentile(values, [50, 99]) * 1000
        print(f"    {kind:10} {len(values):6}  p50 {half:7.0f} ms  p99 {most:7.0f} ms")
    print(f"    statuses {dict(statuses)}")
    print(
        f"    peak memory {peak_memory(process):.0f} MB, leaks {leaks[:3]}", flush=True
    )
    return bool(leaks)


def main():
    """Press the server, and fail if it leaks or is gone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--images", type=int, default=500)
    options = parser.parse_args()
    random.seed(0)
    bomb = make_bomb(7000, 7000)
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/log", "wb") as log:
        gallery, pictures, texts = make_gallery(folder, options.images)
        process, address = start_server(gallery, log)
        try:
            print(f"at rest: {peak_memory(process):.0f} MB")
            crowd = address, options.clients, options.seconds
            phases = {
                "friendly": lambda client: be_friendly(client, pictures, texts),
                "hostile": lambda client: be_hostile(client, bomb, address),
            }
            failed = False
            for name, act in phases.items():
                found = asyncio.run(press(*crowd, act))
                failed |= tell(name, options.seconds, found, process)
            failed |= httpx.get(address, timeout=60).status_code != 200
        finally:
            process.terminate()
            process.wait()
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
