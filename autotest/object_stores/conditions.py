"""The conditions of a write: headers of a request to a check of the present object."""

from memory_store import Refused


def s3_condition(headers):
    """If-None-Match: * and If-Match: ETag, as S3 has had them since 2024."""
    absent = headers.get("if-none-match")
    same = headers.get("if-match")
    if absent is None and same is None:
        return None
    if absent not in (None, "*"):
        raise Refused(501, "NotImplemented", "If-None-Match can only be '*'")

    def check(present):
        if absent is not None and present is not None:
            raise precondition_failed("If-None-Match")
        if same is not None:
            if present is None:
                raise Refused(404, "NoSuchKey", "If-Match, and there is no object")
            if not matches(present, same):
                raise precondition_failed("If-Match")

    return check


def gcs_condition(headers):
    """x-goog-if-generation-match; 0: there is no object."""
    wanted = headers.get("x-goog-if-generation-match")
    if wanted is None:
        return None

    def check(present):
        if int(wanted) != (present.generation if present else 0):
            raise precondition_failed("x-goog-if-generation-match")

    return check


def matches(stored, etag):
    return etag == "*" or etag.strip().strip('"') == stored.etag.strip('"')


def precondition_failed(header):
    return Refused(
        412,
        "PreconditionFailed",
        f"At least one of the pre-conditions you specified did not hold: {header}",
    )
