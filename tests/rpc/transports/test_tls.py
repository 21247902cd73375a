"""TLS, with and without certificates of clients."""

import shutil
import subprocess

import grpc
import pytest
from tests.rpc.requests import decide_request

from maitred.rpc.client import Client, ClientCertificate
from maitred.rpc.server import ListenError, TlsFiles
from maitred.v1.decision_pb2_grpc import DecisionServiceStub


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = [openssl, *made, *named, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


def test_tls(serve, certificate, status_of):
    cert, key = certificate
    running = serve(tls=TlsFiles(cert, key))
    with grpc.secure_channel(running.address, grpc.ssl_channel_credentials(cert.read_bytes())) as channel:
        assert DecisionServiceStub(channel).Decide(decide_request(), timeout=5).decision_id == "d-0"
    assert (
        status_of(lambda: running.stub.Decide(decide_request(), timeout=5)).code()
        is grpc.StatusCode.UNAVAILABLE
    )


def test_with_a_client_ca_only_known_clients_are_let_in(serve, certificate, status_of):
    cert, key = certificate
    running = serve(tls=TlsFiles(cert, key, client_ca=cert))
    ca = cert.read_bytes()
    known = grpc.ssl_channel_credentials(ca, key.read_bytes(), ca)
    with grpc.secure_channel(running.address, known) as channel:
        assert DecisionServiceStub(channel).Decide(decide_request(), timeout=5).decision_id == "d-0"
    with grpc.secure_channel(running.address, grpc.ssl_channel_credentials(ca)) as channel:
        error = status_of(lambda: DecisionServiceStub(channel).Decide(decide_request(), timeout=5))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    with Client(running.address, tls_ca=cert, identity=ClientCertificate(cert, key)) as client:
        assert client.serving()
    with Client(running.address, tls_ca=cert) as client:
        assert not client.serving()


def test_tls_files_that_do_not_serve_are_named(serve, tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    with pytest.raises(ListenError, match=f"cannot read `{cert}`: No such file"):
        serve(tls=TlsFiles(cert, key))
    cert.write_text("not a certificate")
    key.write_text("not a key")
    with pytest.raises(ListenError, match=f"cannot serve TLS with `{cert}` and `{key}`"):
        serve(tls=TlsFiles(cert, key))
