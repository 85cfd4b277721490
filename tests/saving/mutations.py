"""Damaged and hostile files, each made from a good one by a random number generator."""

import io
import json
import struct
import warnings
import zipfile
import zlib

from nnframe.saving.layout import Member, array_member, directory, local_header
from nnframe.saving.manifest import array_entries, decode

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
ODD_HEADERS = [
    "{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }",
    "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }",
    "{'descr': '>f8', 'fortran_order': False, 'shape': (2, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 10000000000), }",
    "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (6,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
    "__import__('os').abort()",
    "(" * 300,
]


def members_of(good):
    with zipfile.ZipFile(io.BytesIO(good)) as file:
        return [(name, file.read(name)) for name in file.namelist()]


def packed(members):
    """Return members as the format lays them out, all check sums and sizes right."""
    records = [Member(name, b"", len(content)) for name, content in members]
    crcs = [zlib.crc32(content) for _, content in members]
    pieces = []
    for record, crc, (_, content) in zip(records, crcs, members, strict=True):
        pieces += [local_header(record, crc), content]
    return b"".join([*pieces, directory(records, crcs)])


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
    if rng.random() < 0.5:  # the zip file's directory
        place = rng.randrange(good.rindex(b"PK\1\2") - 40, len(good) - size)
    number = rng.choice([*ODD_NUMBERS, len(good), len(good) + 1, place, rng.getrandbits(64)]) % 256**size
    return good[:place] + struct.pack("<" + form, number) + good[place + size :]


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
    """Return JSON that may be none any more."""
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
    """Change what the manifest says, and keep the rest: the check sums are right."""
    (name, text), *others = members_of(good)
    return packed([(name, change_text(rng, text)), *others])


def change_manifest_and_arrays(rng, good, other):
    """Change what the manifest says and let the arrays follow, as far as they can."""
    (name, text), *others = members_of(good)
    text = change_text(rng, text)
    try:
        members = [array_member(entry) for entry in array_entries(decode(text))]
    except Exception:  # not one that arrays could follow
        return packed([(name, text), *others])
    contents = [member.header + rng.randbytes(min(member.size - len(member.header), 4096)) for member in members]
    return packed([(name, text), *((member.name, content) for member, content in zip(members, contents, strict=True))])


def change_npy_header(rng, good, other):
    first, *others = members_of(good)
    i = rng.randrange(len(others))
    name, content = others[i]
    header = rng.choice(ODD_HEADERS).encode()
    version = rng.choice([b"\1\0", b"\2\0", b"\3\0", b"\xff\xff"])
    length = struct.pack("<H" if version == b"\1\0" else "<L", rng.choice([len(header), 0, 0xFFFF]))
    start = b"\x93NUMPY" + version + length + header
    if rng.random() < 0.5:
        start = start.ljust(128)[:128]
    others[i] = (name, start + content[128:])
    return packed([first, *others])


def change_members(rng, good, other):
    """Leave members out, add some, double them, change their order or take another file's."""
    members = members_of(good)
    action = rng.randrange(6)
    i = rng.randrange(len(members))
    if action == 0:
        del members[i]
    elif action == 1:
        names = ["x.npy", "../x.npy", "/etc/x", "manifest.json", "layers/9/bias.npy"]
        members.insert(i, (rng.choice(names), members[i][1]))
    elif action == 2:
        members.insert(i, members[i])
    elif action == 3:
        rng.shuffle(members)
    elif action == 4:
        members[i] = (members[i][0], rng.choice(members_of(other))[1])
    else:
        members[i] = (rng.choice(members_of(other))[0], members[i][1])
    return packed(members)


def pack_otherwise(rng, good, other):
    """Let another program pack the members, compressed or not; one of them may be a bomb."""
    buffer = io.BytesIO()
    method = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as file:
        warnings.simplefilter("ignore")  # that a name is there twice
        file.comment = rng.choice([b"", b"comment", b"PK\5\6" + bytes(18)])
        for name, content in members_of(good):
            for _ in range(rng.choice([1, 1, 1, 2])):
                file.writestr(name, rng.choice([content, content, content, bytes(100_000)]))
    return buffer.getvalue()


def overlap(rng, good, other):
    """Let two entries of the directory mean one member."""
    start = good.rindex(b"PK\6\6")
    offsets = [i for i in range(good.index(b"PK\1\2"), start) if good[i : i + 4] == b"PK\1\2"]
    one, two = rng.choice(offsets), rng.choice(offsets)
    return good[:one] + good[two : two + 46] + good[one + 46 :]


MUTATIONS = [
    flip_bits, cut_off, add_behind, splice, move_a_piece, put_a_number, change_manifest, change_manifest,
    change_manifest, change_manifest_and_arrays, change_npy_header, change_members, pack_otherwise, overlap,
]  # fmt: skip


def change_safetensors_header(rng, good, other):
    """Change what the header says, or what the manifest in it says."""
    (length,) = struct.unpack("<Q", good[:8])
    header = json.loads(good[8 : 8 + length])
    if rng.random() < 0.5:
        change_document(rng, header)
    else:
        header["__metadata__"]["nnframe"] = change_text(rng, header["__metadata__"]["nnframe"]).decode("utf-8")
    text = json.dumps(header).encode()
    if rng.random() < 0.1:
        text = text.replace(b"}", rng.choice(ODD_TEXT).encode() + b"}", 1)
    return struct.pack("<Q", rng.choice([len(text)] * 9 + ODD_NUMBERS)) + text + good[8 + length :]


def put_a_length(rng, good, other):
    return struct.pack("<Q", rng.choice([*ODD_NUMBERS, len(good)])) + good[8:]


SAFETENSORS_MUTATIONS = [
    flip_bits, cut_off, add_behind, splice, move_a_piece, put_a_length, change_safetensors_header,
    change_safetensors_header, change_safetensors_header,
]  # fmt: skip
