"""Pictures come from anywhere and are kept safely: bounded, decoded, without metadata, never from inside our network.

Proves nothing of its own in the capability list; it guards the import of CAT-01 goods against what files may point at.
"""

import io
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image
from sqlalchemy import select

from storefront import catalog
from storefront.catalog import media
from storefront.catalog.drafts import PictureDraft, ProductDraft, VariantDraft
from storefront.catalog.models import ProductImage
from storefront.kit import http
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid, Unavailable


def picture(kind="JPEG", size=(1200, 900), colour="teal", **how):
    """A picture's file."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **how)
    return file.getvalue()


@contextmanager
def host(answers):
    """A web server that answers each path with (status, headers, body), and notes what it was asked."""
    asked = []

    class Host(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, headers, body = answers[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def public(monkeypatch):
    """This machine's own addresses count as public, so that a test can be the other side."""
    monkeypatch.setattr(http, "_is_public", lambda address: True)


def saved(*sources, slug="cup"):
    """A product with these pictures, and what could not be had."""
    pictures = [source if isinstance(source, PictureDraft) else PictureDraft(source) for source in sources]
    draft = ProductDraft(slug, "Cup", pictures=pictures, variants=[VariantDraft(slug.upper(), price_minor=500)])
    with transaction():
        (change,) = catalog.save([draft], actor="carol")
    return catalog.add_pictures([catalog.Wanted(change.product_id, draft)])


def kept():
    """The pictures that are written down, in their order."""
    db.session.rollback()
    return list(db.session.scalars(select(ProductImage).order_by(ProductImage.product_id, ProductImage.position)))


def test_pictures_are_fetched_kept_in_three_sizes_and_served(play, public):
    """The order and the words are the file's; the address of a size can be kept for ever."""
    play.shop()
    with host({"/a.jpg": (200, {}, picture()), "/b.png": (200, {}, picture("PNG", (300, 200)))}) as (url, _asked):
        assert saved(PictureDraft(f"{url}/a.jpg", "Teal"), f"{url}/b.png") == []
    first, second = kept()
    assert (first.alt, first.width, first.height) == ("Teal", 960, 720)
    assert (second.alt, second.width, second.height) == ("Cup", 300, 200)
    client = play.app.test_client()
    for width in (240, 480, 960):
        answer = client.get(f"/media/{first.key}-{width}.webp")
        assert Image.open(io.BytesIO(answer.data)).size == (width, width * 3 // 4)
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for name in ("nothing.webp", "..%2Fsecret_key", "A.webp", f"{first.key}-480.webp.part", "%00.webp"):
        assert client.get(f"/media/{name}").status_code in (400, 404)


def test_the_same_picture_is_stored_once(play, public):
    """Two products and two addresses share one file; a second run asks nobody."""
    play.shop()
    with host({f"/{n}": (200, {}, picture()) for n in range(2)}) as (url, asked):
        saved(f"{url}/0")
        saved(f"{url}/1", slug="mug")
        saved(f"{url}/0")
        assert asked == ["/0", "/1"]
    assert len({image.key for image in kept()}) == 1
    assert len(list(media.folder().iterdir())) == 3


def test_metadata_goes_and_the_picture_stands_upright(play):
    """Where a photograph was taken is nobody's business."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "secret place"  # turned; description
    key, width, height = media.keep(picture(exif=exif), media.folder())
    assert (width, height) == (900, 1200)
    for file in media.folder().iterdir():
        assert b"secret place" not in file.read_bytes()
    webp = picture("WEBP", (500, 400), exif=exif)
    other = media.keep(webp, media.folder())
    assert b"secret place" not in (media.folder() / f"{other.key}-960.webp").read_bytes()
    assert key != other.key


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + b"\0" * 20,
        picture()[:400],
        picture("BMP", (10, 10)),
        picture("TIFF", (10, 10)),
        b"x" * 8_000_001,
        picture("PNG", (7000, 6000)),
    ],
    ids=["empty", "svg", "broken", "cut", "bmp", "tiff", "heavy", "bomb"],
)
def test_what_is_no_picture_is_not_kept(play, data):
    """Only what Pillow decodes as JPEG, PNG, WebP or GIF, within bounds."""
    with pytest.raises(Invalid):
        media.keep(data, media.folder())
    assert not media.folder().exists() or not list(media.folder().iterdir())


def test_bad_pictures_are_reported_and_the_goods_stand(play, public):
    """One reason for each, the good one is there, and a host that fails is not asked again."""
    play.shop()
    answers = {
        "/good": (200, {}, picture()),
        "/none": (404, {}, b""),
        "/text": (200, {"Content-Type": "image/png"}, b"hello"),
        "/loop": (302, {"Location": "/loop"}, b""),
        "/moved": (301, {"Location": "/good2"}, b""),
        "/good2": (200, {}, picture(colour="red")),
    }
    with host(answers) as (url, _asked):
        missed = saved(*(f"{url}{path}" for path in ("/good", "/none", "/text", "/loop", "/moved")))
    reasons = {one.source.rpartition("/")[2]: one.reason for one in missed}
    assert reasons == {
        "none": "The address answers 404.",
        "text": "This is not a JPEG, PNG, WebP or GIF picture.",
        "loop": "The address leads on and on.",
    }
    assert [image.source.rpartition("/")[2] for image in kept()] == ["good", "moved"]
    begun = time.monotonic()
    missed = saved(*(f"http://shut.invalid/{n}.jpg" for n in range(100)), slug="mug")
    assert len(missed) == 100
    assert time.monotonic() - begun < 60  # a bound against hanging, far above what it takes


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/a.png",
        "http://localhost/a.png",
        "http://[::1]/a.png",
        "http://[::ffff:127.0.0.1]/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/a.png",
        "http://0x7f.1/a.png",
        "http://2130706433/a.png",
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "gopher://example.com",
        "//example.com/a.png",
        "http://[broken/a.png",
        "goods.png",
    ],
)
def test_no_address_leads_into_our_own_network(context, address):
    """Neither names nor numbers, in whatever spelling."""
    with pytest.raises(Unavailable):
        http.send("GET", address, public_only=True)


def test_a_redirect_cannot_lead_into_our_own_network(play, monkeypatch):
    """Each step of the way is checked; only the first host is public here."""
    play.shop()
    answers = {"/secret": (200, {}, picture())}
    with host(answers) as (inside, asked), host({"/a": (302, {"Location": f"{inside}/secret"}, b"")}) as (outside, _):
        seen = []
        monkeypatch.setattr(http, "_is_public", lambda address: seen.append(address) or len(seen) == 1)
        (missed,) = saved(f"{outside}/a")
    assert "inside a private network" in missed.reason
    assert asked == []


def test_the_address_that_was_checked_is_the_one_that_is_called(play, public, monkeypatch):
    """A name that answers differently the second time gains nothing: it is looked up once."""
    with host({"/": (200, {}, b"public")}) as (url, _asked):
        asked, really = [], http.socket.getaddrinfo

        def look_up(name, *args, **how):
            asked.append(name)
            return really("127.0.0.1", *args, **how)

        monkeypatch.setattr(http.socket, "getaddrinfo", look_up)
        port = url.rpartition(":")[2]
        assert http.send("GET", f"http://changing.example:{port}/", public_only=True).body == b"public"
        assert asked.count("changing.example") == 1


def test_a_body_that_is_too_long_is_not_read_to_its_end(context):
    """The limit holds whatever the server says of its length."""
    with host({"/": (200, {}, b"x" * 100_000)}) as (url, _asked), pytest.raises(Unavailable, match="too long"):
        http.send("GET", url + "/", limit=1000)
