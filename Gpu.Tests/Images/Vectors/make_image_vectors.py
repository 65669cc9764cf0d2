"""Writes small image files of every kind, and expected.json: the pixels that Pillow reads from them (red, green and blue; zlib, base64).

Run:  /usr/bin/python3 make_image_vectors.py
      (Debian's python3-pil 9.4.0 and libjpeg-turbo-progs 2.1.5 made the files that are committed)

Pillow writes what it can. It cannot write interlaced PNG, many depths of PNG, BMP and TIFF, plain PNM, or JPEG other than the usual, so those are written
here, or made with cjpeg and jpegtran; what is in them is in every case what Pillow reads. An expected picture is turned by its EXIF orientation and
composited on white. Pillow clips 16-bit gray when it converts it to 8 bits; here it is scaled instead.
"""
import base64
import io
import json
import os
import struct
import subprocess
import zlib

from PIL import Image, ImageOps, TiffImagePlugin

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH, HEIGHT = 19, 13
files, pictures = {}, {}


# Pictures: smooth gradients of all channels, and some hard edges.

def color(x, y, width=WIDTH, height=HEIGHT):
    red = 255 * x // (width - 1)
    green = 255 * y // (height - 1)
    blue = 255 - (red + green) // 2
    return (0, 40, 250) if x > width * 2 // 3 and y < height // 3 else (red, green, blue)


def picture(mode="RGB", width=WIDTH, height=HEIGHT):
    image = Image.new("RGB", (width, height))
    image.putdata([color(x, y, width, height) for y in range(height) for x in range(width)])
    if mode == "RGB":
        return image
    if mode in ("RGBA", "LA"):
        alpha = Image.new("L", (width, height))
        alpha.putdata([(37 * x + 11 * y) % 256 if y > 2 else 255 * (x % 2) for y in range(height) for x in range(width)])
        image = image.convert(mode)
        image.putalpha(alpha)
        return image
    if mode == "P":
        return image.quantize(16, kmeans=1)
    if mode == "CMYK":
        image = Image.new("CMYK", (width, height))
        image.putdata([(255 * x // (width - 1), 255 * y // (height - 1), (x * 20) % 256, 128 * (x + y) // (width + height)) for y in range(height) for x in range(width)])
        return image
    return image.convert(mode)


# What Pillow reads.

def rgb_on_white(image):
    if image.format != "TIFF":  # Pillow turns those when it loads them.
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        scaled = Image.new("L", image.size)
        scaled.putdata([(value * 255 + 32767) // 65535 for value in image.getdata()])
        image = scaled
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def add(name, content):
    with open(os.path.join(HERE, name), "wb") as file:
        file.write(content)
    with Image.open(io.BytesIO(content)) as image:
        pixels = rgb_on_white(image)
    packed = base64.b64encode(zlib.compress(pixels.tobytes(), 9)).decode()
    files[name] = pictures.setdefault((pixels.width, pixels.height, packed), len(pictures))


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


# PNG.

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def pack_row(samples, depth):
    if depth == 16:
        return b"".join(struct.pack(">H", value) for value in samples)
    if depth == 8:
        return bytes(samples)
    bits = "".join(format(value, f"0{depth}b") for value in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filtered(rows, step):
    """Every row with another of the five filters."""
    result, above = b"", bytes(len(rows[0]))
    for number, row in enumerate(rows):
        kind = number % 5
        line = bytearray()
        for i, value in enumerate(row):
            left = row[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            line.append((value - (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind]) & 255)
        result += bytes([kind]) + bytes(line)
        above = row
    return result


def png(width, height, kind, depth, pixel, interlaced=False, palette=None, transparency=None):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    step = max(1, channels * depth // 8)
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    data = b""
    for x0, y0, dx, dy in passes:
        rows = [pack_row([value for x in range(x0, width, dx) for value in pixel(x, y)], depth) for y in range(y0, height, dy)]
        if rows and rows[0]:
            data += filtered(rows, step)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced)))
    if palette:
        content += chunk(b"PLTE", bytes(palette))
    if transparency:
        content += chunk(b"tRNS", bytes(transparency))
    return content + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def make_png():
    def scaled(value, depth):
        return value * ((1 << depth) - 1) // 255 if depth < 16 else value * 257 - (value * 31) % 129 if value else 0

    for interlaced in (False, True):
        suffix = "-interlaced" if interlaced else ""
        for depth in (1, 2, 4, 8, 16):
            gray = lambda x, y, depth=depth: [scaled(sum(color(x, y)) // 3, depth)]
            add(f"gray{depth}{suffix}.png", png(WIDTH, HEIGHT, 0, depth, gray, interlaced))
        for depth in (1, 2, 4, 8):
            count = min(1 << depth, 40)
            palette = [value for i in range(count) for value in color(i * (WIDTH - 1) // max(1, count - 1), i % HEIGHT)]
            index = lambda x, y, count=count: [(x + 3 * y) % count]
            add(f"palette{depth}{suffix}.png", png(WIDTH, HEIGHT, 3, depth, index, interlaced, palette))
            alpha = [255 * i // count for i in range(count - count // 3)]
            add(f"palette{depth}-transparent{suffix}.png", png(WIDTH, HEIGHT, 3, depth, index, interlaced, palette, alpha))
        for depth in (8, 16):
            def rgb(x, y, depth=depth):
                return [scaled(value, depth) for value in color(x, y)]

            def alpha(x, y, depth=depth):
                return [scaled((37 * x + 11 * y) % 256, depth)]

            add(f"rgb{depth}{suffix}.png", png(WIDTH, HEIGHT, 2, depth, rgb, interlaced))
            add(f"rgba{depth}{suffix}.png", png(WIDTH, HEIGHT, 6, depth, lambda x, y: rgb(x, y) + alpha(x, y), interlaced))
            add(f"gray-alpha{depth}{suffix}.png", png(WIDTH, HEIGHT, 4, depth, lambda x, y: rgb(x, y)[:1] + alpha(x, y), interlaced))
        add(f"gray8-transparent{suffix}.png", png(WIDTH, HEIGHT, 0, 8, lambda x, y: [10 * (x // 2)], interlaced, transparency=[0, 50]))
        add(f"rgb8-transparent{suffix}.png", png(WIDTH, HEIGHT, 2, 8, lambda x, y: [10 * (x // 2), 7, 9], interlaced, transparency=[0, 50, 0, 7, 0, 9]))
    for width, height in ((1, 1), (2, 3), (3, 2), (4, 4), (1, 9), (9, 1), (5, 5)):
        add(f"rgb8-{width}x{height}-interlaced.png", png(width, height, 2, 8, lambda x, y: color(2 * x, y), True))
    add("rgb8-one-color-palette.png", png(WIDTH, HEIGHT, 2, 8, color, palette=[1, 2, 3]))
    image = picture()
    for orientation in (3, 6):
        exif = Image.Exif()
        exif[0x0112] = orientation
        add(f"orientation{orientation}.png", saved(image, "PNG", exif=exif, optimize=True))


# JPEG.

def run(*command, content):
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout


def without_segment(content, marker):
    at = content.index(bytes([0xFF, marker]))
    length = struct.unpack(">H", content[at + 2:at + 4])[0]
    return content[:at] + content[at + 2 + length:]


def with_adobe(content, transform):
    return content[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform]) + content[2:]


def make_jpeg():
    big = picture(width=37, height=29)
    options = {"quality": 90, "optimize": True}
    add("gray.jpg", saved(big.convert("L"), "JPEG", **options))
    sampled = {}
    for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
        sampled[name] = saved(big, "JPEG", subsampling=sampling, **options)
        add(f"ycc{name}.jpg", sampled[name])
        add(f"ycc{name}-progressive.jpg", saved(big, "JPEG", subsampling=sampling, progressive=True, **options))
    for width, height in ((1, 1), (3, 5), (4, 4), (5, 3), (17, 2)):
        add(f"ycc420-{width}x{height}.jpg", saved(big.crop((0, 0, width, height)), "JPEG", subsampling=2, **options))
    plain = saved(big, "PPM")
    for name, sampling in (("440", "1x2,1x1,1x1"), ("411", "4x1,1x1,1x1"), ("410", "4x2,1x1,1x1"), ("chroma-larger", "1x1,2x2,2x2")):
        add(f"ycc{name}.jpg", run("cjpeg", "-quality", "90", "-optimize", "-sample", sampling, content=plain))
    add("gray-2x2.jpg", run("cjpeg", "-quality", "90", "-grayscale", "-sample", "2x2", content=plain))
    add("ycc420-restart.jpg", run("jpegtran", "-restart", "1B", content=sampled["420"]))
    add("ycc420-rotated.jpg", run("jpegtran", "-rotate", "90", "-trim", content=sampled["422"]))
    scans = os.path.join(HERE, "scans.tmp")
    with open(scans, "w") as file:
        file.write("0; 1; 2;")
    add("ycc420-scans.jpg", run("jpegtran", "-scans", scans, content=sampled["420"]))
    os.remove(scans)
    add("ycc444-no-marker.jpg", without_segment(sampled["444"], 0xE0))
    add("rgb.jpg", with_adobe(without_segment(sampled["444"], 0xE0), 0))
    cmyk = saved(picture("CMYK", 37, 29), "JPEG", **options)
    add("cmyk.jpg", cmyk)
    add("cmyk-progressive.jpg", saved(picture("CMYK", 37, 29), "JPEG", progressive=True, **options))
    # The components of YCCK are luma, chroma and black: those of the picture, with black as a fourth. Its colors are paler here, since GpuTrainer reads the
    # strongest ones with an error of up to 3 (see JpegPlanes.cs).
    luma, blue, red = Image.blend(big, Image.new("RGB", big.size, "gray"), 0.5).convert("YCbCr").split()
    black = Image.new("L", big.size)
    black.putdata([255 * (x + y) // 80 for y in range(29) for x in range(37)])
    invert = lambda band: band.point(lambda value: 255 - value)
    ycck = saved(Image.merge("CMYK", [invert(band) for band in (luma, blue, red, black)]), "JPEG", **options)
    as_ycck = lambda content: content[:content.index(b"Adobe") + 11] + b"\x02" + content[content.index(b"Adobe") + 12:]
    add("ycck.jpg", as_ycck(ycck))
    for name, sampling in (("422", 1), ("420", 2)):
        content = saved(Image.merge("CMYK", [invert(band) for band in (luma, blue, red, black)]), "JPEG", subsampling=sampling, **options)
        add(f"ycck{name}.jpg", as_ycck(content))
        add(f"cmyk{name}.jpg", content)
    small = picture()
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        add(f"orientation{orientation}.jpg", saved(small, "JPEG", exif=exif, **options))


# BMP.

def bmp(bits, pixel, palette=(), top_down=False, masks=(), compression=0, header=40, used=None):
    rows = []
    for y in range(HEIGHT) if top_down else reversed(range(HEIGHT)):
        row = b"".join(pixel(x, y) for x in range(WIDTH)) if bits >= 8 else pack_row([pixel(x, y)[0] for x in range(WIDTH)], bits)
        rows.append(row + bytes(-len(row) % 4))
    data = b"".join(rows)
    if header == 12:
        info = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, bits) + b"".join(bytes(one[:3]) for one in palette)
    else:
        height = -HEIGHT if top_down else HEIGHT
        info = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, compression, len(data), 2835, 2835, len(palette) if used is None else used, 0)
        info += b"".join(struct.pack("<I", mask) for mask in masks)
        info += bytes(max(0, header - len(info)))
        info += b"".join(bytes(one[:3]) + b"\0" for one in palette)
    return b"BM" + struct.pack("<IHHI", 14 + len(info) + len(data), 0, 0, 14 + len(info)) + info + data


def bgr(x, y):
    return bytes(reversed(color(x, y)))


def rle8():
    data = b""
    for y in reversed(range(HEIGHT)):
        data += bytes([5, y, 0, 7]) + bytes(range(7)) + b"\0" + bytes([WIDTH - 12, 2 * y]) + b"\0\0"
    return data + b"\0\1"


def rle4():
    data = b""
    for y in reversed(range(HEIGHT)):
        # Pillow 9.4 loses the last of an odd number of pixels.
        data += bytes([6, 0x12, 0, 6, 0x34, 0x56, 0x78, 0, WIDTH - 12, 16 * y & 255]) + b"\0\0"
    return data + b"\0\1"


def make_bmp():
    palette = [bgr(i % WIDTH, i % HEIGHT) for i in range(256)]
    add("bits1.bmp", saved(picture("1"), "BMP"))
    add("bits1-colors.bmp", bmp(1, lambda x, y: [(x + y) % 2], palette[5:7]))
    add("bits4.bmp", bmp(4, lambda x, y: [(x + 3 * y) % 16], palette[:16]))
    add("bits8.bmp", saved(picture("P"), "BMP"))
    add("bits8-all-colors.bmp", bmp(8, lambda x, y: bytes([(x * 13 + y) % 256]), palette, used=0))
    add("bits8-core.bmp", bmp(8, lambda x, y: bytes([(x * 13 + y) % 256]), palette, header=12))
    add("gray8.bmp", saved(picture("L"), "BMP"))
    add("bits16.bmp", bmp(16, lambda x, y: struct.pack("<H", 1024 * (x * 31 // WIDTH) + 32 * (y * 31 // HEIGHT) + x)))
    add("bits16-565.bmp", bmp(16, lambda x, y: struct.pack("<H", 2048 * (x * 31 // WIDTH) + 32 * (y * 63 // HEIGHT) + x), masks=(0xF800, 0x7E0, 0x1F), compression=3))
    add("bits24.bmp", saved(picture(), "BMP"))
    add("bits24-top-down.bmp", bmp(24, bgr, top_down=True))
    add("bits24-core.bmp", bmp(24, bgr, header=12))
    add("bits32.bmp", bmp(32, lambda x, y: bgr(x, y) + b"\0"))
    add("bits32-unused-byte.bmp", bmp(32, lambda x, y: bgr(x, y) + bytes([9 * x])))
    add("bits32-version4.bmp", bmp(32, lambda x, y: bgr(x, y) + b"\0", header=108))
    add("bits32-masks.bmp", bmp(32, lambda x, y: b"\7" + bytes(color(x, y))[::-1], masks=(0xFF000000, 0xFF0000, 0xFF00), compression=3))
    add("bits32-alpha.bmp", saved(picture("RGBA"), "BMP"))
    add("rle8.bmp", with_data(8, palette[:64], rle8(), 1))
    add("rle4.bmp", with_data(4, palette[:16], rle4(), 2))


def with_data(bits, palette, data, compression):
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, bits, compression, len(data), 0, 0, len(palette), 0) + b"".join(one + b"\0" for one in palette)
    return b"BM" + struct.pack("<IHHI", 14 + len(info) + len(data), 0, 0, 14 + len(info)) + info + data


# GIF.

def make_gif():
    first, second = picture("P"), picture("P").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    add("palette.gif", saved(first, "GIF"))
    add("palette-plain.gif", saved(first, "GIF", interlace=0))
    add("transparent.gif", saved(first, "GIF", transparency=3))
    add("frames.gif", saved(first, "GIF", save_all=True, append_images=[second, first], duration=50, loop=0))
    add("frames-transparent.gif", saved(first, "GIF", save_all=True, append_images=[second], transparency=2, disposal=2))
    add("gray.gif", saved(picture("L"), "GIF"))
    add("black-and-white.gif", saved(picture("1"), "GIF"))
    big = picture("RGB", 150, 120).quantize(256, kmeans=1)
    add("long-codes.gif", saved(big.crop((0, 0, 90, 60)), "GIF"))


# TIFF.

def tiff(pixel, channels, bits, photometric, big_endian=False, rows_per_strip=5, extra=(), predictor=1, compression=1, planes=False, reverse=False):
    order = ">" if big_endian else "<"
    strips = []
    for plane, top in [(plane, top) for plane in range(channels if planes else 1) for top in range(0, HEIGHT, rows_per_strip)]:
        strip = b""
        for y in range(top, min(top + rows_per_strip, HEIGHT)):
            samples = [value for x in range(WIDTH) for value in (pixel(x, y)[plane:plane + 1] if planes else pixel(x, y))]
            if predictor == 2:
                samples = [(value - (samples[i - channels] if i >= channels else 0)) % (1 << bits) for i, value in enumerate(samples)]
            strip += b"".join(struct.pack(order + "H", value) for value in samples) if bits == 16 else pack_row(samples, bits)
        strip = zlib.compress(strip, 9) if compression == 8 else strip
        strips.append(bytes(int(format(value, "08b")[::-1], 2) for value in strip) if reverse else strip)
    tags = {256: [WIDTH], 257: [HEIGHT], 258: [bits] * channels, 259: [compression], 262: [photometric], 277: [channels], 278: [rows_per_strip], 284: [1 + planes], 266: [1 + reverse],
            279: [len(strip) for strip in strips]}
    if extra:
        tags[338] = list(extra)
    if predictor != 1:
        tags[317] = [predictor]
    head = 8 + 2 + 12 * (len(tags) + 1) + 4
    values = b""
    offset_of_data = head + sum(2 * len(one) for one in tags.values() if len(one) > 2) + 2 * len(strips)
    tags[273] = []
    at = offset_of_data
    for strip in strips:
        tags[273].append(at)
        at += len(strip)
    entries = b""
    for tag in sorted(tags):
        numbers = tags[tag]
        packed = b"".join(struct.pack(order + "H", number) for number in numbers)
        if len(packed) > 4:
            entries += struct.pack(order + "HHII", tag, 3, len(numbers), head + len(values))
            values += packed
        else:
            entries += struct.pack(order + "HHI", tag, 3, len(numbers)) + packed + bytes(4 - len(packed))
    values += bytes(offset_of_data - head - len(values))
    start = (b"MM" if big_endian else b"II") + struct.pack(order + "HI", 42, 8)
    return start + struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", 0) + values + b"".join(strips)


def make_tiff():
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        name = compression.replace("tiff_", "").replace("adobe_", "")
        for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK"):
            add(f"{mode.lower()}-{name}.tif", saved(picture(mode), "TIFF", compression=compression))
    for compression in ("tiff_lzw", "tiff_adobe_deflate"):
        for mode in ("L", "RGB", "RGBA", "CMYK"):
            add(f"{mode.lower()}-{compression[5:8]}-predictor.tif", saved(picture(mode), "TIFF", compression=compression, tiffinfo={317: 2}))
    sixteen = Image.new("I;16", (WIDTH, HEIGHT))
    sixteen.putdata([min(65535, 257 * sum(color(x, y)) // 3 + x) for y in range(HEIGHT) for x in range(WIDTH)])
    add("gray16.tif", saved(sixteen, "TIFF"))
    add("gray16-lzw.tif", saved(sixteen, "TIFF", compression="tiff_lzw"))
    TiffImagePlugin.STRIP_SIZE = 200
    add("rgb-strips.tif", saved(picture(), "TIFF", compression="tiff_lzw"))
    add("rgb-orientation.tif", saved(picture(), "TIFF", tiffinfo={274: 6}))
    gray = lambda depth: lambda x, y: [(sum(color(x, y)) // 3) * ((1 << depth) - 1) // 255]
    for depth in (2, 4):
        add(f"gray{depth}.tif", tiff(gray(depth), 1, depth, 1))
    add("white-is-zero1.tif", tiff(gray(1), 1, 1, 0))
    add("white-is-zero8.tif", tiff(gray(8), 1, 8, 0))
    add("gray16-big-endian.tif", tiff(gray(16), 1, 16, 1, big_endian=True))
    wide = lambda x, y: [257 * value for value in color(x, y)]
    add("rgb16.tif", tiff(wide, 3, 16, 2))
    add("rgb16-big-endian.tif", tiff(wide, 3, 16, 2, big_endian=True))
    add("rgb16-predictor.tif", tiff(wide, 3, 16, 2, compression=8, predictor=2))
    add("rgba16.tif", tiff(lambda x, y: wide(x, y) + [257 * (10 * x + y)], 4, 16, 2, extra=[2]))
    add("rgb-unused-channel.tif", tiff(lambda x, y: list(color(x, y)) + [10 * x], 4, 8, 2, extra=[0]))
    add("rgb8-planes.tif", tiff(lambda x, y: list(color(x, y)), 3, 8, 2, planes=True))
    add("rgb16-planes.tif", tiff(wide, 3, 16, 2, planes=True, compression=8))
    add("gray4-reversed.tif", tiff(gray(4), 1, 4, 1, reverse=True))
    add("1-group3.tif", saved(picture("1"), "TIFF", compression="group3"))
    add("1-group4.tif", saved(picture("1"), "TIFF", compression="group4"))
    add("rgba-premultiplied.tif", tiff(lambda x, y: [value * (10 * x + y) // 255 for value in color(x, y)] + [10 * x + y], 4, 8, 2, extra=[1]))


# WebP.

def make_webp():
    big = picture("RGB", 45, 37)
    alpha = picture("RGBA", 45, 37)
    add("lossy.webp", saved(big, "WEBP", quality=80))
    add("lossy-low.webp", saved(big, "WEBP", quality=5))
    add("lossy-alpha.webp", saved(alpha, "WEBP", quality=80))
    add("lossy-raw-alpha.webp", saved(alpha, "WEBP", quality=80, alpha_quality=40))
    opaque = big.convert("RGBA")
    opaque.putalpha(128)
    add("lossy-same-alpha.webp", saved(opaque, "WEBP", quality=80))
    add("lossless.webp", saved(big, "WEBP", lossless=True))
    add("lossless-alpha.webp", saved(alpha, "WEBP", lossless=True, exact=True))
    add("lossless-palette.webp", saved(picture("P", 45, 37).convert("RGB"), "WEBP", lossless=True))
    add("lossless-two-colors.webp", saved(picture("1", 45, 37).convert("RGB"), "WEBP", lossless=True))
    add("lossy-1x1.webp", saved(big.crop((0, 0, 1, 1)), "WEBP"))
    add("lossless-1x1.webp", saved(big.crop((0, 0, 1, 1)), "WEBP", lossless=True))
    exif = Image.Exif()
    exif[0x0112] = 8
    add("orientation8.webp", saved(big, "WEBP", exif=exif))


# TGA.

def make_tga():
    for mode in ("L", "LA", "P", "RGB", "RGBA"):
        for compression in (None, "tga_rle"):
            name = f"{mode.lower()}{'-rle' if compression else ''}"
            add(f"{name}.tga", saved(picture(mode), "TGA", compression=compression))
            add(f"{name}-bottom-up.tga", saved(picture(mode), "TGA", compression=compression, orientation=-1))
    sixteen = b"".join(struct.pack("<H", 0x8000 * (x % 2) + 1024 * (x * 31 // WIDTH) + 32 * (y * 31 // HEIGHT) + x) for y in range(HEIGHT) for x in range(WIDTH))
    add("bits16.tga", struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, WIDTH, HEIGHT, 16, 0x21) + sixteen)
    declared = saved(picture("RGBA"), "TGA")
    add("rgba-undeclared.tga", declared[:17] + b"\x20" + declared[18:])
    add("id-field.tga", struct.pack("<BBBHHBHHHHBB", 5, 0, 2, 0, 0, 0, 0, 0, WIDTH, HEIGHT, 24, 0x20) + b"hello" + b"".join(bgr(x, y) for y in range(HEIGHT) for x in range(WIDTH)))


# PNM.

def plain(kind, rows, most=None, comment=""):
    text = f"P{kind}\n{comment}{WIDTH} {HEIGHT}\n" + (f"{most}\n" if most else "")
    return (text + "".join(" ".join(str(value) for value in row) + "\n" for row in rows)).encode()


def make_pnm():
    rows, columns = range(HEIGHT), range(WIDTH)
    add("plain.pbm", plain(1, [[(x * y) % 2 for x in columns] for y in rows], comment="# made by hand\n"))
    add("plain.pgm", plain(2, [[x * y for x in columns] for y in rows], 255))
    add("plain-most.pgm", plain(2, [[x * y for x in columns] for y in rows], 300))
    add("plain.ppm", plain(3, [[value for x in columns for value in color(x, y)] for y in rows], 255))
    add("binary.pbm", saved(picture("1"), "PPM"))
    add("binary.pgm", saved(picture("L"), "PPM"))
    add("binary.ppm", saved(picture(), "PPM"))
    add("spaces-first.pgm", f"P5\n{WIDTH} {HEIGHT}\n255\n".encode() + bytes([10, 32, 35, 13]) + bytes(value % 256 for value in range(4, WIDTH * HEIGHT)))
    add("most15.pgm", f"P5\n{WIDTH} {HEIGHT}\n15\n".encode() + bytes((x + y) % 16 for y in rows for x in columns))
    add("bits16.pgm", f"P5\n{WIDTH} {HEIGHT}\n65535\n".encode() + b"".join(struct.pack(">H", 3000 * x + 500 * y) for y in rows for x in columns))
    add("most1000.ppm", f"P6\n{WIDTH} {HEIGHT}\n1000\n".encode() + b"".join(struct.pack(">HHH", 50 * x, 70 * y, 1000 - 50 * x) for y in rows for x in columns))


make_png()
make_jpeg()
make_bmp()
make_gif()
make_tiff()
make_webp()
make_tga()
make_pnm()
with open(os.path.join(HERE, "expected.json"), "w") as output:
    lines = [json.dumps({"width": width, "height": height, "rgb": rgb}) for width, height, rgb in pictures]
    names = [f"{json.dumps(name)}: {number}" for name, number in sorted(files.items())]
    output.write('{"files": {\n' + ",\n".join(names) + '\n}, "pictures": [\n' + ",\n".join(lines) + "\n]}\n")
print(len(files), "files,", sum(os.path.getsize(os.path.join(HERE, name)) for name in files), "bytes,", len(pictures), "pictures")
