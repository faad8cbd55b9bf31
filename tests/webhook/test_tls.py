"""Which TLS is spoken, seen by a client that offers one cipher at a time."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from service import Service  # noqa: E402

NEW_KEY = {"RSA": ("rsa:2048",), "ECDSA": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")}


def new_pair(folder, kind):
    """A self-signed pair that is its own CA, with a key of this kind."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", *NEW_KEY[kind], "-noenc", "-days", "2", "-subj", "/CN=x",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", folder + "/tls.key", "-out",
                    folder + "/tls.crt"], check=True, capture_output=True)


class Offers:
    kind = None

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            new_pair(folder, cls.kind)
            cls.service = Service(pair=folder)

    @classmethod
    def tearDownClass(cls):
        assert cls.service.stop() == 0

    def accepts(self, *offer):
        """Whether a handshake comes about; security level 0 lets the client offer anything."""
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.service.port}", *offer],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        self.assertNotIn("Error with command", done.stderr)
        self.assertNotIn("no cipher match", done.stderr)
        return done.returncode == 0

    def offers(self, cipher):
        return self.accepts("-tls1_2", "-cipher", cipher + ":@SECLEVEL=0")

    def test_forward_secrecy_with_authenticated_encryption_is_accepted(self):
        for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"):
            self.assertTrue(self.offers(f"ECDHE-{self.kind}-{cipher}"), cipher)

    def test_tls_1_3_is_accepted(self):
        for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
            self.assertTrue(self.accepts("-tls1_3", "-ciphersuites", suite), suite)

    def test_ciphers_without_forward_secrecy_are_refused(self):
        for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-CCM", "AES128-SHA", "AES256-SHA",
                       "AES128-SHA256", "CAMELLIA128-SHA", "kRSA"):
            self.assertFalse(self.offers(cipher), cipher)

    def test_ciphers_without_authenticated_encryption_are_refused(self):
        for cipher in ("AES128-SHA", "AES256-SHA", "AES128-SHA256", "AES256-SHA384"):
            self.assertFalse(self.offers(f"ECDHE-{self.kind}-{cipher}"), cipher)

    def test_the_slow_exchange_of_finite_fields_is_refused(self):
        self.assertFalse(self.offers("kDHE"))

    def test_signatures_by_sha_1_are_refused(self):
        self.assertFalse(self.accepts("-tls1_2", "-cipher", "ALL:@SECLEVEL=0", "-sigalgs", self.kind + "+SHA1"))

    def test_versions_before_1_2_are_refused(self):
        for version in ("-tls1", "-tls1_1"):
            self.assertFalse(self.accepts(version, "-cipher", "ALL:@SECLEVEL=0"), version)


class OfAnRsaCertificate(Offers, unittest.TestCase):
    kind = "RSA"


class OfAnEcCertificate(Offers, unittest.TestCase):
    kind = "ECDSA"


if __name__ == "__main__":
    unittest.main(verbosity=2)
