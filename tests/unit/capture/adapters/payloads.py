"""Messages in the forms that other makers' readers send, with plates and cameras that nobody has."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import cv2
import numpy as np


def picture(width: int = 640, height: int = 360) -> bytes:
    """Return a JPEG, gray but for a white rectangle where `BOX` is."""
    image = np.full((height, width, 3), 90, np.uint8)
    image[57:82, 460:557] = 255
    return cv2.imencode(".jpg", image)[1].tobytes()


BOX = {"xmin": 460, "ymin": 57, "xmax": 557, "ymax": 82}


def as_bytes(told: object) -> bytes:
    """Return a message as it goes over the wire."""
    return json.dumps(told).encode()


def frigate_update(**other: Any) -> dict[str, Any]:
    """Return what `frigate/tracked_object_update` tells of a plate."""
    return {
        "type": "lpr",
        "id": "1607123955.475377-mxklsc",
        "name": None,
        "plate": "TEST123",
        "score": 0.95,
        "camera": "driveway_cam",
        "timestamp": 1607123958.748393,
        "plate_box": [917, 487, 1029, 529],
    } | other


def frigate_event(**after: Any) -> dict[str, Any]:
    """Return what `frigate/events` tells of a vehicle."""
    told = {
        "id": "1607123955.475377-mxklsc",
        "camera": "driveway_cam",
        "frame_time": 1607123961.837752,
        "label": "car",
        "sub_label": ["a neighbor", 0.97],
        "top_score": 0.958984375,
        "start_time": 1607123955.475377,
        "end_time": None,
        "recognized_license_plate": "TEST123",
        "recognized_license_plate_score": 0.912,
    }
    return {"type": "update", "before": {}, "after": told | after}


def openalpr_group(**other: Any) -> dict[str, Any]:
    """Return what Rekor Scout's agent tells of a vehicle that passed."""
    return {
        "version": 2,
        "data_type": "alpr_group",
        "epoch_start": 1562681121504,
        "epoch_end": 1562681124479,
        "company_id": "example",
        "agent_uid": "AGENT1",
        "camera_id": 1234,
        "country": "us",
        "uuids": ["AGENT1-1234-1562681121543"],
        "candidates": [{"plate": "TEST55", "confidence": 92.9, "matches_template": 0}],
        "best_plate": {
            "plate": "TEST55",
            "confidence": 92.9,
            "plate_crop_jpeg": b64encode(picture(557, 100)).decode(),
        },
        "best_plate_number": "TEST55",
        "best_confidence": 92.9,
        "best_uuid": "AGENT1-1234-1562681121543",
        "best_region": "us-mo",
        "best_region_confidence": 57.28,
        "is_preview": False,
        "vehicle": {"color": [{"name": "white", "confidence": 91}]},
    } | other


def openalpr_results(*results: dict[str, Any], **other: Any) -> dict[str, Any]:
    """Return what the agent or the library tells of a frame."""
    one = {"plate": "TEST77", "confidence": 94.338623, "region": "us-wa", "region_confidence": 82}
    return {
        "version": 2,
        "data_type": "alpr_results",
        "epoch_time": 1476716853320,
        "img_width": 600,
        "img_height": 600,
        "uuid": "AGENT1-1234-1476716853320",
        "camera_id": 1234,
        "results": list(results) or [one],
    } | other


def recognition(*results: dict[str, Any], event: str = "recognition", **data: Any) -> dict[str, Any]:
    """Return what Plate Recognizer's Stream tells of a vehicle."""
    one = {
        "box": BOX,
        "plate": "test9",
        "region": {"code": "us-ca", "score": 0.413},
        "score": 0.839,
        "candidates": [{"plate": "test9", "score": 0.839}],
        "direction": "",
    }
    told = {
        "camera_id": "camera-1",
        "filename": "camera-1_screenshots/21-09-29/05-56-13.606935.jpg",
        "timestamp": "2021-09-29T05:56:13.606935Z",
        "timestamp_local": "2021-09-29 00:56:13.606935-05:00",
        "results": list(results) or [one],
    }
    return {"hook": {"id": "camera-1", "event": event}, "data": told | data}


def form(told: object, image: bytes | None) -> tuple[bytes, str]:
    """Return a body of `multipart/form-data` and its Content-Type."""
    parts = [b'Content-Disposition: form-data; name="json"\r\n\r\n' + as_bytes(told)]
    if image is not None:
        parts.append(
            b'Content-Disposition: form-data; name="upload"; filename="a.jpg"\r\n'
            b"Content-Type: image/jpeg\r\n\r\n" + image
        )
    body = b"".join(b"--edge\r\n" + each + b"\r\n" for each in parts) + b"--edge--\r\n"
    return body, "multipart/form-data; boundary=edge"
