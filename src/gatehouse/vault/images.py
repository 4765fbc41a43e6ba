"""Pictures of reads: taken from cameras, sealed under the bucket of their read, opened one by one.

    name   = HMAC-SHA256(token key of (retention class, bucket), "image" LF what the picture is of)[:16]
    sealed = nonce | AES-256-GCM(sealing key of (owner, class, bucket), nonce, length | picture | padding)

What it is of is owner, camera, time of capture and hash; with a label and the bucket these are the associated
data, so that a file under another name does not open. Both keys end with the bucket. A picture is opened for
a read that was released or raised a hit, by the entry that says so; there is no way to ask for one by camera,
place or time, and none to list them.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatehouse.ledger.canonical import from_canonical
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import BadInput, CameraStatus, PartUnavailable, Read
from gatehouse.model.image import LARGEST_IMAGE, SignedImage
from gatehouse.vault.batch import parse_time
from gatehouse.vault.checks import CLOCK_SLACK, HIT_RAISED, RELEASED, check_recorded
from gatehouse.vault.clock import ForwardClock
from gatehouse.vault.enrollment import Enrolled
from gatehouse.vault.errors import ImageMissing, ImagesFull, NotPermitted, RowAltered
from gatehouse.vault.image_files import KEPT, ImageFiles, Keep, Place
from gatehouse.vault.jpeg import bare_jpeg
from gatehouse.vault.keys import Keys
from gatehouse.vault.learning import Learning
from gatehouse.vault.protocol import OpenedRead
from gatehouse.vault.retention import RetentionClass
from gatehouse.vault.sealing import make_token
from gatehouse.vault.times import to_microseconds

# How long a picture waits for the hit of its read, or a hit for its picture, whichever comes first. A hit may
# be raised up to 15 minutes after its read.
WAITS = timedelta(minutes=20)
# How long the pictures of a released answer can be opened.
OPEN_FOR = timedelta(minutes=15)
HIT_FIELDS = ("detail", "owners")
_MINUTE, _SECOND = 60_000_000, 1_000_000
_MICROSECOND = timedelta(microseconds=1)
_LABEL = b"gatehouse-image/1\n"
_NONCE_BYTES, _BLOCK = 12, 4_096
_REMEMBERED = 10_000
K = TypeVar("K")
V = TypeVar("V")
_STATUS = {CameraStatus.SUSPENDED: "camera_suspended", CameraStatus.RETIRED: "camera_retired"}


@dataclass(frozen=True, slots=True)
class ImageRules:
    """Where pictures lie, which are kept, and how many bytes they may take on the disk."""

    folder: Path
    keep: Keep = Keep.HITS
    most_bytes: int = 2**31


class ImageRefusal(StrEnum):
    """Why a picture is not taken in."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    CLOCK_AHEAD = "clock_ahead"
    EXPIRED = "expired"
    BEFORE_ENROLLMENT = "before_enrollment"
    IMPLAUSIBLE_RATE = "implausible_rate"
    NO_RETENTION = "no_retention"
    CAMERA_UNKNOWN = "camera_unknown"
    CAMERA_SUSPENDED = "camera_suspended"
    CAMERA_RETIRED = "camera_retired"
    BAD_SIGNATURE = "bad_signature"


class ImageState(StrEnum):
    """What became of a picture that was taken: nothing is kept, it waits for a hit, or it is kept."""

    DROPPED = "dropped"
    WAITING = "waiting"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class ImageTaken:
    """How a picture was taken in. `duplicate` says that it was there, and nothing was added."""

    state: ImageState
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class _Sight:
    """What a picture is of: a camera's read at a time (microseconds since 1970), by the picture's hash."""

    owner: str
    camera: str
    captured: int
    image: str


class Images:
    """The pictures of a vault. Threads may share it."""

    def __init__(
        self,
        rules: ImageRules,
        keys: Keys,
        *,
        learning: Learning,
        policy: Callable[[], Policy],
        clock: ForwardClock,
        backlog: Callable[[], timedelta | None],
    ) -> None:
        self._files = ImageFiles(rules.folder)
        self._keys = keys
        self._keep = rules.keep
        self._most_bytes = rules.most_bytes
        self._learning = learning
        self._policy = policy
        self._clock = clock
        self._backlog = backlog
        self._lock = threading.Lock()
        self._rates: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._wanted: OrderedDict[_Sight, datetime] = OrderedDict()
        self._released: OrderedDict[bytes, tuple[datetime, tuple[_Sight, ...]]] = OrderedDict()

    def take(self, image: SignedImage) -> ImageTaken | ImageRefusal:
        """Check a picture, seal it and store it, on the disk when this returns; one that is there adds none.

        Where there is no room it is `ImagesFull`, and nothing was taken.
        """
        now = self._clock()
        at = to_microseconds(now)
        if len(image.body) > LARGEST_IMAGE:
            return ImageRefusal.TOO_LARGE
        camera = self._learning.camera(image.camera)
        if camera is None:
            return ImageRefusal.CAMERA_UNKNOWN
        if not _is_signed(image, camera):
            return ImageRefusal.BAD_SIGNATURE
        if camera.status in _STATUS:
            return ImageRefusal(_STATUS[camera.status])
        keeping = self._learning.keeping(camera.owner)
        if keeping is None:
            return ImageRefusal.NO_RETENTION
        try:
            captured = parse_time(image.captured_at)
            picture = bare_jpeg(image.body)
        except (ValueError, OverflowError, BadInput):
            return ImageRefusal.MALFORMED
        if refusal := self._untimely(captured, camera, keeping.retention, at):
            return refusal
        sight = _Sight(camera.owner, camera.id, captured, image.sha256)
        if self._keep is Keep.NONE:
            return ImageTaken(ImageState.DROPPED)
        known = self._stored(sight, at)
        if known is not None:
            return ImageTaken(ImageState.KEPT if known == KEPT else ImageState.WAITING, duplicate=True)
        if self._files.held >= self._most_bytes:
            raise ImagesFull("there is no room for another picture", hint="send it again later")
        if not self._is_plausible(camera, captured):
            return ImageRefusal.IMPLAUSIBLE_RATE
        self._store(sight, picture, keeping.retention, at)
        with self._lock:
            is_wanted = self._wanted.get(sight, now) > now
        if self._keep is Keep.ALL:
            return ImageTaken(ImageState.KEPT)
        if is_wanted:
            self._keep_all(sight, at)
            return ImageTaken(ImageState.KEPT)
        return ImageTaken(ImageState.WAITING)

    def wanted(self, read: Read, owner: str) -> None:
        """Keep the picture of a read that raised a hit, also if it comes only now."""
        if read.image is None or self._keep is not Keep.HITS:
            return
        now = self._clock()
        sight = _sight(read, owner, read.image)
        # First said, then looked for: a picture that comes meanwhile is found by one of the two.
        with self._lock:
            _remember(self._wanted, sight, now + WAITS)
        self._keep_all(sight, to_microseconds(now))

    def is_there(self, read: Read, owner: str) -> bool:
        """Return whether there is a picture of a read that could be opened."""
        if read.image is None:
            return False
        return self._stored(_sight(read, owner, read.image), to_microseconds(self._clock())) is not None

    def released(self, entry: bytes, reads: Sequence[OpenedRead]) -> None:
        """Note which reads left the vault by an entry `released`; their pictures can be opened for now."""
        sights = tuple(
            _sight(each.read, each.owner, each.read.image) for each in reads if each.read.image is not None
        )
        if sights:
            with self._lock:
                _remember(self._released, leaf_hash(entry), (self._clock() + OPEN_FOR, sights))

    def open_released(self, image: str, *, entry: bytes, receipt: Receipt) -> bytes:
        """Open the picture of a read that this vault has handed out by this entry `released`."""
        recorded = check_recorded(entry, receipt, (), events=(RELEASED,), fields=(), policy=self._policy())
        now = self._clock()
        with self._lock:
            until, sights = self._released.get(recorded.hash, (now, ()))
        sight = next((each for each in sights if each.image == image), None)
        if sight is None or until <= now:
            raise ImageMissing(
                "no picture can be opened for this answer",
                expected=f"an image of a read of it, within {OPEN_FOR // timedelta(minutes=1)} minutes",
                hint="ask the search again",
            )
        return self._opened(sight, to_microseconds(now))

    def open_hit(
        self, lead: bytes, *, entry: bytes, receipt: Receipt, openings: Sequence[Disclosure]
    ) -> bytes:
        """Open the picture of a hit: `lead` is what was read for it, to which its entry commits."""
        raised = check_recorded(
            entry, receipt, openings, events=(HIT_RAISED,), fields=HIT_FIELDS, policy=self._policy()
        )
        match raised.values["detail"], raised.values["owners"]:
            case {"lead_sha256": str() as digest}, [str() as owner] if digest == sha256(lead).hexdigest():
                pass
            case _:
                raise NotPermitted("the entry is about another lead", where=f"entry {raised.index}")
        match from_canonical(lead):
            case {"camera": str() as camera, "captured_at": str() as captured, "image": str() as image}:
                sight = _Sight(owner, camera, parse_time(captured), image)
            case _:
                raise _missing()
        return self._opened(sight, to_microseconds(self._clock()))

    def sweep(self) -> int:
        """Delete pictures whose keys have ended, and those that waited in vain; return how many went."""
        now = self._clock()
        at = to_microseconds(now)

        def ended(owner: str, minutes: int, bucket: int) -> bool:
            return self._keys.sealing(owner, minutes, bucket, at=at) is None

        with self._lock:
            for sight in [sight for sight, until in self._wanted.items() if until <= now]:
                del self._wanted[sight]
            for entry in [entry for entry, (until, _) in self._released.items() if until <= now]:
                del self._released[entry]
        return self._files.sweep(ended=ended, before=(at - WAITS // _MICROSECOND) // _SECOND)

    def _untimely(
        self, captured: int, camera: Enrolled, retention: RetentionClass, at: int
    ) -> ImageRefusal | None:
        backlog = self._backlog()
        if captured > at + CLOCK_SLACK // _MICROSECOND:
            return ImageRefusal.CLOCK_AHEAD
        if (_bucket(min(captured, at), retention.minutes) + retention.minutes) * _MINUTE <= at:
            return ImageRefusal.EXPIRED
        if backlog is not None and captured < camera.since - backlog // _MICROSECOND:
            return ImageRefusal.BEFORE_ENROLLMENT
        return None

    def _is_plausible(self, camera: Enrolled, captured: int) -> bool:
        """Count a picture; return whether the camera can have had so many in a minute of capture."""
        minute = (camera.id, captured // _MINUTE)
        with self._lock:
            had = self._rates.pop(minute, 0)
            _remember(self._rates, minute, had + (had < camera.peak))
        return had < camera.peak

    def _store(self, sight: _Sight, picture: bytes, retention: RetentionClass, at: int) -> None:
        bucket = _bucket(min(sight.captured, at), retention.minutes)
        token, key = self._keys.for_batch(sight.owner, retention.minutes, [bucket])[bucket]
        place = Place(sight.owner, retention.minutes, bucket, make_token(token, _named(sight)).hex())
        text = len(picture).to_bytes(4, "big") + picture
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + key.encrypt(nonce, text + bytes(-len(text) % _BLOCK), _about(sight, bucket))
        try:
            self._files.put(place, sealed, waits_since=None if self._keep is Keep.ALL else at // _SECOND)
        except OSError as error:
            raise PartUnavailable(
                "a picture could not be stored", got=error.strerror, hint="make room; then send it again"
            ) from error

    def _places(self, sight: _Sight, at: int) -> list[tuple[Place, AESGCM]]:
        """Return where the picture of a read may lie, with the key that opens it there."""
        found = []
        # It lies in the bucket of the earlier of capture and arrival, which may be the slack before.
        earliest = sight.captured - CLOCK_SLACK // _MICROSECOND
        for minutes in sorted(self._keys.classes([sight.owner])):
            for bucket in sorted({_bucket(each, minutes) for each in (earliest, sight.captured)}):
                key = self._keys.sealing(sight.owner, minutes, bucket, at=at)
                token = None if key is None else self._keys.token(minutes, bucket)
                if key is not None and token is not None:
                    name = make_token(token, _named(sight)).hex()
                    found.append((Place(sight.owner, minutes, bucket, name), key.aead))
        return found

    def _stored(self, sight: _Sight, at: int) -> str | None:
        states = (self._files.state(place) for place, _ in self._places(sight, at))
        return next((state for state in states if state is not None), None)

    def _keep_all(self, sight: _Sight, at: int) -> None:
        for place, _ in self._places(sight, at):
            self._files.keep(place)

    def _opened(self, sight: _Sight, at: int) -> bytes:
        for place, key in self._places(sight, at):
            sealed = self._files.get(place)
            if sealed is not None:
                return _unsealed(sealed, key, _about(sight, place.bucket))
        raise _missing()


def _is_signed(image: SignedImage, camera: Enrolled) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(camera.key).verify(image.signature, image.message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _sight(read: Read, owner: str, image: str) -> _Sight:
    return _Sight(owner, read.camera, to_microseconds(read.captured_at), image)


def _bucket(at: int, minutes: int) -> int:
    minute = at // _MINUTE
    return minute - minute % RetentionClass(minutes).bucket_minutes


def _named(sight: _Sight) -> str:
    # No plate has a line feed, so no token of a plate is ever the name of a picture.
    return f"image\n{_told(sight)}"


def _about(sight: _Sight, bucket: int) -> bytes:
    return _LABEL + bucket.to_bytes(8, "big") + _told(sight).encode()


def _told(sight: _Sight) -> str:
    return f"{sight.owner}\n{sight.camera}\n{sight.captured}\n{sight.image}"


def _unsealed(sealed: bytes, key: AESGCM, about: bytes) -> bytes:
    try:
        text = key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
    except (InvalidTag, ValueError):
        raise RowAltered(
            "a picture does not open",
            expected="a file as it was sealed",
            got="one that was changed or moved",
            hint="compare with what the camera has kept; nothing was shown",
        ) from None
    return text[4 : 4 + int.from_bytes(text[:4], "big")]


def _remember(found: OrderedDict[K, V], key: K, value: V) -> None:
    found[key] = value
    while len(found) > _REMEMBERED:
        found.popitem(last=False)


def _missing() -> ImageMissing:
    return ImageMissing("there is no such picture, or none any more")
