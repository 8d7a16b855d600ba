"""Photos at web addresses: fetched from a real server within limits, and never from a private address."""

import shutil
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils.encoding import iri_to_uri

import xsearch
from tests.showcase.models import Poster
from tests.support.encoders import HashEncoder
from tests.support.indexing import is_vector, make_due, picture, record, run, statuses
from xsearch.index.registry import get_index
from xsearch.media.web import AddressRefused, WebFile, WebStorage

LOCAL = ["127.0.0.0/8"]


class Handler(BaseHTTPRequestHandler):
    """Answers with what the server's ``pages`` say: a status, headers and parts of the body."""

    def do_GET(self):
        self.server.seen.append((self.path, self.headers["Host"]))
        status, headers, parts = self.server.pages.get(self.path, (404, {}, []))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for part in parts:
            if callable(part):
                part(self)
            else:
                self.wfile.write(part)

    def log_message(self, *_args):
        """Say nothing."""


def image(content):
    return 200, {"Content-Type": "image/png", "Content-Length": str(len(content))}, [content]


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Say nothing of connections that the client ended."""


@pytest.fixture
def server():
    listening = Server(("127.0.0.1", 0), Handler)
    listening.pages, listening.seen, listening.over = {}, [], threading.Event()
    listening.address = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    yield listening
    listening.over.set()
    listening.shutdown()
    listening.server_close()
    thread.join()


@pytest.fixture
def allow(settings, use_encoder):
    """Return a function that allows the server on loopback, as a shop allows its intranet."""

    def allow(hosts=LOCAL, **options):
        use_encoder(more={"URL_PRIVATE_HOSTS": hosts, **options})

    return allow


def fetched(address, max_bytes=1000):
    return WebStorage().fetch(address, max_bytes)


class TestFetching:
    @pytest.fixture(autouse=True)
    def _allowed(self, allow):
        allow()

    def test_the_content_is_read(self, server):
        server.pages["/a%20b.png?size=2"] = image(b"pixels")
        assert fetched(f"{server.address}/a%20b.png?size=2#top") == b"pixels"
        with WebFile(f"{server.address}/a%20b.png?size=2").storage.open(f"{server.address}/a%20b.png?size=2") as stream:
            assert stream.read() == b"pixels"
        assert server.seen[0] == ("/a%20b.png?size=2", f"127.0.0.1:{server.server_port}")

    @pytest.mark.parametrize("path", ["/a b.png?size=x y", "/фото.png", "/照片?色=红"])
    def test_characters_that_an_address_should_not_have_are_quoted(self, server, path):
        server.pages[iri_to_uri(path)] = image(b"pixels")
        server.pages["/moved"] = 302, {"Location": "/é.png"}, []
        server.pages["/%C3%A9.png"] = image(b"moved")
        assert fetched(f"{server.address}{path}") == b"pixels"
        assert fetched(f"{server.address}/moved") == b"moved"

    def test_the_name_of_a_host_may_begin_with_a_digit(self, server, allow):
        allow(["3d.example", *LOCAL])
        server.pages["/a.png"] = image(b"pixels")
        assert fetched(f"{server.address}/a.png") == b"pixels"

    def test_an_address_without_a_path_is_one(self, server):
        server.pages["/"] = image(b"root")
        assert fetched(server.address) == b"root"

    @pytest.mark.parametrize("has_length", [True, False])
    def test_no_more_is_read_than_allowed(self, server, has_length):
        def forever(handler):
            while not handler.server.over.is_set():
                handler.wfile.write(bytes(10_000))

        headers = {"Content-Type": "image/png"} | ({"Content-Length": str(10**12)} if has_length else {})
        server.pages["/big"] = 200, headers, [forever]
        assert len(fetched(f"{server.address}/big", 5000)) == 5001

    def test_redirects_are_followed_three_times(self, server):
        server.pages["/end"] = image(b"end")
        for number in range(5):
            place = f"/{number - 1}" if number else f"{server.address}/end"
            server.pages[f"/{number}"] = (301, 302, 303, 307, 308)[number], {"Location": place}, []
        assert fetched(f"{server.address}/2") == b"end"
        with pytest.raises(AddressRefused, match="redirects more than 3 times"):
            fetched(f"{server.address}/3")

    @pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json", "application/pdf", ""])
    def test_only_photos_and_sounds_are_read(self, server, kind):
        server.pages["/page"] = 200, {"Content-Type": kind}, [b"<p>secret"]
        with pytest.raises(AddressRefused, match="not to a photo or sound"):
            fetched(f"{server.address}/page")

    @pytest.mark.parametrize("status", [404, 410])
    def test_what_is_gone_is_missing(self, server, status):
        server.pages["/gone"] = status, {}, []
        with pytest.raises(FileNotFoundError, match=f"answers {status}"):
            fetched(f"{server.address}/gone")

    @pytest.mark.parametrize("status", [206, 403, 429, 500, 503])
    def test_other_answers_may_pass(self, server, status):
        server.pages["/busy"] = status, {"Content-Type": "image/png"}, [b"x"]
        with pytest.raises(OSError, match=f"answers {status}"):
            fetched(f"{server.address}/busy")

    @pytest.mark.parametrize("place", ["headers", "body"])
    def test_a_server_that_drips_is_cut_off(self, server, allow, place):
        allow(URL_TIMEOUT_S=0.3)

        def drip(handler):
            while not handler.server.over.wait(0.05):
                handler.wfile.write(b"x")

        class Dripping(Handler):
            def send_response(self, *args):
                drip(self)

        if place == "headers":
            server.RequestHandlerClass = Dripping
        server.pages["/slow"] = 200, {"Content-Type": "image/png"}, [drip]
        with pytest.raises(OSError):  # noqa: PT011 - however the connection ended
            fetched(f"{server.address}/slow", 10**6)

    def test_half_a_file_is_none(self, server):
        server.pages["/half"] = 200, {"Content-Type": "image/png", "Content-Length": "10"}, [b"half"]
        with pytest.raises(OSError, match="ended before the file did"):
            fetched(f"{server.address}/half")

    def test_nobody_there_may_pass(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with pytest.raises(OSError, match="refused"):
            fetched(f"http://127.0.0.1:{port}/")


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
class TestTls:
    @pytest.fixture
    def secure(self, server, tmp_path):
        """The server with a certificate for "localhost"."""
        certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
        made += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(made, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.pages["/a.png"] = image(b"secret")
        server.certificate = str(certificate)
        return server

    def test_the_certificate_is_checked_for_the_name_that_was_asked(self, secure, allow, monkeypatch):
        allow(["127.0.0.0/8", "localhost"])
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            fetched(f"https://localhost:{secure.server_port}/a.png")
        monkeypatch.setenv("SSL_CERT_FILE", secure.certificate)
        assert fetched(f"https://localhost:{secure.server_port}/a.png") == b"secret"
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            fetched(f"https://127.0.0.1:{secure.server_port}/a.png")

    def test_a_server_that_never_finishes_the_handshake_is_cut_off(self, allow):
        allow(["127.0.0.0/8"], URL_TIMEOUT_S=0.3)
        with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OSError, match=r"timed out|EOF"):
            fetched(f"https://127.0.0.1:{silent.getsockname()[1]}/a.png")


PRIVATE = [
    "127.0.0.1", "127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "0", "0.0.0.0", "localhost", "10.0.0.1", "172.16.0.1",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[fe80::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:db8::1]",
]  # fmt: skip


class TestRefusing:
    @pytest.mark.parametrize("host", PRIVATE)
    def test_no_private_address_is_connected_to(self, host, monkeypatch):
        monkeypatch.setattr("socket.create_connection", lambda *_args, **_options: pytest.fail("connected"))
        with pytest.raises(AddressRefused, match="not on the public web") as refused:
            fetched(f"http://{host}:8000/x.png")
        assert "URL_PRIVATE_HOSTS" in str(refused.value)

    @pytest.mark.parametrize(
        "address",
        [
            "file:///etc/passwd", "ftp://example.com/a.png", "gopher://127.0.0.1/", "//example.com/a.png", "a.png", "",
            "http:///a.png", "http://user:secret@example.com/a.png", "http://@127.0.0.1/", "http://a:99999/", "http://[::1",
            "http://example.com/a\r\nHost: internal", "javascript:alert(1)", "data:image/png;base64,AAAA",
        ],
    )  # fmt: skip
    def test_only_addresses_of_the_web_are_fetched(self, address):
        with pytest.raises(AddressRefused, match="Only http:// and https:// addresses"):
            fetched(address)

    def test_every_address_of_a_name_is_checked(self, monkeypatch):
        answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "10.0.0.1")]
        monkeypatch.setattr("xsearch.media.web.socket.getaddrinfo", lambda *_args, **_options: answers)
        with pytest.raises(AddressRefused, match=r"both.example is not on the public web"):
            fetched("http://both.example/a.png")

    def test_a_name_that_changes_its_address_is_not_asked_again(self, server, allow, monkeypatch):
        allow(["127.0.0.1/32"])
        server.pages["/a.png"] = image(b"first")
        asked = []

        real = socket.getaddrinfo

        def rebinding(host, port, *args, **options):
            if host == "rebind.example":
                asked.append(host)
                host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
            return real(host, port, *args, **options)

        monkeypatch.setattr("xsearch.media.web.socket.getaddrinfo", rebinding)
        assert fetched(f"http://rebind.example:{server.server_port}/a.png") == b"first"
        assert asked == ["rebind.example"]
        assert server.seen == [("/a.png", f"rebind.example:{server.server_port}")]

    def test_a_redirect_is_checked_again(self, server, allow):
        allow(["127.0.0.1/32"])
        server.pages["/out"] = 302, {"Location": f"http://127.0.0.2:{server.server_port}/secret"}, []
        server.pages["/scheme"] = 302, {"Location": "file:///etc/passwd"}, []
        with pytest.raises(AddressRefused, match=r"127.0.0.2 is not on the public web"):
            fetched(f"{server.address}/out")
        with pytest.raises(AddressRefused, match="Only http"):
            fetched(f"{server.address}/scheme")
        assert [path for path, _host in server.seen] == ["/out", "/scheme"]

    def test_a_host_may_be_allowed_by_its_name(self, server, allow):
        allow(["localhost"])
        server.pages["/a.png"] = image(b"pixels")
        assert fetched(f"http://localhost:{server.server_port}/a.png") == b"pixels"
        with pytest.raises(AddressRefused):
            fetched(f"{server.address}/a.png")


@pytest.mark.django_db
class TestIndexing:
    @pytest.fixture(autouse=True)
    def _allowed(self, allow):
        allow()

    @pytest.mark.parametrize(
        "declared",
        [{"image": "photo"}, {"image": "address", "media_urls": ["address"]}, {"image": "cdn", "media_urls": ["cdn"]}],
    )
    def test_a_photo_at_an_address_gets_its_vector_and_is_shown_from_there(self, server, register, declared):
        register(Poster, text={"A": ["title"]}, **declared)
        address = f"{server.address}/rose.png"
        server.pages["/rose.png"] = server.pages["/rose.png?small"] = image(picture(1))
        poster = Poster.objects.create(title="Rose", photo=address, address=address)
        empty = Poster.objects.create(title="Empty")
        run(Poster)
        assert statuses(Poster) == {str(poster.pk): "indexed", str(empty.pk): "indexed"}
        poster.refresh_from_db()
        assert is_vector(poster.image_embedding, picture(1))
        assert xsearch.search(Poster.objects.all(), image=picture(1)).hits[0].object == poster
        assert get_index(Poster).image_url(poster) == address + ("?small" if declared["image"] == "cdn" else "")
        assert get_index(Poster).image_url(empty) is None

    def test_another_address_is_another_photo(self, server, register):
        register(Poster, text={"A": ["title"]}, image="photo")
        server.pages |= {"/1.png": image(picture(1)), "/2.png": image(picture(2))}
        poster = Poster.objects.create(title="Rose", photo=f"{server.address}/1.png")
        run(Poster)
        poster.photo = f"{server.address}/2.png"
        poster.save()
        run(Poster)
        poster.refresh_from_db()
        assert is_vector(poster.image_embedding, picture(2))

    def test_a_photo_is_fetched_again_if_its_address_changes_or_by_force(self, server, register):
        register(Poster, text={"A": ["title"]}, image="photo")
        server.pages["/1.png"] = image(picture(1))
        poster = Poster.objects.create(title="Rose", photo=f"{server.address}/1.png")
        run(Poster)
        server.pages["/1.png"] = image(picture(2))
        HashEncoder.calls.clear()
        poster.title = "Tulip"
        poster.save()
        run(Poster)
        assert len(server.seen) == 1
        assert {modality for modality, *_rest in HashEncoder.calls} == {"text"}
        xsearch.mark(poster, forced=True)
        run(Poster)
        assert len(server.seen) == 2
        poster.refresh_from_db()
        assert is_vector(poster.image_embedding, picture(2))

    @pytest.mark.parametrize(
        ("address", "reason", "attempts"),
        [
            ("http://169.254.169.254/latest/meta-data", "169.254.169.254 is not on the public web", 5),
            ("ftp://example.com/a.png", "Only http:// and https:// addresses", 5),
            ("{server}/nowhere.png", "not in the storage (FileNotFoundError)", 5),
            ("{server}/page.html", "not to a photo or sound", 5),
            ("{server}/big.png", "larger than 300 bytes; raise IMAGE_MAX_BYTES", 5),
            ("{server}/busy.png", "The address answers 503", 1),
        ],
    )
    def test_what_cannot_be_had_is_said_with_its_reason(self, server, register, allow, address, reason, attempts):
        allow(IMAGE_MAX_BYTES=300, AUDIO_MAX_BYTES=300)
        register(Poster, text={"A": ["title"]}, image="photo")
        server.pages["/page.html"] = 200, {"Content-Type": "text/html"}, [b"<p>secret"]
        server.pages["/big.png"] = image(bytes(400))
        server.pages["/busy.png"] = 503, {}, []
        poster = Poster.objects.create(title="Rose", photo=address.format(server=server.address))
        run(Poster)
        row = record(poster)
        assert (row.status, row.attempts) == ("failed", attempts)
        assert reason in row.last_error
        assert "secret" not in row.last_error
        poster.refresh_from_db()
        assert poster.image_embedding is None
        assert is_vector(poster.text_embedding, "Rose")

    def test_what_could_not_be_reached_is_tried_again(self, server, register):
        register(Poster, text={"A": ["title"]}, image="photo")
        server.pages["/a.png"] = 503, {}, []
        poster = Poster.objects.create(title="Rose", photo=f"{server.address}/a.png")
        run(Poster)
        server.pages["/a.png"] = image(picture(1))
        make_due(Poster)
        run(Poster)
        assert statuses(Poster) == {str(poster.pk): "indexed"}

    def test_a_shop_may_fetch_in_its_own_way(self, server, register, allow):
        allow([], URL_STORAGE="tests.media.test_web.SignedStorage")
        register(Poster, text={"A": ["title"]}, image="photo")
        poster = Poster.objects.create(title="Rose", photo="https://media.shop.example/rose.png")
        run(Poster)
        poster.refresh_from_db()
        assert is_vector(poster.image_embedding, picture(7))


class SignedStorage(WebStorage):
    """Asks a service of the shop for the picture."""

    def fetch(self, address, max_bytes):
        assert address == "https://media.shop.example/rose.png"
        return picture(7)
