"""Loading catalogues: the format, what is wrong with a line, and loading again."""

import json
import math
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from shop.loading.lines import MAX_LINE_BYTES
from shop.models import Brand, Category, Product, ProductPhoto

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(tmp_path):
    """Write lines (objects, or bytes as they are) to a catalogue and load it; returns stdout and stderr."""

    def run(*lines, **options):
        path = tmp_path / "shop" / "catalogue.jsonl"
        path.parent.mkdir(exist_ok=True)
        content = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        path.write_bytes(b"\n".join(content))
        out, err = StringIO(), StringIO()
        call_command("load_catalogue", str(path), stdout=out, stderr=err, **options)
        return out.getvalue(), err.getvalue()

    return run


@pytest.fixture
def picture(tmp_path):
    """Write a picture of one colour beside the catalogue and return its relative path."""

    def make(name="images/a.png", colour="red", size=(12, 8), **options):
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, colour).save(path, **options)
        return name

    return make


def corner(file):
    """Return the format and the first pixel of a stored picture."""
    with file.open("rb") as opened, Image.open(opened) as image:
        return image.format, image.convert("RGB").getpixel((0, 0))


def media_files(settings):
    return sorted(path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file())


def test_every_field_of_the_contract_is_loaded(load, picture, settings):
    load(
        {
            "id": "a1",
            "title": "Red bag",
            "title_zh": "红色包",
            "category": "Bags/Totes",
            "category_zh": "包袋",
            "brand": "Harbour",
            "colour": "red",
            "description": "Holds a lot.",
            "description_zh": "很能装。",
            "price": 19.99,
            "in_stock": False,
            "images": [picture("images/a.png"), picture("images/b.png", "blue")],
            "material": "canvas",
            "sizes": ["S", "M"],
        }
    )
    product = Product.objects.get(sku="a1")
    assert (product.title, product.title_zh) == ("Red bag", "红色包")
    assert (product.description, product.description_zh) == ("Holds a lot.", "很能装。")
    assert (product.category.name, product.category.name_zh, product.brand.name) == (
        "Bags/Totes",
        "包袋",
        "Harbour",
    )
    assert (product.colour, product.price, product.in_stock) == ("red", Decimal("19.99"), False)
    assert product.attributes == {"material": "canvas", "sizes": ["S", "M"]}
    assert corner(product.photo) == ("PNG", (255, 0, 0))
    assert corner(product.photos.get().image) == ("PNG", (0, 0, 255))


def test_only_id_and_title_are_needed(load):
    load({"id": 7, "title": "  A   thing "})
    product = Product.objects.get(sku="7")
    assert (product.title, product.price, product.in_stock, product.category) == ("A thing", None, True, None)
    assert not product.photo


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{not json", "not JSON"),
        (b"[1, 2]", "not an array"),
        (b'"text"', "not a string"),
        (b"null", "not null"),
        (b"12", "not a number"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b'{"id": "x", "title": "\xe9t\xe9"}', "not UTF-8"),
        (b'{"id": "x", "title": "t", "price": NaN}', "NaN"),
        (b'{"id": "x", "title": "t", "weight": 1e999}', "too large"),
        (b'{"id": "x", "title": "t", "a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "nested too deeply"),
        (b'{"id": "x", "title": "t", "a": ' + b"[" * 60 + b"]" * 60 + b"}", "nested too deeply"),
        (b'{"id": "x", "title": "a\\u0000b"}', r"\u0000"),
        (b'{"id": "x", "title": "t", "note": ["\\ud800"]}', "surrogate"),
        (b'{"id": "x", "title": "' + b"a" * MAX_LINE_BYTES + b'"}', "longer than 1024 KiB"),
        (b'{"title": "t"}', "id is missing"),
        (b'{"id": "", "title": "t"}', "id is missing"),
        (b'{"id": true, "title": "t"}', "id must be"),
        (b'{"id": 1.5, "title": "t"}', "id must be"),
        (b'{"id": "a\\tb", "title": "t"}', "visible characters"),
        (b'{"id": "%s", "title": "t"}' % (b"x" * 65), "longer than 64"),
        (b'{"id": "x"}', "title is missing"),
        (b'{"id": "x", "title": " "}', "title is missing"),
        (b'{"id": "x", "title": 5}', "title must be a string"),
        (b'{"id": "x", "title": "t", "brand": ["b"]}', "brand must be a string"),
        (b'{"id": "x", "title": "t", "category": {}}', "category must be a string"),
        (b'{"id": "x", "title": "t", "price": -1}', "between 0"),
        (b'{"id": "x", "title": "t", "price": "nan"}', "between 0"),
        (b'{"id": "x", "title": "t", "price": "Infinity"}', "between 0"),
        (b'{"id": "x", "title": "t", "price": 1e10}', "between 0"),
        (b'{"id": "x", "title": "t", "price": "cheap"}', "must be a number"),
        (b'{"id": "x", "title": "t", "price": "19,99"}', "must be a number"),
        (b'{"id": "x", "title": "t", "price": true}', "must be a number"),
        (b'{"id": "x", "title": "t", "price": [1]}', "must be a number"),
        (b'{"id": "x", "title": "t", "in_stock": "yes"}', "in_stock must be"),
        (b'{"id": "x", "title": "t", "in_stock": -1}', "in_stock must be"),
        (b'{"id": "x", "title": "t", "images": [1]}', "images must be"),
        (b'{"id": "x", "title": "t", "images": {"a": 1}}', "images must be"),
        (b'{"id": "x", "title": "t", "images": [""]}', "images must be"),
        (b'{"id": "x", "title": "t", "audio": 3}', "audio must be"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_bad_line_is_reported_with_number_and_reason_and_the_rest_loads(load, line, reason):
    out, err = load({"id": "before", "title": "one"}, line, {"id": "after", "title": "three"})
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["after", "before"]
    assert err.startswith("line 2: skipped: ")
    assert reason in err
    assert "Loaded 2 products" in out
    assert "skipped 1 lines" in out


@pytest.mark.parametrize(
    ("price", "stored"),
    [("19.99", "19.99"), (" 5 ", "5.00"), (0, "0.00"), (-0.0, "0.00"), (2.675, "2.68"), (1e3, "1000.00"), ("", None),
     (9999999999.999, "9999999999.99")],
)  # fmt: skip
def test_prices_are_numbers_or_numerals(load, price, stored):
    load({"id": "x", "title": "t", "price": price})
    assert Product.objects.get().price == (Decimal(stored) if stored else None)


@pytest.mark.parametrize(("value", "stored"), [(True, True), (0, False), (12, True), (None, True)])
def test_stock_is_a_truth_or_a_number_of_pieces(load, value, stored):
    load({"id": "x", "title": "t", "in_stock": value})
    assert Product.objects.get().in_stock is stored


def test_blank_lines_and_a_byte_order_mark_are_no_problem_and_numbers_count_them(load):
    _, err = load(b"\xef\xbb\xbf" + b'{"id": "a", "title": "t"}\r', b"", b"  ", b"broken")
    assert Product.objects.get().sku == "a"
    assert err.startswith("line 4: skipped: not JSON")


def test_a_title_that_is_too_long_is_cut_at_a_word_with_a_note(load):
    _, err = load({"id": "a", "title": "word " * 200})
    title = Product.objects.get().title
    assert len(title) <= 300
    assert title.endswith("word…")
    assert "line 1: title has 999 characters" in err


def test_of_a_repeated_id_the_last_line_wins_and_the_earlier_is_named(load):
    _, err = load({"id": "a", "title": "first"}, {"id": "b", "title": "other"}, {"id": "a", "title": "last"})
    assert Product.objects.get(sku="a").title == "last"
    assert "line 1: skipped: id 'a' comes again in line 3" in err


def test_loading_again_changes_nothing_and_rewrites_no_file(load, picture, settings):
    lines = [{"id": "a", "title": "t", "images": [picture(), picture("images/b.png", "blue")]}]
    load(*lines)
    before = {path: path.stat().st_mtime_ns for path in media_files(settings)}
    out, _ = load(*lines)
    assert "0 new, 0 changed, 1 unchanged" in out
    assert {path: path.stat().st_mtime_ns for path in media_files(settings)} == before
    assert ProductPhoto.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_changed_photos_replace_the_old_ones_and_no_files_pile_up(load, picture, settings):
    load({"id": "a", "title": "t", "images": [picture("1.png", "red"), picture("2.png", "blue")]})
    load({"id": "a", "title": "t", "images": [picture("1.png", "lime"), picture("3.png", "white")]})
    product = Product.objects.get()
    assert corner(product.photo)[1] == (0, 255, 0)
    assert corner(product.photos.get().image)[1] == (255, 255, 255)
    assert len(media_files(settings)) == 2


@pytest.mark.django_db(transaction=True)
def test_photos_that_change_places_keep_their_files(load, picture, settings):
    first, second = picture("1.png", "red"), picture("2.png", "blue")
    load({"id": "a", "title": "t", "images": [first, second]})
    out, _ = load({"id": "a", "title": "t", "images": [second, first]})
    product = Product.objects.get()
    assert "1 changed" in out
    assert corner(product.photo)[1] == (0, 0, 255)
    assert corner(product.photos.get().image)[1] == (255, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_what_a_line_no_longer_says_is_taken_away(load, picture, settings):
    load({"id": "a", "title": "t", "brand": "B", "price": 3, "images": [picture()], "size": "L"})
    load({"id": "a", "title": "t"})
    product = Product.objects.get()
    assert (product.brand, product.price, product.photo.name, product.attributes) == (None, None, "", {})
    assert media_files(settings) == []


def test_clear_removes_other_products_with_their_files_and_empty_shelves(
    load, picture, settings, django_capture_on_commit_callbacks
):
    load({"id": "old", "title": "t", "category": "Old", "brand": "Gone", "images": [picture()]})
    with django_capture_on_commit_callbacks(execute=True):
        load({"id": "new", "title": "t", "category": "New"}, clear=True)
    assert Product.objects.get().sku == "new"
    assert Category.objects.get().name == "New"
    assert not Brand.objects.exists()
    assert media_files(settings) == []


def test_clear_keeps_the_shop_as_it_is_when_no_line_is_good(load):
    load({"id": "old", "title": "t"})
    with pytest.raises(CommandError, match="no line that could be loaded"):
        load(b"broken", clear=True)
    assert Product.objects.get().sku == "old"


@pytest.mark.django_db(transaction=True)
def test_clear_keeps_the_files_of_products_that_come_again(load, picture, settings):
    line = {"id": "a", "title": "t", "images": [picture()]}
    load(line)
    load(line, clear=True)
    assert corner(Product.objects.get().photo)[1] == (255, 0, 0)
    assert len(media_files(settings)) == 1


def test_a_missing_file_is_reported_with_its_line_and_the_product_loads_without_it(load, picture):
    _, err = load({"id": "a", "title": "t", "images": ["no.jpg", picture()], "audio": "no.wav"})
    product = Product.objects.get()
    assert product.photo.name.endswith(".png")
    assert not product.photos.exists()
    assert not product.sound
    assert "line 1: loaded without the photo no.jpg does not exist" in err
    assert "line 1: loaded without the sound no.wav does not exist" in err


@pytest.mark.parametrize("reference", ["../secret.png", "/etc/hostname", "images/../../secret.png", "link.png", "."])
def test_nothing_outside_the_catalogue_folder_is_read(load, picture, tmp_path, reference):
    picture()
    Image.new("RGB", (4, 4)).save(tmp_path / "secret.png")
    (tmp_path / "shop" / "link.png").symlink_to(tmp_path / "secret.png")
    _, err = load({"id": "a", "title": "t", "images": [reference]})
    assert not Product.objects.get().photo
    assert "line 1: loaded without the photo" in err


@pytest.mark.parametrize("name", ["x" * 5000, "loop.png"])
def test_paths_that_the_system_refuses_are_reported(load, picture, tmp_path, name):
    picture()
    (tmp_path / "shop" / "loop.png").symlink_to(tmp_path / "shop" / "loop.png")
    _, err = load({"id": "a", "title": "t", "images": [name]})
    assert not Product.objects.get().photo
    assert "line 1: loaded without the photo" in err


@pytest.mark.parametrize("content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff\xe0broken"])
def test_an_unreadable_photo_is_reported_and_not_kept(load, picture, tmp_path, settings, content):
    picture()
    (tmp_path / "shop" / "bad.jpg").write_bytes(content)
    _, err = load({"id": "a", "title": "t", "images": ["bad.jpg"]})
    assert not Product.objects.get().photo
    assert "line 1: loaded without the photo bad.jpg: " in err
    assert media_files(settings) == []


def test_pictures_are_named_by_what_they_are_and_rare_formats_become_jpeg(load, picture, tmp_path):
    picture("a.png")
    (tmp_path / "shop" / "a.png").rename(tmp_path / "shop" / "a.html")
    load(
        {"id": "a", "title": "t", "images": ["a.html"]},
        {"id": "b", "title": "t", "images": [picture("b.tiff")]},
    )
    assert Product.objects.get(sku="a").photo.name.endswith(".png")
    rare = Product.objects.get(sku="b").photo
    assert rare.name.endswith(".jpg")
    assert corner(rare)[0] == "JPEG"


def test_a_sound_is_loaded_and_one_that_is_none_is_reported(load, picture, tmp_path):
    import wave

    picture()
    with wave.open(str(tmp_path / "shop" / "bell.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(math.ceil(math.sin(n / 9) * 50) + 60 for n in range(32000)))
    (tmp_path / "shop" / "bad.wav").write_bytes(b"RIFF")
    _, err = load(
        {"id": "a", "title": "t", "audio": "bell.wav"},
        {"id": "b", "title": "t", "audio": "bad.wav"},
        {"id": "c", "title": "t", "audio": "bell.exe"},
    )
    assert Product.objects.get(sku="a").sound.name.endswith(".wav")
    assert not Product.objects.get(sku="b").sound
    assert "line 2: loaded without the sound bad.wav" in err
    assert "line 3: loaded without the sound bell.exe: a sound must be one of wav" in err


def test_categories_are_shared_whatever_their_case_and_get_slugs_of_their_own(load):
    load(
        {"id": "a", "title": "t", "category": "Ski/boarding"},
        {"id": "b", "title": "t", "category": "ski/BOARDING"},
        {"id": "c", "title": "t", "category": "Skiboarding"},
        {"id": "d", "title": "t", "category": "滑雪"},
        {"id": "e", "title": "t", "category": "!!!"},
    )
    slugs = dict(Category.objects.values_list("name", "slug"))
    assert slugs == {
        "Ski/boarding": "skiboarding",
        "Skiboarding": "skiboarding-2",
        "滑雪": "滑雪",
        "!!!": "category",
    }
    assert Category.objects.get(name="Ski/boarding").products.count() == 2


def test_a_part_of_a_catalogue_is_spread_evenly_over_the_file(load):
    lines = [{"id": f"P{number}", "title": "Product"} for number in range(10)]
    out, _err = load(*lines, products=3)
    assert "Loaded 3 products" in out
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["P0", "P3", "P6"]
    load(*lines, products=20)
    assert Product.objects.count() == 10
    with pytest.raises(CommandError, match="--products must be at least 1, not 0"):
        load(*lines, products=0)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_an_error_of_the_command(tmp_path, name):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("load_catalogue", str(tmp_path / name))


@pytest.mark.parametrize("shop", ["eshop", "tailwind", "contoso"])
def test_real_catalogues_load_completely(data_dir, shop):
    path = data_dir / "shops" / shop / "catalogue.jsonl"
    out, err = StringIO(), StringIO()
    call_command("load_catalogue", str(path), stdout=out, stderr=err)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert err.getvalue() == ""
    assert Product.objects.count() == len(lines)
    assert Product.objects.exclude(photo="").count() == sum(bool(line.get("images")) for line in lines)
