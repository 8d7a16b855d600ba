"""Files at web addresses, for fields that hold the URL of a photo or sound: fetched within limits, from the public web.

A shop's addresses come from feeds and forms, so one may point at the shop's own network. Every address that a name
resolves to is checked, the connection goes to the checked one, and every redirect is checked again.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, urljoin, urlsplit

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils.encoding import iri_to_uri
from django.utils.module_loading import import_string

from xsearch.conf import settings

MAX_REDIRECTS = 3
_CHUNK_BYTES = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_KINDS = ("image/", "audio/", "video/", "application/octet-stream", "binary/octet-stream", "application/ogg")
_HEADERS = {"User-Agent": "django-xsearch", "Accept": "image/*, audio/*, video/*", "Accept-Encoding": "identity"}
#: IPv6 addresses that stand for IPv4 ones (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressRefused(SuspiciousFileOperation):
    """An address that is never fetched; the message says why."""


class WebFile:
    """A file at a web address, in place of one of a ``FileField``."""

    def __init__(self, address: str) -> None:
        self.name = self.url = address

    @property
    def digest(self) -> str:
        """Hash of the address instead of the content: a new price must not fetch the photo again."""
        return hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def storage(self) -> Storage:
        """The storage that fetches it."""
        storage: Storage = import_string(settings.URL_STORAGE)()
        return storage


class WebStorage(Storage):
    """Fetches files by their addresses; a shop that needs a proxy or a password overrides ``fetch``."""

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:  # noqa: ARG002
        return ContentFile(self.fetch(name, max(settings.IMAGE_MAX_BYTES, settings.AUDIO_MAX_BYTES)), name=name)

    def fetch(self, address: str, max_bytes: int) -> bytes:
        """Return the content, cut off a byte after ``max_bytes``.

        Raises ``AddressRefused``, ``FileNotFoundError``, or ``OSError`` if another attempt may help.
        """
        deadline = time.monotonic() + settings.URL_TIMEOUT_S
        try:
            for _redirect in range(MAX_REDIRECTS + 1):
                with _response(address, deadline) as response:
                    if response.status not in _REDIRECTS:
                        return _body(response, max_bytes, deadline)
                    address = urljoin(address, response.headers.get("Location", ""))
        except HTTPException as error:
            raise OSError(f"The address cannot be read ({error.__class__.__name__}).") from error
        raise AddressRefused(f"The address redirects more than {MAX_REDIRECTS} times.")


@contextmanager
def _response(address: str, deadline: float) -> Iterator[HTTPResponse]:
    """Request an address from the one that was checked, whatever its name resolves to a moment later."""
    parts = _checked(address)
    host, is_secure = str(parts.hostname), parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    ip = str(_checked_ip(host, port))
    left_s = max(deadline - time.monotonic(), 0.001)
    target = "/" + iri_to_uri(parts._replace(scheme="", netloc="", fragment="").geturl()).removeprefix("/")
    connection = HTTPConnection(host, port)
    with socket.create_connection((ip, port), timeout=left_s) as plain, _cut_off_after(plain, left_s):
        context = ssl.create_default_context() if is_secure else None
        connection.sock = context.wrap_socket(plain, server_hostname=host) if context else plain
        connection.request("GET", target, headers=_HEADERS)
        with connection.getresponse() as response:
            yield response
    connection.close()


@contextmanager
def _cut_off_after(connected: socket.socket, seconds: float) -> Iterator[None]:
    """End a connection after some time: the timeout of a socket begins anew with every byte."""
    with connected.dup() as handle:  # it stays open when TLS takes the socket over
        watch = threading.Timer(seconds, _shut_down, [handle])
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()


def _shut_down(handle: socket.socket) -> None:
    with suppress(OSError):  # closed meanwhile
        handle.shutdown(socket.SHUT_RDWR)


def _checked(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or parts.username is not None or not address.isprintable():
        raise AddressRefused("Only http:// and https:// addresses without a password are fetched.")
    return parts


def _checked_ip(host: str, port: int) -> IpAddress:
    """Return an address of ``host``; raises ``AddressRefused`` if any of them is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise AddressRefused(f"{host!r} is no host name.") from error
    addresses = [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_kind, sockaddr in found]
    allowed = settings.URL_PRIVATE_HOSTS
    own = list(_networks(allowed))
    if host not in allowed and not all(_is_public(ip) or any(ip in network for network in own) for ip in addresses):
        raise AddressRefused(
            f"{host} is not on the public web. If it is yours, add it to XSEARCH['URL_PRIVATE_HOSTS']: ['{host}']."
        )
    return addresses[0]


def _networks(entries: Iterable[str]) -> Iterator[IpNetwork]:
    """Yield those of ``entries`` that are addresses or networks; others, such as "3d.example", are names."""
    for entry in entries:
        with suppress(ValueError):
            yield ipaddress.ip_network(entry, strict=False)


def _is_public(ip: IpAddress) -> bool:
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else inner
        if inner:
            return _is_public(inner)
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _body(response: HTTPResponse, max_bytes: int, deadline: float) -> bytes:
    if response.status in _GONE:
        raise FileNotFoundError(f"The address answers {response.status}.")
    if response.status != 200:
        raise OSError(f"The address answers {response.status}.")
    kind = response.headers.get("Content-Type", "application/octet-stream").lower()
    if not kind.startswith(_KINDS):
        raise AddressRefused(f"The address leads to {kind[:60]!r}, not to a photo or sound.")
    parts: list[bytes] = []
    left = max_bytes + 1
    while left > 0 and (part := response.read1(min(left, _CHUNK_BYTES))):
        parts.append(part)
        left -= len(part)
    if time.monotonic() > deadline:
        raise OSError(f"The address takes longer than {settings.URL_TIMEOUT_S:g} s.")
    if left > 0 and response.length:
        raise OSError("The connection ended before the file did.")
    return b"".join(parts)
