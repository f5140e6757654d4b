"""Google's signatures of version 2, which GDAL makes with HMAC keys. They cover all
headers that begin with x-goog-: who adds one to a signed URL is refused, and must
be refused here.

https://docs.cloud.google.com/storage/docs/access-control/signed-urls-v2
"""

import base64
import hashlib
import hmac

from memory_store import Refused


def check(request, secret):
    """Raises Refused. Looked at are requests for objects, without parameters other
    than those of the signature; those without a signature pass."""
    words = request.headers.get("authorization", "")
    rest = set(request.query) - {"GoogleAccessId", "Expires", "Signature"}
    if not request.key or rest:
        return
    if "Signature" in request.query:
        found, date = request.query["Signature"], request.query["Expires"]
    elif words.startswith("GOOG1 "):
        found, date = words.rpartition(":")[2], request.headers.get("date", "")
    else:
        return
    extensions = sorted(
        f"{name}:{value}"
        for name, value in request.headers.items()
        if name.startswith("x-goog-") and not name.startswith("x-goog-encryption-key")
    )
    lines = [
        request.method,
        request.headers.get("content-md5", ""),
        request.headers.get("content-type", ""),
        date,
        *extensions,
        request.target.partition("?")[0],
    ]
    digest = hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha1)
    if base64.b64encode(digest.digest()).decode() != found:
        raise Refused(
            403,
            "SignatureDoesNotMatch",
            f"the string to sign is {lines}",
        )
