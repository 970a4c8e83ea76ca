"""What may go wrong with stored files."""

__all__ = ["BadKey", "MissingArtifact", "StorageError", "StorageUnavailable"]


class StorageError(Exception):
    """The storage cannot do what was asked; the message is one sentence."""


class BadKey(StorageError, ValueError):
    """A key that no file of ours may have."""


class MissingArtifact(StorageError):
    """There is no file under this key."""


class StorageUnavailable(StorageError):
    """The disk or the S3 service does not answer, is full or refuses; trying again later may work."""
