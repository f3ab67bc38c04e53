"""Files that arrive in forms."""

from django.core.files.uploadedfile import UploadedFile

from chat.limits import UPLOAD_BYTES
from common.errors import InvalidInput


def read_upload(upload: "UploadedFile[bytes] | None") -> bytes:
    """The file, if it is not too large to be looked at."""
    if upload is None or not upload.size:
        raise InvalidInput("Choose a picture.", code="no_picture")
    if upload.size > UPLOAD_BYTES:
        text = f"The file is too large. Use at most {UPLOAD_BYTES // 1000} kB."
        raise InvalidInput(text, code="too_large")
    return bytes(upload.read())
