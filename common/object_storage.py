"""Files in a private bucket of an S3 service, with what `storage` adds to Django's interface."""

from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage

CONNECT_SECONDS, READ_SECONDS = 5, 30
ATTEMPTS = 10  # of one call: a service that fails one call in five still gets everything done


class ObjectStorage(S3Storage):  # type: ignore[misc]  # without types
    """Media is given out by the origin, which checks who may have it, and pictures by the edge."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_config = Config(
            signature_version="s3v4",
            s3={"addressing_style": self.addressing_style},
            retries={"mode": "standard", "max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            # Services other than Amazon's do not all know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )

    def url(self, name: str, *_: Any, **__: Any) -> str:
        """Of ours, not of S3's."""
        return f"/{name}"

    def read_range(self, name: str, at: int, size: int) -> bytes:
        """`size` bytes from offset `at` on, fewer at the end of the file. Raises FileNotFoundError."""
        wanted = f"bytes={at}-{at + size - 1}"
        try:
            answer = self.bucket.Object(self._normalize_name(name)).get(Range=wanted)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(name) from None
            raise
        return bytes(answer["Body"].read())

    def settle(self, name: str) -> None:
        """S3 has acknowledged it when the upload returns."""
