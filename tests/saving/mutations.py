"""Damaged and hostile files, each made from a good one by a random number generator."""

import json
import struct
import zlib

ODD_NUMBERS = [0, 1, 2, 3, 7, 127, 128, 255, 256, 0x7FFF, 0xFFFF, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1]
ODD_VALUES = [
    None, True, False, 0, -1, 1, 2, 3, 1.0, -0.5, 1e300, 2**31, 2**63, 2**64, 10**50, "", "0", "a", "..", "../../x",
    "/x", "\0", "\x1b[2J", "é", "layers/0/linear", "layers/1/bias", "float32", "float64", "object", "<f8", "relu",
    "tanh", "nnframe/relu", "__main__", "os.system", "nnframe", "nnframe-nowhere", "--upgrade", "1.0", [], [0],
    [1, 1], [-1], [2**40, 2**40], [0, 2**62], [[0]], {}, {"a": 1}, {"activation": None},
    {"name": "x", "dtype": "float64", "shape": [2]},
]  # fmt: skip
ODD_TEXT = [
    "NaN", "-Infinity", "1e999", "9" * 5000, '"\\ud800"', "[" * 2000, '{"a":1,"a":2}', "", "]", "\ufeff1", "01",
]  # fmt: skip


def taken_apart(good):
    """Return the header, the manifest in it, and the numbers."""
    (length,) = struct.unpack("<Q", good[:8])
    header = json.loads(good[8 : 8 + length])
    return header, header["__metadata__"]["nnframe"], good[8 + length :]


def put_together(header, numbers):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


def with_checksum(header, numbers):
    """Make the checksum right, as far as the manifest lists arrays that the header has."""
    manifest = json.loads(header["__metadata__"]["nnframe"])
    try:
        manifest.pop("crc32", None)
        text = json.dumps(manifest, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        crc = zlib.crc32(text)
        for item in manifest["arrays"]:
            start, end = header[item["name"]]["data_offsets"]
            crc = zlib.crc32(numbers[start:end], crc)
        manifest["crc32"] = f"{crc:08x}"
    except Exception:  # not a manifest that has a checksum
        pass
    header["__metadata__"]["nnframe"] = json.dumps(manifest)
    return header


def flip_bits(rng, good, other):
    changed = bytearray(good)
    for _ in range(rng.choice([1, 1, 1, 2, 5, 30])):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut_off(rng, good, other):
    return good[: rng.randrange(len(good))]


def add_behind(rng, good, other):
    return good + rng.choice([b"\0", other, other[-22:], rng.randbytes(rng.randrange(1, 200))])


def splice(rng, good, other):
    place, other_place = rng.randrange(len(good)), rng.randrange(len(other))
    if rng.random() < 0.5:
        other_place = min(place, len(other))
    return good[:place] + other[other_place:]


def move_a_piece(rng, good, other):
    start, length, target = rng.randrange(len(good)), rng.randrange(1, 200), rng.randrange(len(good))
    piece = good[start : start + length]
    rest = rng.choice([good, good[:start] + good[start + length :]])
    return rest[:target] + rng.choice([piece, b"", bytes(length)]) + rest[target:]


def put_a_number(rng, good, other):
    form = rng.choice("BHLQ")
    size = struct.calcsize("<" + form)
    place = rng.randrange(len(good) - size)
    number = rng.choice([*ODD_NUMBERS, len(good), len(good) + 1, place, rng.getrandbits(64)]) % 256**size
    return good[:place] + struct.pack("<" + form, number) + good[place + size :]


def put_a_length(rng, good, other):
    return struct.pack("<Q", rng.choice([*ODD_NUMBERS, len(good)])) + good[8:]


def change_document(rng, document):
    """Change a value or a key somewhere in JSON."""
    places = [(document, key) for key in document]
    for container, key in places:
        inner = container[key]
        if isinstance(inner, (dict, list)):
            places += [(inner, each) for each in (inner if isinstance(inner, dict) else range(len(inner)))]
    container, key = rng.choice(places)
    action = rng.randrange(6)
    if action == 0:
        del container[key]
    elif action == 1 and isinstance(container, dict):
        container[rng.choice(["", "a", "name", "shape", "layers", "self", "__class__", "x" * 500])] = container.pop(key)
    elif action == 2:
        other_container, other_key = rng.choice(places)
        if other_key in other_container if isinstance(other_container, dict) else other_key < len(other_container):
            container[key] = json.loads(json.dumps(other_container[other_key]))
    elif action == 3 and isinstance(container, list):
        container.append(json.loads(json.dumps(rng.choice([container[key], rng.choice(ODD_VALUES)]))))
    else:
        container[key] = json.loads(json.dumps(rng.choice(ODD_VALUES)))


def change_text(rng, text):
    """Return a text that may not be JSON any more."""
    document = json.loads(text)
    for _ in range(rng.choice([1, 1, 2, 4])):
        if document:
            change_document(rng, document)
    text = json.dumps(document)
    if rng.random() < 0.2:
        place = rng.choice([i for i, letter in enumerate(text) if letter in " :,[]{}"] or [0])
        text = text[: place + 1] + rng.choice(ODD_TEXT) + text[place + 1 :]
    return text.encode("utf-8")


def change_manifest(rng, good, other):
    """Change what the manifest says, with the old checksum or a right one."""
    header, manifest, numbers = taken_apart(good)
    text = change_text(rng, manifest).decode("utf-8")
    header["__metadata__"]["nnframe"] = text
    try:
        if rng.random() < 0.7:
            header = with_checksum(header, numbers)
    except (ValueError, RecursionError):  # not JSON any more
        pass
    return put_together(header, numbers)


def change_header(rng, good, other):
    """Change what the header says about the arrays."""
    header, _, numbers = taken_apart(good)
    change_document(rng, header)
    text = json.dumps(header).encode()
    if rng.random() < 0.2:
        text = text.replace(b"}", rng.choice(ODD_TEXT).encode() + b"}", 1)
    return struct.pack("<Q", rng.choice([len(text)] * 9 + ODD_NUMBERS)) + text + numbers


def change_arrays_everywhere(rng, good, other):
    """Change an array in header and manifest alike, with numbers to match and a right checksum."""
    header, manifest, _ = taken_apart(good)
    document = json.loads(manifest)
    item = rng.choice(document["arrays"])
    entry = header.pop(item["name"])
    dtype, wide = rng.choice([("float32", "F32"), ("float64", "F64"), ("uint8", "U8"), ("int64", "I64")])
    shape = rng.choice([[], [0], [1], [2, 0], [3, 2], [2, 3], [1, 1], [7, 1], [1] * 8, [5, 5, 5]])
    if rng.random() < 0.5:
        item["name"] = rng.choice(["layers/0/linear", "layers/2/bias", "x", "metadata/0", "a/b", "../x", ""])
    item["dtype"], item["shape"] = dtype, shape
    entry["dtype"], entry["shape"] = wide, shape
    header[item["name"]] = entry
    end = 0
    for name, each in header.items():
        if name != "__metadata__":
            size = {"F32": 4, "F64": 8, "U8": 1, "I64": 8}[each["dtype"]]
            for length in each["shape"]:
                size *= length
            each["data_offsets"] = [end, end + size]
            end += size
    header["__metadata__"]["nnframe"] = json.dumps(document)
    numbers = rng.randbytes(end)
    return put_together(with_checksum(header, numbers), numbers)


def swap_entries(rng, good, other):
    """Let arrays overlap, leave gaps, or take each other's places."""
    header, _, numbers = taken_apart(good)
    names = [name for name in header if name != "__metadata__"]
    one, two = rng.choice(names), rng.choice(names)
    action = rng.randrange(4)
    if action == 0:
        header[one]["data_offsets"] = header[two]["data_offsets"]
    elif action == 1:
        header[one], header[two] = header[two], header[one]
    elif action == 2:
        header[one]["data_offsets"] = [
            offset + rng.choice([-8, -1, 1, 8, 2**40]) for offset in header[one]["data_offsets"]
        ]
    else:
        numbers += bytes(8)
        header["x"] = {"dtype": "F64", "shape": [1], "data_offsets": [len(numbers) - 8, len(numbers)]}
    return put_together(header, numbers)


def long_manifest(rng, good, other):
    """Put the manifest where long ones are, changed or not."""
    header, manifest, numbers = taken_apart(good)
    text = rng.choice([manifest.encode(), change_text(rng, manifest)])
    if rng.random() < 0.8:
        del header["__metadata__"]["nnframe"]
    header[".nnframe"] = {
        "dtype": rng.choice(["U8"] * 5 + ["F64", "I8"]), "shape": rng.choice([[len(text)]] * 5 + [[1, len(text)], [0]]),
        "data_offsets": [len(numbers), len(numbers) + len(text)],
    }  # fmt: skip
    return put_together(header, numbers + text)


MUTATIONS = [
    flip_bits, cut_off, add_behind, splice, move_a_piece, put_a_number, put_a_length, change_manifest,
    change_manifest, change_manifest, change_manifest, change_header, change_header, change_arrays_everywhere,
    swap_entries, long_manifest,
]  # fmt: skip
