"""Requests to a scripted server that nobody signs, repeats or caches."""

import http.client

import s3_xml


class Client:
    """One connection to the bucket "bucket", kept open."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.address, timeout=20)

    def __call__(self, method, key, body=None, **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self.connection.request(method, f"/bucket{key}", body, fields)
            answer = self.connection.getresponse()
            answer.data = answer.read()
            return answer
        except Exception:
            self.connection.close()
            raise

    def code(self, *arguments, **headers):
        answer = self(*arguments, **headers)
        words = s3_xml.parse(answer.data).findtext("Code") if answer.data else None
        return answer.status, words
