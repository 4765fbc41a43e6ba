"""Where a published log is read from: a directory or a web address laid out by C2SP tlog-tiles.

Nothing read here is trusted. A source bounds how many bytes are read and how long that takes, never leaves
the host it was given, and reads nothing but what tlog-tiles names.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import zlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from gatehouse.ledger.background import Background
from gatehouse.ledger.encoding import LARGEST_NOTE
from gatehouse.ledger.errors import InvalidNote, InvalidTile, VerificationError
from gatehouse.ledger.layout import (
    CHECKPOINT,
    LARGEST_ENTRY,
    TILE,
    Resource,
    decode_bundle,
    encode_bundle,
    parse_path,
)
from gatehouse.ledger.merkle import HASH_BYTES
from gatehouse.model import BadUse, PartUnavailable

if TYPE_CHECKING:
    import httpx

# One answer, from the first byte asked to the last one read.
SECONDS: Final = 30.0
MOST_REDIRECTS: Final = 3
# Enough to hide a round trip of 50 ms behind the hashing of bundles; at most 8 bundles wait in memory.
_AHEAD: Final = 8
# Compressed bytes that make no output are bounded too.
_GZIP_SLACK: Final = 65_536


class NotServed(VerificationError):
    """The log does not serve what its checkpoint says it has."""


class Source(ABC):
    """A published log. It is a context manager; `name` is what the user called it."""

    name: str

    def checkpoint(self) -> str:
        """Return the note that is served as the checkpoint, unchecked."""
        data = self._read(CHECKPOINT, LARGEST_NOTE)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise InvalidNote(
                "the checkpoint is not UTF-8",
                where=self._where(CHECKPOINT),
                expected="UTF-8",
                got="other bytes",
            ) from error

    def fetch(self, path: str) -> bytes:
        """Return a tile or bundle by its path, never more bytes than the path allows.

        A partial one that the log dropped for the full one is cut from that (tlog-tiles, "Partial Tiles").
        """
        resource = parse_path(path)
        try:
            return self._read(path, _most_bytes(resource))
        except NotServed:
            return self._cut_from_full(resource)

    def fetch_each(self, paths: Iterable[str]) -> Iterator[bytes]:
        """Yield what lies at each path, in order; a source may read ahead."""
        return map(self.fetch, paths)

    def listing(self) -> Iterator[str] | None:
        """Yield the paths of all files below `tile/`; None where a source cannot tell."""
        return None

    def close(self) -> None:  # noqa: B027 - a directory holds nothing open
        """Let go of connections."""

    @abstractmethod
    def _read(self, path: str, most: int) -> bytes:
        """Return at most `most` bytes; `NotServed` where there is nothing."""

    def _where(self, path: str) -> str:
        return f"{self.name.rstrip('/')}/{path}"

    def _cut_from_full(self, resource: Resource) -> bytes:
        full = replace(resource, width=TILE)
        data = None
        if resource.width != TILE:
            try:
                data = self._read(full.path, _most_bytes(full))
            except NotServed:
                data = None
        if data is None:
            raise self._not_served(resource.path)
        if resource.kind == "tile":
            return data[: resource.width * HASH_BYTES]
        return encode_bundle(decode_bundle(data, count=TILE)[: resource.width])

    def _not_served(self, path: str) -> NotServed:
        return NotServed(
            "the log does not serve this part", where=self._where(path), expected=path, got="nothing"
        )

    def _too_long(self, path: str, most: int) -> VerificationError:
        kind = InvalidNote if path == CHECKPOINT else InvalidTile
        return kind(
            "the log serves more bytes than can be",
            where=self._where(path),
            expected=f"at most {most}",
            got="more",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Directory(Source):
    """A log exported to a directory."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        if not path.is_dir():
            raise PartUnavailable("there is no such directory", where=self.name)

    def listing(self) -> Iterator[str]:
        """Yield the paths of all files below `tile/`, sorted within each folder.

        Links are followed as a web server would; a folder that is reached a second time is `InvalidTile`,
        since links in a circle have no end, and one that cannot be read `PartUnavailable`.
        """
        seen: set[tuple[int, int]] = set()
        for folder, inner, files in os.walk(self._path / "tile", followlinks=True, onerror=self._unlisted):
            inner.sort()
            place = Path(folder).relative_to(self._path)
            found = Path(folder).stat()
            if (found.st_dev, found.st_ino) in seen:
                raise InvalidTile(
                    "a folder lies in two places",
                    where=self._where(place.as_posix()),
                    expected="a folder of its own",
                    got="a link",
                )
            seen.add((found.st_dev, found.st_ino))
            for name in sorted(files):
                yield (place / name).as_posix()

    def _read(self, path: str, most: int) -> bytes:
        try:
            # Without O_NONBLOCK a named pipe in the directory would wait for a writer forever.
            file = os.open(f"{self.name}/{path}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                raise self._not_served(path) from None
            raise self._unreadable(path, error) from error
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise self._not_served(path)
            data = _first_bytes(file, most + 1, expected=status.st_size)
        except OSError as error:
            raise self._unreadable(path, error) from error
        finally:
            os.close(file)
        if len(data) > most:
            raise self._too_long(path, most)
        return data

    def _unlisted(self, error: OSError) -> None:
        place = Path(error.filename).relative_to(self._path).as_posix()
        # A log without entries has no tiles.
        if error.errno != errno.ENOENT or place != "tile":
            raise PartUnavailable(
                "a folder cannot be read",
                where=self._where(place),
                got=error.strerror or "an error of the disk",
            ) from error

    def _unreadable(self, path: str, error: OSError) -> PartUnavailable:
        return PartUnavailable(
            "the file cannot be read", where=self._where(path), got=error.strerror or "an error of the disk"
        )


class Web(Source):
    """A log served over HTTP; `seconds` bounds each answer as a whole."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        import httpx  # costs 100 ms, which reading a directory need not wait for

        try:
            self._base = httpx.URL(url if url.endswith("/") else f"{url}/")
            named = bool(self._base.host)
        except (httpx.InvalidURL, ValueError):
            # httpx lets through that a host's name is no IDNA, a UnicodeError.
            named = False
        if not named or self._base.scheme not in ("http", "https") or self._base.userinfo:
            raise BadUse("a log is read from http:// or https:// and a host, without a password")
        self.name = str(self._base)
        self._seconds = seconds
        self._client = httpx.AsyncClient(
            timeout=seconds,
            follow_redirects=False,
            headers={"accept-encoding": "gzip, identity"},
            limits=httpx.Limits(max_connections=_AHEAD),
        )
        self._background = Background("gatehouse-ledger-source")

    def fetch_each(self, paths: Iterable[str]) -> Iterator[bytes]:
        """Yield what lies at each path, in order, a few requests ahead."""
        waiting: deque[tuple[Resource, Future[bytes]]] = deque()
        try:
            for path in paths:
                resource = parse_path(path)
                waiting.append((resource, self._background.submit(self._get(path, _most_bytes(resource)))))
                if len(waiting) >= _AHEAD:
                    yield self._answer(*waiting.popleft())
            while waiting:
                yield self._answer(*waiting.popleft())
        finally:
            for _, future in waiting:
                future.cancel()

    def close(self) -> None:
        """Close the connections and end the thread."""
        self._background.close(self._client.aclose())

    def _answer(self, resource: Resource, future: Future[bytes]) -> bytes:
        try:
            return future.result()
        except NotServed:
            return self._cut_from_full(resource)

    def _read(self, path: str, most: int) -> bytes:
        return self._background.run(self._get(path, most))

    async def _get(self, path: str, most: int) -> bytes:
        import httpx

        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(path, most)
        except TimeoutError as error:
            raise PartUnavailable(
                "the log took too long to answer",
                where=self._where(path),
                expected=f"an answer within {self._seconds:g} s",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # Where a redirect leads is parsed even where it is not followed; a bad host is a UnicodeError.
            raise PartUnavailable(
                "the log cannot be read from its address", where=self._where(path), got=type(error).__name__
            ) from error

    async def _follow(self, path: str, most: int) -> bytes:
        url = self._base.join(path)
        for _ in range(1 + MOST_REDIRECTS):
            async with self._client.stream("GET", url) as answer:
                if not answer.has_redirect_location:
                    return await self._body(answer, path, most)
                url = url.join(answer.headers["location"])
            if (url.scheme, url.host, url.port) != (self._base.scheme, self._base.host, self._base.port):
                raise PartUnavailable(
                    "the log sends its readers to another host",
                    where=self._where(path),
                    expected=self._base.host,
                    got=url.host,
                    hint="give the address where the log itself lies",
                )
        raise PartUnavailable(
            "the log sends its readers in circles",
            where=self._where(path),
            expected=f"at most {MOST_REDIRECTS} redirects",
        )

    async def _body(self, answer: httpx.Response, path: str, most: int) -> bytes:
        if answer.status_code in (404, 410):
            raise self._not_served(path)
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if answer.status_code != 200 or encoding not in ("identity", "gzip"):
            raise PartUnavailable(
                "the log gives no usable answer",
                where=self._where(path),
                expected="HTTP 200, plain or gzip",
                got=f"HTTP {answer.status_code}, {encoding}",
            )
        # A gzip bomb is stopped at the first byte too many, not after it has been unpacked.
        unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        parts: list[bytes] = []
        read = made = 0
        async for chunk in answer.aiter_raw():
            read += len(chunk)
            part = self._unpacked(unpack, chunk, most + 1 - made, path) if unpack else chunk
            made += len(part)
            if made > most or read > most + _GZIP_SLACK:
                raise self._too_long(path, most)
            parts.append(part)
        if unpack is not None and (not unpack.eof or unpack.unused_data):
            raise InvalidTile("the answer is not one gzip stream", where=self._where(path))
        return b"".join(parts)

    def _unpacked(self, unpack: zlib._Decompress, chunk: bytes, most: int, path: str) -> bytes:
        try:
            return unpack.decompress(chunk, most)
        except zlib.error as error:
            raise InvalidTile("the answer is no gzip stream", where=self._where(path)) from error


def open_source(place: str | Path) -> Source:
    """Return the log at a directory or at an `http://` or `https://` address."""
    if isinstance(place, str) and place.startswith(("http://", "https://")):
        return Web(place)
    return Directory(Path(place))


def _first_bytes(file: int, most: int, *, expected: int) -> bytes:
    """Return what a file holds, at most so many bytes; `expected` is what its size was when it was opened."""
    parts = []
    # A file object would take longer to make than a tile to read.
    while most and (part := os.read(file, min(most, expected + 1))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _most_bytes(resource: Resource) -> int:
    if resource.kind == "tile":
        return resource.width * HASH_BYTES
    return resource.width * (2 + LARGEST_ENTRY)
