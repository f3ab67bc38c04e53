"""What can go wrong in streaming, one sentence each."""

from common.errors import DomainError


class PublishRefused(DomainError):
    """The ingest server must turn this encoder away; `code` says why, for the log and the dashboard."""

    code = "publish_refused"
