"""Makes the certificates of a broker that daemons shall trust, and of such that they shall not.

certificates.py FOLDER

ca.pem and other-ca.pem are two authorities. The others hold a private key and the
certificate that ca.pem signed for it, as Kafka reads them.
"""

import sys
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
ELSEWHERE = [x509.DNSName("kafka.elsewhere.example")]
NOW = datetime.now(timezone.utc)
DAY = timedelta(days=1)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    authority_key, authority = make_authority("fraud-stream tests")
    _, other_authority = make_authority("fraud-stream tests, another one")
    (folder / "ca.pem").write_bytes(pem(authority))
    (folder / "other-ca.pem").write_bytes(pem(other_authority))
    for name, hosts, last_day in [
        ("valid", HERE, NOW + DAY),
        ("expired", HERE, NOW - DAY),
        ("other-host", ELSEWHERE, NOW + DAY),
    ]:
        key = ec.generate_private_key(ec.SECP256R1())
        unsigned = (
            certificate("broker", authority.subject, key, last_day)
            .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        )
        signed = unsigned.sign(authority_key, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(private_pem(key) + pem(signed))


def make_authority(name):
    key = ec.generate_private_key(ec.SECP256R1())
    unsigned = certificate(name, common_name(name), key, NOW + DAY).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return key, unsigned.sign(key, hashes.SHA256())


def certificate(name, issuer, key, last_day):
    return (
        x509.CertificateBuilder()
        .subject_name(common_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 2 * DAY)
        .not_valid_after(last_day)
    )


def common_name(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def pem(signed):
    return signed.public_bytes(serialization.Encoding.PEM)


def private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


main()
