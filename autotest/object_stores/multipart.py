"""Uploads in parts: nothing is visible before they are completed."""

import hashlib
import threading
import uuid
from dataclasses import dataclass, field

import s3_xml
from memory_store import Refused, md5_etag


@dataclass
class Upload:
    bucket: str
    key: str
    parts: dict = field(default_factory=dict)  # number to (data, ETag)


class Uploads:
    def __init__(self, store):
        self.store = store
        self.lock = threading.Lock()
        self.uploads = {}

    def initiate(self, bucket, key):
        self.store.bucket(bucket)
        name = uuid.uuid4().hex
        with self.lock:
            self.uploads[name] = Upload(bucket, key)
        return s3_xml.document(
            "InitiateMultipartUploadResult",
            s3_xml.element("Bucket", bucket),
            s3_xml.element("Key", key),
            s3_xml.element("UploadId", name),
        )

    def find(self, name):
        try:
            return self.uploads[name]
        except KeyError:
            raise Refused(404, "NoSuchUpload", f"no upload '{name}'") from None

    def add_part(self, name, number, data):
        etag = md5_etag(data)
        with self.lock:
            self.find(name).parts[number] = (data, etag)
        return etag

    def complete(self, name, body, condition):
        root = s3_xml.parse(body)
        wanted = [
            (int(part.findtext("PartNumber")), part.findtext("ETag").strip('"'))
            for part in root.iter("Part")
        ]
        if not wanted or wanted != sorted(wanted):
            raise Refused(400, "InvalidPartOrder", "parts are not in order")
        with self.lock:
            upload = self.find(name)
            for number, etag in wanted:
                if upload.parts.get(number, (b"", ""))[1].strip('"') != etag:
                    raise Refused(400, "InvalidPart", f"part {number}")
            data = b"".join(upload.parts[number][0] for number, _ in wanted)
            digests = b"".join(bytes.fromhex(etag) for _, etag in wanted)
            digest = hashlib.md5(digests, usedforsecurity=False).hexdigest()
            stored = self.store.put(
                upload.bucket,
                upload.key,
                data,
                condition,
                etag=f'"{digest}-{len(wanted)}"',
            )
            del self.uploads[name]
        return stored

    def abort(self, name):
        with self.lock:
            self.find(name)
            del self.uploads[name]

    def pending(self, bucket):
        with self.lock:
            found = [
                f"<Upload>{s3_xml.element('Key', upload.key)}"
                f"{s3_xml.element('UploadId', name)}</Upload>"
                for name, upload in self.uploads.items()
                if upload.bucket == bucket
            ]
        return s3_xml.document(
            "ListMultipartUploadsResult", s3_xml.element("Bucket", bucket), *found
        )
