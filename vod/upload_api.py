"""Uploads in the API: tus 1.0 (https://tus.io/protocols/resumable-upload) with creation and termination.

Daphne hands a chunk over when all of it has come, so one is in memory while it is taken: CHUNK_MAX_BYTES bounds that.
"""

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, throttle_classes
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle

from accounts.api_authentication import needs_scope, signed_in_user
from common.api import domain_answer
from common.errors import DomainError, InvalidInput
from vod import uploads
from vod.models import Upload
from vod.upload_states import UploadState

TUS_VERSION = "1.0.0"
CHUNK_TYPE = "application/offset+octet-stream"
Answer = Callable[..., Response]


class ChunkThrottle(UserRateThrottle):
    """Pieces of files, per user: a gigabit a second in pieces of 8 MiB."""

    scope = "upload"
    rate = "1200/min"


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """An upload as its owner sees it. `received` and `length` are bytes; seconds are of the video that is made."""

    id = serializers.CharField(source="public_id")
    received = serializers.SerializerMethodField()
    video = serializers.SerializerMethodField()

    class Meta:
        model = Upload
        fields = (
            "id",
            "filename",
            "title",
            "visibility",
            "length",
            "received",
            "state",
            "reason",
            "done_seconds",
            "total_seconds",
            "video",
            "created_at",
        )

    def get_received(self, upload: Upload) -> int:
        ended = upload.state in {UploadState.REFUSED, UploadState.CANCELLED}
        return 0 if ended else uploads.received_bytes(upload)

    def get_video(self, upload: Upload) -> str | None:
        """Page of the recording."""
        return upload.vod.get_absolute_url() if upload.vod and not upload.vod.deleted_at else None


def tus(view: Answer) -> Answer:
    """What the protocol wants of every answer, and of every request but for reading."""

    @wraps(view)
    def answer(request: Request, *args: Any, **kwargs: Any) -> Response:
        if request.method not in {"GET", "OPTIONS"} and request.headers.get("Tus-Resumable") != TUS_VERSION:
            response = Response({"detail": "Say Tus-Resumable: 1.0.0.", "code": "version"}, status=412)
            response["Tus-Version"] = TUS_VERSION
        else:
            try:
                response = view(request, *args, **kwargs)
            except DomainError as error:
                response = domain_answer(error)
                response.status_code = 413 if error.code == "too_large" else response.status_code
        response["Tus-Resumable"] = TUS_VERSION
        response["Cache-Control"] = "no-store"
        return response

    return answer


@extend_schema(methods=["GET"], responses=UploadSerializer(many=True))
@extend_schema(methods=["POST"], request=None, responses={201: UploadSerializer})
@extend_schema(methods=["OPTIONS"], exclude=True)
@needs_scope("channel:manage:videos")
@api_view(["GET", "POST", "OPTIONS"])
@tus
def upload_list(request: Request) -> Response:
    """Your uploads of the last days; begin one (tus: `Upload-Length`, `Upload-Metadata` with filename, title,
    visibility). Send it in pieces of at most 16 MiB."""
    if request.method == "OPTIONS":
        extensions = {"Tus-Version": TUS_VERSION, "Tus-Extension": "creation,termination"}
        return Response(status=204, headers=extensions | {"Tus-Max-Size": str(uploads.max_bytes())})
    user = signed_in_user(request)
    if request.method == "GET":
        return Response(UploadSerializer(Upload.objects.of(user), many=True).data)
    told = read_metadata(request.headers.get("Upload-Metadata", ""))
    known = {name: told[name] for name in ("title", "visibility") if name in told}
    length = _whole_number(request, "Upload-Length")
    upload = uploads.create_upload(owner=user, length=length, filename=told.get("filename", ""), **known)
    location = request.build_absolute_uri(f"{request.path}/{upload.public_id}")
    return Response(UploadSerializer(upload).data, status=201, headers={"Location": location})


@extend_schema(methods=["GET"], responses=UploadSerializer)
@extend_schema(methods=["PATCH"], request={CHUNK_TYPE: bytes}, responses={204: None})
@extend_schema(methods=["DELETE"], responses={204: None})
@extend_schema(methods=["HEAD"], exclude=True)
@needs_scope("channel:manage:videos")
@api_view(["GET", "HEAD", "PATCH", "DELETE"])
@throttle_classes([ChunkThrottle])
@tus
def upload_item(request: Request, upload_id: str) -> Response:
    """One upload: how far it is (HEAD as tus says), its next piece (PATCH), cancelling or forgetting it (DELETE)."""
    upload = uploads.upload_for_owner(public_id=upload_id, owner=signed_in_user(request))
    if request.method == "GET":
        return Response(UploadSerializer(upload).data)
    if request.method == "DELETE":
        uploads.cancel_upload(upload=upload)
        return Response(status=204)
    if request.method == "HEAD":
        offset = uploads.received_bytes(upload)
        return Response(headers={"Upload-Offset": str(offset), "Upload-Length": str(upload.length)})
    if request.content_type != CHUNK_TYPE:
        return Response({"detail": f"Send pieces as {CHUNK_TYPE}.", "code": "content_type"}, status=415)
    offset = uploads.append_to_upload(
        upload=upload,
        offset=_whole_number(request, "Upload-Offset"),
        length=_whole_number(request, "Content-Length") if "Content-Length" in request.headers else None,
        read=request.stream.read if request.stream else lambda size: b"",
    )
    return Response(status=204, headers={"Upload-Offset": str(offset)})


def read_metadata(text: str) -> dict[str, str]:
    """`key base64,key base64` as tus writes it. Raises InvalidInput."""
    told = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = pair.partition(" ")
        try:
            told[name] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidInput(f"Upload-Metadata: {name[:40]} must be UTF-8 in base64.") from None
    return told


def _whole_number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise InvalidInput(f"{header} must be a number of bytes.")
    return int(text)
