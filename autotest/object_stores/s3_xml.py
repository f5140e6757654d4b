"""The XML bodies of the S3 API."""

import time
import xml.etree.ElementTree as ElementTree
from urllib.parse import quote
from xml.sax.saxutils import escape

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def error_body(code, message, resource):
    return (
        f"{HEAD}<Error><Code>{code}</Code><Message>{escape(message or code)}</Message>"
        f"<Resource>/{escape(resource)}</Resource>"
        "<RequestId>0000000000000000</RequestId></Error>"
    ).encode()


def document(root, *elements):
    return f"{HEAD}<{root} {SPACE}>{''.join(elements)}</{root}>".encode()


def element(name, value):
    return f"<{name}>{escape(str(value))}</{name}>"


def iso_time(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def parse(body):
    """An element tree without name spaces, which clients set or not."""
    root = ElementTree.fromstring(body)
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    return root


def list_result(bucket, query, page, generations):
    """The body of ListObjects, and of ListObjectsV2 where `list-type` is 2."""
    encode = quote if query.get("encoding-type") == "url" else str
    version_2 = query.get("list-type") == "2"
    parts = [
        element("Name", bucket),
        element("Prefix", encode(query.get("prefix", ""))),
        element("MaxKeys", page.limit),
        element("IsTruncated", str(page.truncated).lower()),
    ]
    for name in ("delimiter", "encoding-type"):
        if name in query:
            title = "Delimiter" if name == "delimiter" else "EncodingType"
            parts.append(element(title, query[name]))
    if version_2:
        parts.append(element("KeyCount", len(page.objects) + len(page.prefixes)))
        for name, title in (
            ("start-after", "StartAfter"),
            ("continuation-token", "ContinuationToken"),
        ):
            if name in query:
                parts.append(element(title, query[name]))
        if page.truncated:
            parts.append(element("NextContinuationToken", page.last))
    else:
        parts.append(element("Marker", encode(query.get("marker", ""))))
        # Without a delimiter clients take the last key.
        if page.truncated and "delimiter" in query:
            parts.append(element("NextMarker", encode(page.last)))
    for key, stored in page.objects:
        parts.append(
            f"<Contents>{element('Key', encode(key))}"
            f"<LastModified>{iso_time(stored.modified)}</LastModified>"
            f"<ETag>{escape(stored.etag, {'"': '&quot;'})}</ETag>"
            f"<Size>{len(stored.data)}</Size>"
            + (f"<Generation>{stored.generation}</Generation>" if generations else "")
            + "<StorageClass>STANDARD</StorageClass></Contents>"
        )
    for prefix in page.prefixes:
        parts.append(
            f"<CommonPrefixes>{element('Prefix', encode(prefix))}</CommonPrefixes>"
        )
    return document("ListBucketResult", *parts)
