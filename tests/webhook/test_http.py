"""HTTP as nobody should speak it: what two readers of one connection may understand differently is
refused, or answered as the last request of its connection. Behind each request stands another one, which is
answered only where the connection goes on."""
import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import Service, read_to_end, review  # noqa: E402

BODY = json.dumps(review()).encode()
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
START = b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"

service = None


def setUpModule():
    global service
    service = Service("--request-timeout", "2s")


def tearDownModule():
    assert service.stop() == 0


def chunks(body=BODY, extension=b"", end=b"\r\n"):
    """A chunked body but for its trailers and the empty line."""
    return b"%x" % len(body) + extension + end + body + end + b"0" + extension + end


def headers(*lines, start=START, body=BODY):
    return start + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def chunked(*lines, start=START, trailers=b"\r\n", **how):
    return headers(b"Transfer-Encoding: chunked", *lines, start=start, body=chunks(**how) + trailers)


class Requests(unittest.TestCase):
    def send(self, request):
        """The answers to a request with another one behind it, as (status, head, body)."""
        with service.raw_tls() as sock:
            sock.sendall(request + NEXT)
            got, self.closed = read_to_end(sock, 1)
        return [(int(status), head, body) for status, head, body in
                re.findall(rb"HTTP/1\.1 (\d+) ([^\0]*?\r\n)\r\n([^\0]*?)(?=HTTP/1\.1 |$)", got)]

    def expect_last(self, status, request, text=""):
        """One answer, which says that the connection ends with it, and so it does."""
        answers = self.send(request)
        self.assertEqual([answer[0] for answer in answers], [status], request[:300])
        self.assertTrue(self.closed, request[:300])
        self.assertEqual(answers[0][1].lower().count(b"connection: close"), 1, request[:300])
        if text:
            self.assertIn(text, json.loads(answers[0][2])["message"], request[:300])

    def expect_kept(self, request):
        self.assertEqual([answer[0] for answer in self.send(request)], [200, 404], request[:300])

    def expect_refused(self, text, *requests):
        for request in requests:
            self.expect_last(400, request, text)

    def expect_refused_by_the_library(self, *requests, status=400):
        """libmicrohttpd 0.9.75 sends some of its own answers twice; each says that the connection ends."""
        for request in requests:
            answers = self.send(request)
            self.assertEqual({answer[0] for answer in answers}, {status}, request[:300])
            self.assertTrue(self.closed, request[:300])
            for _, head, _ in answers:
                self.assertIn(b"connection: close", head.lower())


class Lengths(Requests):
    def test_a_plain_length_is_read_and_the_connection_goes_on(self):
        self.expect_kept(headers(LENGTH[:-2]))
        self.expect_kept(headers(LENGTH[:-2].lower(), b"X-Empty: ", b"X: \xc3\xa4\tb"))

    def test_two_lengths_are_refused(self):
        self.expect_refused("Content-Length", headers(LENGTH[:-2], LENGTH[:-2]),
                            headers(LENGTH[:-2], b"content-length: 3"), headers(b"Content-Length: 3", LENGTH[:-2]))

    def test_a_length_and_chunks_are_refused(self):
        self.expect_refused("exclude each other", chunked(LENGTH[:-2]),
                            headers(LENGTH[:-2], b"Transfer-Encoding: chunked"))

    def test_what_is_not_chunked_alone_is_refused(self):
        for coding in (b"gzip", b"identity", b"gzip, chunked", b"chunked, chunked", b"chunked, identity", b"",
                       b"\x0bchunked", b"chunked;q=1"):
            self.expect_refused("", headers(b"Transfer-Encoding: " + coding, body=chunks() + b"\r\n"))
        self.expect_refused("Transfer-Encoding", chunked(b"Transfer-Encoding: chunked"),
                            chunked(b"transfer-encoding: identity"))

    def test_a_length_that_is_no_number_is_refused(self):
        for length in (b"", b"+5", b"-5", b"0x5", b"5 5", b"5, 5", b"5;", b"five"):
            self.expect_refused_by_the_library(headers(b"Content-Length: " + length))
        self.expect_refused_by_the_library(headers(b"Content-Length: 99999999999999999999"), status=413)

    def test_a_body_without_a_length_is_refused(self):
        self.expect_refused("Content-Length", headers(), headers(body=b""))

    def test_a_refused_body_that_never_ends_is_answered_at_once(self):
        self.expect_refused("expected chunked", headers(b"Transfer-Encoding: gzip", body=b""))


class Chunks(Requests):
    def test_they_are_read_and_end_the_connection(self):
        self.expect_last(200, chunked())
        self.expect_last(200, headers(b"Transfer-Encoding: CHUNKED", body=chunks() + b"\r\n"))

    def test_extensions_are_passed_over(self):
        self.expect_last(200, chunked(extension=b";name=value"))

    def test_trailers_are_passed_over(self):
        self.expect_last(200, chunked(trailers=b"Content-Length: 5\r\nTransfer-Encoding: gzip\r\nHost: y\r\n\r\n"))

    def test_lines_that_end_in_a_line_feed_end_the_connection_too(self):
        self.expect_last(200, chunked(end=b"\n", trailers=b"\n"))

    def test_what_is_no_chunk_is_refused(self):
        for body in (b"zz\r\n", b"\r\n", b"-1\r\n", b"0x5\r\n12345\r\n", b"2\r\n{}x\r\n0\r\n\r\n", b"1 \r\n"):
            self.expect_refused_by_the_library(headers(b"Transfer-Encoding: chunked", body=body))

    def test_http_1_0_has_none(self):
        self.expect_refused("HTTP/1.0", chunked(start=START.replace(b"1.1", b"1.0")),
                            chunked(b"Connection: keep-alive", start=START.replace(b"1.1", b"1.0")))


class Lines(Requests):
    def test_a_name_that_is_no_token_is_refused(self):
        for line in (b"Content-Length : 5", b"Content-Length\t: 5", b"X Y: z", b"(X): y", b"X\x01: y", b"\xc3\xa4: y"):
            self.expect_refused("name", headers(LENGTH[:-2], line, b"Y: z"), headers(line, LENGTH[:-2]))

    def test_a_first_line_that_is_indented_is_refused(self):
        self.expect_refused("name", headers(LENGTH[:-2], start=START.replace(b"Host", b" Host: y\r\nHost")))

    def test_control_characters_are_refused(self):
        for value in (b"a\rb", b"a\x01", b"\x7f", b"a\r", b"\x0bchunked"):
            self.expect_refused("control", headers(LENGTH[:-2], b"X: " + value))

    def test_a_line_without_a_colon_is_refused(self):
        self.expect_refused_by_the_library(headers(LENGTH[:-2], b"nothing"), headers(LENGTH[:-2], b"X\0: y"))

    # libmicrohttpd 0.9.75 puts the second line of a folded header behind the header's name.
    def test_a_folded_length_is_refused(self):
        self.expect_refused("Content-Length", headers(b"Content-Length: 1", b" 2"), headers(b"Content-Length:", b" 5"),
                            headers(LENGTH[:-2], b"\tx"))
        self.expect_refused("Transfer-Encoding", headers(b"Transfer-Encoding:", b" chunked", LENGTH[:-2]),
                            headers(LENGTH[:-2], b"transfer-encoding: x", b"\tchunked"))
        self.expect_refused("name", headers(LENGTH[:-2], b"X: y", b" Transfer-Encoding: chunked"))

    def test_another_folded_header_ends_the_connection(self):
        self.expect_last(200, headers(LENGTH[:-2], b"X: a", b" b"))

    # It cuts a value at a NUL, and takes a line that begins with one for the end of the headers.
    def test_a_nul_ends_the_connection(self):
        self.expect_last(200, headers(LENGTH[:-2], b"X: a\0b"))
        self.expect_last(200, headers(LENGTH[:-2] + b"\0 1"))
        self.expect_last(400, headers(LENGTH[:-2], b"\0X: a"))
        self.expect_refused("Content-Length", headers(b"\0X: a", LENGTH[:-2]))
        self.expect_last(200, headers(LENGTH[:-2], start=START.replace(b"/mutate", b"/mutate\0x")))

    def test_an_empty_name_ends_the_headers_and_the_connection(self):
        self.expect_last(400, headers(LENGTH[:-2], b": a"))
        self.expect_last(400, headers(LENGTH[:-2], b":"))

    def test_lines_that_end_in_a_line_feed_end_the_connection(self):
        self.expect_last(200, headers(LENGTH[:-2]).replace(b"\r\n", b"\n"))
        self.expect_last(200, headers(LENGTH[:-2], b"X: y\nY: z"))

    def test_spaces_that_nobody_needs_end_the_connection(self):
        self.expect_last(200, headers(LENGTH[:-2], b"X:y"))
        self.expect_last(200, headers(LENGTH[:-2], b"X:  y"))


class Hosts(Requests):
    def test_none_is_refused(self):
        self.expect_refused_by_the_library(headers(LENGTH[:-2], start=START.replace(b"Host: x\r\n", b"")))

    def test_two_are_refused(self):
        self.expect_refused("Host", headers(LENGTH[:-2], b"Host: x"), headers(LENGTH[:-2], b"host: y"))

    def test_what_else_may_be_given_once_is_refused_when_it_comes_twice(self):
        self.expect_refused("Content-Type", headers(LENGTH[:-2], b"Content-Type: text/plain"))
        self.expect_refused("Content-Encoding", headers(LENGTH[:-2], *2 * [b"Content-Encoding: identity"]))
        self.expect_refused("Expect", headers(LENGTH[:-2], *2 * [b"Expect: 100-continue"]))


class RequestLines(Requests):
    def target(self, target):
        return headers(LENGTH[:-2], start=START.replace(b"/mutate", target))

    def test_other_forms_of_the_target_are_404(self):
        for target in (b"https://localhost/mutate", b"*", b"localhost:443", b"//mutate", b"/./mutate", b"mutate",
                       b"/mutate#x", b"/mutate;x", b"/%6dutate", b"/mutate%00", b"/mutate%00?a=b", b"/mutate%3fa"):
            self.expect_last(404, self.target(target), "POST /mutate")

    def test_a_query_is_passed_over(self):
        for query in (b"?", b"?timeout=5s", b"?timeout=5s&a=%00%zz", b"?a?b"):
            self.expect_kept(self.target(b"/mutate" + query))

    def test_a_target_with_a_space_is_not_answered(self):
        for target in (b"/mutate?a b", b"/mutate x", b"/mutate "):
            self.assertEqual((self.send(self.target(target)), self.closed), ([], True))

    def test_more_than_one_space_ends_the_connection(self):
        self.expect_last(200, self.target(b" /mutate"))

    def test_http_1_0_ends_the_connection(self):
        old = START.replace(b"1.1", b"1.0")
        self.expect_last(200, headers(LENGTH[:-2], start=old))
        self.expect_last(200, headers(LENGTH[:-2], b"Connection: keep-alive", start=old))
        self.expect_last(200, headers(LENGTH[:-2], start=old.replace(b"Host: x\r\n", b"")))

    def test_other_versions_are_refused_or_end_the_connection(self):
        for version, status in ((b"1.2", 200), (b"2.0", 505), (b"0.9", 505), (b"11", 400)):
            self.expect_last(status, headers(LENGTH[:-2], start=START.replace(b"1.1", version)))
        self.expect_last(400, b"GET /mutate\r\n\r\n")

    def test_other_methods_end_the_connection(self):
        for method in (b"GET", b"post", b"CONNECT", b"TRACE", b"P\tOST"):
            self.expect_last(405, headers(LENGTH[:-2], start=START.replace(b"POST", method)))
        self.expect_last(405, b"GET /mutate HTTP/1.1\r\nHost: x\r\n\r\n")


class Expectations(Requests):
    def test_a_continue_is_given(self):
        with service.raw_tls() as sock:
            sock.sendall(headers(LENGTH[:-2], b"Expect: 100-Continue", body=b""))
            self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 100"))
            sock.sendall(BODY)
            self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 200"))

    def test_anything_else_is_417(self):
        for value in (b"200-ok", b"", b"100-continue, 200-ok"):
            self.expect_last(417, headers(LENGTH[:-2], b"Expect: " + value), "100-continue")


class Refusals(Requests):
    def test_what_the_headers_decide_ends_the_connection(self):
        self.expect_last(415, headers(LENGTH[:-2], b"Content-Encoding: gzip"))
        self.expect_last(415, headers(LENGTH[:-2], start=START.replace(b"/json", b"/yaml")))
        self.expect_last(413, headers(b"Content-Length: 8000000", b"Expect: 100-continue", body=b""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
