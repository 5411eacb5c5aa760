"""Content Credentials for the tests: a certificate made on the spot, and files signed with it."""

from __future__ import annotations

import datetime
import io
from functools import cache
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["AI_SOURCE", "sign"]

AI_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def _certificate(
    name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate of thirty days: a root, or one for signing that the issuer vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test Studio"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    now = datetime.datetime.now(datetime.UTC)
    root = issuer is None
    signing_key = key if issuer is None else issuer[1]
    usage = {
        "digital_signature": not root,
        "key_cert_sign": root,
        "crl_sign": root,
        **dict.fromkeys(
            (
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        ),
    }
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    if not root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(signing_key, hashes.SHA256()), key


@cache
def _signer_info() -> c2pa.C2paSignerInfo:
    root = _certificate("Test Root")
    certificate, key = _certificate("Test Camera", root)
    pem = serialization.Encoding.PEM
    return c2pa.C2paSignerInfo(
        alg=b"es256",
        sign_cert=certificate.public_bytes(pem) + root[0].public_bytes(pem),
        private_key=key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        ta_url=None,
    )


def sign(data: bytes, mime: str, program: str = "Test Camera App", remote: str | None = None) -> bytes:
    """Give a file a signed manifest that declares it as made by a trained algorithm.

    Args:
        data: the file.
        mime: of its container.
        program: named as the maker.
        remote: address at which the manifest is said to be, in place of the file itself.
    """
    manifest: dict[str, Any] = {
        "claim_generator_info": [{"name": program, "version": "1"}],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": AI_SOURCE}]},
            }
        ],
    }
    builder, out = c2pa.Builder(manifest), io.BytesIO()
    if remote is not None:
        builder.set_no_embed()
        builder.set_remote_url(remote)
    builder.sign(c2pa.Signer.from_info(_signer_info()), mime, io.BytesIO(data), out)
    return out.getvalue()
