"""Requests to an Azurite signed with SharedKey, without GDAL: what tests compare
with. https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
"""

import base64
import hashlib
import hmac
import http.client
import time
from email.utils import formatdate
from urllib.parse import quote, unquote, urlencode
from xml.etree import ElementTree

# Of each Azurite, and public.
ACCOUNT = "devstoreaccount1"
KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/"
    "K1SZFPTOtr/KBHBeksoGMGw=="
)
VERSION = "2021-12-02"
SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def request(address, method, path, query=None, headers=None, body=b""):
    """Status, headers (lower case) and body of the answer. `path`: container/key."""
    query = query or {}
    fields = {name.lower(): value for name, value in (headers or {}).items()}
    fields["x-ms-date"] = formatdate(usegmt=True)
    fields["x-ms-version"] = VERSION
    if body or method == "PUT":
        fields["content-length"] = str(len(body))
    target = quote(f"/{ACCOUNT}/{path}")
    fields["authorization"] = authorization(method, target, query, fields)
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        words = f"{target}?{urlencode(query)}" if query else target
        connection.request(method, words, body or None, fields)
        answer = connection.getresponse()
        known = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, known, answer.read()
    finally:
        connection.close()


def authorization(method, target, query, fields):
    values = [fields.get(name, "") for name in SIGNED]
    if values[SIGNED.index("content-length")] == "0":
        values[SIGNED.index("content-length")] = ""
    lines = [method, *values]
    lines += [f"{k}:{v}" for k, v in sorted(fields.items()) if k.startswith("x-ms-")]
    # The account's name is there twice: once as such, once in the path.
    lines.append(f"/{ACCOUNT}{target}")
    lines += [f"{k}:{v}" for k, v in sorted(query.items())]
    return f"SharedKey {ACCOUNT}:{signature(lines)}"


def sas_token(permissions="rwdlac"):
    """A shared access signature of the account for all that is in it, for an hour.

    Unlike those that GDAL makes of the key it allows plain http.
    https://learn.microsoft.com/rest/api/storageservices/create-account-sas
    """
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    words = [ACCOUNT, permissions, "b", "sco", "", end, "", "https,http", VERSION, ""]
    query = {
        "sv": VERSION,
        "ss": "b",
        "srt": "sco",
        "sp": permissions,
        "se": end,
        "spr": "https,http",
        "sig": signature([*words, ""]),
    }
    return urlencode(query)


def signature(lines):
    key = base64.b64decode(KEY)
    digest = hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def create_container(address, name):
    status, _, body = request(address, "PUT", name, {"restype": "container"})
    assert status == 201, body


def blobs(address, container, prefix=""):
    """Contents by name."""
    return {
        name: read(address, container, name)
        for name in list_blobs(address, container, prefix)
    }


def list_blobs(address, container, prefix=""):
    names = []
    query = {"restype": "container", "comp": "list", "prefix": prefix}
    while True:
        status, _, body = request(address, "GET", container, query)
        assert status == 200, body
        root = ElementTree.fromstring(body)
        for node in root.iter("Name"):
            encoded = node.get("Encoded") == "true"
            names.append(unquote(node.text) if encoded else node.text)
        marker = root.findtext("NextMarker")
        if not marker:
            return names
        query["marker"] = marker


def read(address, container, name):
    status, _, body = request(address, "GET", f"{container}/{name}")
    assert status == 200, (name, body)
    return body


def write(address, container, name, data):
    kind = {"x-ms-blob-type": "BlockBlob"}
    path = f"{container}/{name}"
    status, _, body = request(address, "PUT", path, headers=kind, body=data)
    assert status == 201, (name, body)
