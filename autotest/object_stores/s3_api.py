"""The S3 API, path style, and the XML API of Google Cloud Storage, over a
MemoryStore. S3's signatures are not looked at."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from urllib.parse import unquote

import conditions
import gcs_signatures
import s3_xml
from faults import error_answer
from http_wire import Answer, BrokenMessage
from memory_store import Refused
from multipart import Uploads

# MD5, in base64; Google's header has "md5=" before it.
CHECKSUMS = ("content-md5", "x-goog-hash")


class S3Api:
    """flavour: "s3" or "gcs". `ignores_conditions`: those of PUT and DELETE are
    ignored, as by a store that does not know them. `secret`: what requests to the
    flavour "gcs" have to be signed with, if they are; None: that is not looked at.
    `checksums`: those of puts are "verified", "ignored" or "refused"."""

    def __init__(
        self,
        store,
        flavour="s3",
        ignores_conditions=False,
        secret="test",
        checksums="verified",
    ):
        if checksums not in ("verified", "ignored", "refused"):
            raise ValueError(f"checksums '{checksums}'")
        self.checksums = checksums
        if flavour not in ("s3", "gcs"):
            raise ValueError(f"flavour '{flavour}': expected s3 or gcs")
        self.store = store
        self.flavour = flavour
        self.ignores_conditions = ignores_conditions
        self.secret = secret if flavour == "gcs" else None
        self.uploads = Uploads(store)
        self.clock_ahead = 0.0  # seconds, where signatures are looked at

    def refuse_expired(self, query):
        """A signed URL holds for as long as it says."""
        if "X-Amz-Expires" not in query:
            return
        signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        end = signed.replace(tzinfo=UTC) + timedelta(
            seconds=int(query["X-Amz-Expires"])
        )
        if datetime.now(UTC) + timedelta(seconds=self.clock_ahead) > end:
            raise Refused(403, "AccessDenied", "Request has expired")

    def answer(self, request):
        try:
            self.refuse_expired(request.query)
            if self.secret is not None:
                gcs_signatures.check(request, self.secret)
            if not request.bucket:
                answer = self.list_buckets()
            elif not request.key:
                answer = self.answer_bucket(request)
            else:
                answer = self.answer_object(request)
        except Refused as e:
            answer = error_answer(request, e.status, e.code, e.message)
        answer.headers.append(("Date", formatdate(usegmt=True)))
        return answer

    def answer_bucket(self, request):
        method, query = request.method, request.query
        if method == "PUT":
            self.store.create_bucket(request.bucket)
            return Answer(200)
        self.store.bucket(request.bucket)
        if method == "HEAD":
            return Answer(200)
        if method == "GET" and "uploads" in query:
            return xml_answer(self.uploads.pending(request.bucket))
        if method == "GET" and "location" in query:
            return xml_answer(s3_xml.document("LocationConstraint"))
        if method == "GET":
            return self.list_objects(request)
        if method == "POST" and "delete" in query:
            return self.delete_many(request)
        raise Refused(501, "NotImplemented", f"{method} of a bucket")

    def answer_object(self, request):
        method, query = request.method, request.query
        if method in ("GET", "HEAD"):
            return self.get(request)
        if method == "PUT" and "uploadId" in query:
            etag = self.uploads.add_part(
                query["uploadId"], int(query["partNumber"]), plain_body(request)
            )
            return Answer(200, [("ETag", etag)])
        if method == "PUT":
            return self.put(request)
        if method == "DELETE" and "uploadId" in query:
            self.uploads.abort(query["uploadId"])
            return Answer(204)
        if method == "DELETE":
            was_there = self.store.delete(
                request.bucket, request.key, self.condition(request, deletes=True)
            )
            if self.flavour == "gcs" and not was_there:
                raise Refused(404, "NoSuchKey", f"no object '{request.key}'")
            return Answer(204)
        if method == "POST" and "uploads" in query:
            return xml_answer(self.uploads.initiate(request.bucket, request.key))
        if method == "POST" and "uploadId" in query:
            stored = self.uploads.complete(
                query["uploadId"], request.body, self.condition(request)
            )
            body = s3_xml.document(
                "CompleteMultipartUploadResult",
                s3_xml.element("Bucket", request.bucket),
                s3_xml.element("Key", request.key),
                s3_xml.element("ETag", stored.etag),
            )
            return xml_answer(body, self.version(stored))
        raise Refused(501, "NotImplemented", f"{method} of an object")

    def condition(self, request, deletes=False):
        if self.ignores_conditions:
            return None
        if self.flavour == "gcs":
            return conditions.gcs_condition(request.headers)
        # S3's own conditional deletes are of 2025, and few other stores have them.
        return None if deletes else conditions.s3_condition(request.headers)

    def version(self, stored):
        headers = [("ETag", stored.etag)]
        if self.flavour == "gcs":
            headers.append(("x-goog-generation", str(stored.generation)))
        return headers

    def put(self, request):
        source = request.headers.get("x-amz-copy-source") or request.headers.get(
            "x-goog-copy-source"
        )
        condition = self.condition(request)
        if source is None:
            self.refuse_checksum(request)
            data = plain_body(request, self.checksums == "verified")
            stored = self.store.put(request.bucket, request.key, data, condition)
            return Answer(200, self.version(stored))
        from_bucket, _, from_key = unquote(source).lstrip("/").partition("/")
        original = self.store.get(from_bucket, from_key)
        wanted = request.headers.get("x-amz-copy-source-if-match")
        if wanted is not None and not conditions.matches(original, wanted):
            raise conditions.precondition_failed("x-amz-copy-source-if-match")
        stored = self.store.put(request.bucket, request.key, original.data, condition)
        body = s3_xml.document(
            "CopyObjectResult",
            s3_xml.element("LastModified", s3_xml.iso_time(stored.modified)),
            s3_xml.element("ETag", stored.etag),
        )
        return xml_answer(body, self.version(stored))

    def refuse_checksum(self, request):
        for name in CHECKSUMS:
            if self.checksums == "refused" and name in request.headers:
                raise Refused(501, "NotImplemented", f"{name} is not known here")

    def get(self, request):
        stored = self.store.get(request.bucket, request.key)
        headers = request.headers
        if "if-match" in headers and not conditions.matches(
            stored, headers["if-match"]
        ):
            raise conditions.precondition_failed("If-Match")
        if self.flavour == "gcs" and (check := conditions.gcs_condition(headers)):
            check(stored)
        fields = [
            *self.version(stored),
            ("Last-Modified", formatdate(stored.modified, usegmt=True)),
            ("Accept-Ranges", "bytes"),
        ]
        if "if-none-match" in headers and conditions.matches(
            stored, headers["if-none-match"]
        ):
            return Answer(304, fields)
        fields.append(("Content-Type", "application/octet-stream"))
        size = len(stored.data)
        first, last = byte_range(headers.get("range"), size)
        if first is None:
            return Answer(200, fields, stored.data)
        fields.append(("Content-Range", f"bytes {first}-{last}/{size}"))
        return Answer(206, fields, stored.data[first : last + 1])

    def list_buckets(self):
        buckets = "".join(
            f"<Bucket>{s3_xml.element('Name', name)}</Bucket>"
            for name in sorted(self.store.buckets)
        )
        body = s3_xml.document(
            "ListAllMyBucketsResult", f"<Buckets>{buckets}</Buckets>"
        )
        return xml_answer(body)

    def list_objects(self, request):
        query = request.query
        if query.get("list-type") == "2":
            after = query.get("continuation-token") or query.get("start-after", "")
        else:
            after = query.get("marker", "")
        page = self.store.list(
            request.bucket,
            query.get("prefix", ""),
            query.get("delimiter", ""),
            after,
            min(int(query.get("max-keys", 1000)), 1000),
        )
        generations = self.flavour == "gcs"
        return xml_answer(s3_xml.list_result(request.bucket, query, page, generations))

    def delete_many(self, request):
        root = s3_xml.parse(plain_body(request))
        keys = [node.findtext("Key") for node in root.iter("Object")]
        if len(keys) > 1000:
            raise Refused(400, "MalformedXML", "more than 1000 objects")
        for key in keys:
            self.store.delete(request.bucket, key)
        quiet = root.findtext("Quiet", "").lower() == "true"
        deleted = [f"<Deleted>{s3_xml.element('Key', key)}</Deleted>" for key in keys]
        return xml_answer(s3_xml.document("DeleteResult", *([] if quiet else deleted)))


def xml_answer(body, headers=()):
    return Answer(200, [("Content-Type", "application/xml"), *headers], body)


def byte_range(header, size):
    """First and last byte, (None, None) for all; refused if there is none of them."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if not found or found[0] == "bytes=-":
        return None, None
    if found[1]:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    else:
        first, last = max(0, size - int(found[2])), size - 1
    if first >= size or first > last:
        raise Refused(416, "InvalidRange", f"{header} of {size} bytes")
    return first, last


def plain_body(request, verified=True):
    """The body, its checksum verified, without the AWS SDKs' own chunks."""
    body = request.body
    headers = request.headers
    if headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        body = decode_aws_chunked(body)
    for name in CHECKSUMS:
        if verified and name in headers:
            found = hashlib.md5(body, usedforsecurity=False).digest()
            expected = headers[name].removeprefix("md5=")
            if base64.b64encode(found).decode() != expected:
                raise Refused(400, "BadDigest", f"{name} is of other content")
    return body


def decode_aws_chunked(body):
    parts = []
    at = 0
    while True:
        end = body.find(b"\r\n", at)
        if end < 0:
            raise BrokenMessage("aws-chunked: no end")
        size = int(body[at:end].split(b";")[0], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
