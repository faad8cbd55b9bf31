#!/usr/bin/python3
"""What --issue-certs writes, as openssl, curl, Python and kubectl (a Go client, as API servers are) see it."""

import base64
import http.server
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = os.path.abspath(os.environ.get("PROGRAM", "build/druid-bridge"))
NAME = "druid-bridge.druid-bridge.svc"


def run(*command, ok=True):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if ok and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def issue(directory, *more, ok=True):
    return run(PROGRAM, "--issue-certs", directory, "--dns-name", NAME, "--dns-name", "*.example.org",
               "--dns-name", "127.0.0.1", *more, ok=ok)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # clients that refuse the certificate hang up


class Issued(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.dir = os.path.join(cls.temporary.name, "certs")
        cls.output = issue(cls.dir).stdout
        cls.ca, cls.crt, cls.key = (os.path.join(cls.dir, n) for n in ("ca.crt", "tls.crt", "tls.key"))

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cls.crt, cls.key)
        server = Quiet(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        cls.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)

    def test_the_ca_bundle_is_printed(self):
        self.assertIn(base64.b64encode(pathlib.Path(self.ca).read_bytes()).decode(), self.output)
        self.assertNotIn("PRIVATE KEY", self.output)

    def test_openssl_verifies_it_as_a_server(self):
        run("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", NAME,
            "-CAfile", self.ca, self.crt)
        run("openssl", "verify", "-x509_strict", "-verify_ip", "127.0.0.1", "-CAfile", self.ca, self.crt)
        run("openssl", "verify", "-x509_strict", "-verify_hostname", "a.example.org", "-CAfile", self.ca, self.crt)
        for refused in (["-verify_hostname", "druid-bridge"], ["-purpose", "sslclient"]):
            self.assertNotEqual(
                run("openssl", "verify", *refused, "-CAfile", self.ca, self.crt, ok=False).returncode, 0, refused)

    def test_the_serving_certificate_says_what_it_is_for(self):
        text = run("openssl", "x509", "-in", self.crt, "-noout", "-text").stdout
        for line in ("Version: 3", "Signature Algorithm: ecdsa-with-SHA256", "Issuer: CN = druid-bridge CA",
                     "ASN1 OID: prime256v1", "CA:FALSE", "X509v3 Key Usage: critical", "Digital Signature",
                     "TLS Web Server Authentication", "X509v3 Subject Key Identifier",
                     "X509v3 Authority Key Identifier",
                     f"DNS:{NAME}, DNS:*.example.org, IP Address:127.0.0.1"):
            self.assertIn(line, text)
        self.assertNotIn("Certificate Sign", text)

    def test_the_ca_signs_and_does_nothing_else(self):
        text = run("openssl", "x509", "-in", self.ca, "-noout", "-text").stdout
        for line in ("Version: 3", "Subject: CN = druid-bridge CA", "ASN1 OID: prime256v1",
                     "X509v3 Basic Constraints: critical", "CA:TRUE, pathlen:0", "X509v3 Key Usage: critical",
                     "Certificate Sign, CRL Sign", "X509v3 Subject Key Identifier"):
            self.assertIn(line, text)
        self.assertNotIn("Digital Signature", text)

    def test_serial_numbers_are_random_and_long(self):
        serials = [run("openssl", "x509", "-in", path, "-noout", "-serial").stdout for path in (self.ca, self.crt)]
        self.assertNotEqual(*serials)
        for serial in serials:  # "serial=" and 16 bytes, of which the first may begin with zeros
            self.assertGreater(len(serial.strip()), len("serial=") + 28)

    def test_keys_are_pkcs8_and_fit(self):
        for name in ("ca", "tls"):
            key, crt = (os.path.join(self.dir, f"{name}.{ending}") for ending in ("key", "crt"))
            with open(key, encoding="ascii") as file:
                self.assertEqual(file.readline(), "-----BEGIN PRIVATE KEY-----\n")
            self.assertEqual(run("openssl", "pkey", "-in", key, "-pubout").stdout,
                             run("openssl", "x509", "-in", crt, "-noout", "-pubkey").stdout)
            self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)

    def test_a_second_issue_is_refused_and_changes_nothing(self):
        def files():
            return {path.name: path.read_bytes() for path in pathlib.Path(self.dir).iterdir()}
        before = files()
        done = issue(self.dir, ok=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("ca.crt", done.stderr)
        self.assertEqual(before, files())
        self.assertEqual(sorted(before), ["ca.crt", "ca.key", "tls.crt", "tls.key"])

    def test_validity_is_what_was_asked_for(self):
        directory = os.path.join(self.temporary.name, "short")
        issue(directory, "--validity", "48h")
        crt = os.path.join(directory, "tls.crt")
        self.assertEqual(run("openssl", "x509", "-in", crt, "-checkend", str(47 * 3600), ok=False).returncode, 0)
        self.assertEqual(run("openssl", "x509", "-in", crt, "-checkend", str(48 * 3600 + 9), ok=False).returncode, 1)

    def test_bad_arguments_write_nothing(self):
        directory = os.path.join(self.temporary.name, "bad")
        for more in (["--validity", "0s"], ["--validity", "87601h"], ["--validity", "soon"],
                     ["--dns-name", "not a name"]):
            done = issue(directory, *more, ok=False)
            self.assertEqual(done.returncode, 1, more)
            self.assertTrue(done.stderr.strip(), more)
            self.assertFalse(os.path.exists(directory), more)

    def test_python_accepts_it(self):
        import urllib.request
        context = ssl.create_default_context(cafile=self.ca)
        with urllib.request.urlopen(f"https://127.0.0.1:{self.port}/", context=context, timeout=20) as answer:
            self.assertEqual(answer.read(), b"{}")

    @unittest.skipUnless(shutil.which("curl"), "no curl")
    def test_curl_accepts_it(self):
        def curl(name, ok):
            return run("curl", "-sS", "--noproxy", "*", "--max-time", "20", "--cacert", self.ca, "--resolve",
                       f"{name}:{self.port}:127.0.0.1", f"https://{name}:{self.port}/", ok=ok)
        self.assertEqual(curl(NAME, True).stdout, "{}")
        self.assertEqual(curl("a.example.org", True).stdout, "{}")
        self.assertEqual(curl("druid-bridge.other.svc", False).returncode, 60)

    @unittest.skipUnless(shutil.which("kubectl"), "no kubectl")
    def test_kubectl_accepts_it(self):
        kubeconfig = os.path.join(self.temporary.name, "kubeconfig")
        pathlib.Path(kubeconfig).write_text('{"apiVersion": "v1", "kind": "Config"}', encoding="ascii")

        def kubectl(name, ca, ok):
            return run("env", "-u", "HTTPS_PROXY", "-u", "https_proxy", "kubectl", "--kubeconfig", kubeconfig,
                       "--server", f"https://127.0.0.1:{self.port}", "--certificate-authority", ca,
                       "--token", "none", "--tls-server-name", name, "--request-timeout", "20s", "get", "--raw", "/", ok=ok)
        self.assertEqual(kubectl(NAME, self.ca, True).stdout.strip(), "{}")
        self.assertIn("druid-bridge.other.svc", kubectl("druid-bridge.other.svc", self.ca, False).stderr)
        # Also while it is one of two CAs of the same name, as during a renewal.
        other = os.path.join(self.temporary.name, "other")
        issue(other)
        both = os.path.join(self.temporary.name, "both.crt")
        pathlib.Path(both).write_bytes(pathlib.Path(other, "ca.crt").read_bytes() + pathlib.Path(self.ca).read_bytes())
        self.assertEqual(kubectl(NAME, both, True).stdout.strip(), "{}")
        self.assertIn("unknown authority", kubectl(NAME, os.path.join(other, "ca.crt"), False).stderr)


if __name__ == "__main__":
    if not os.access(PROGRAM, os.X_OK):
        print(f"{PROGRAM} is not built")
        sys.exit(77)
    unittest.main()
