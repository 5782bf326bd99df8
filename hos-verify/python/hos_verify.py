#!/usr/bin/env python3
"""Verifies bundles of the format hosproof/1 offline, with nothing but Python 3.9 or later.

    python3 hos_verify.py BUNDLE --policy TRUST [--known CHECKPOINT] [--follow BUNDLE]
                          [--log ORIGIN] [--now TIME] [--json]

Trust comes from the policy file (C2SP tlog-policy) and from a checkpoint that was received another
way, never from the bundle. The exit code: 0 verified, 10 nothing vouches for it, 20 parts erased or
leaves withheld as it says, 30 contradicts the known checkpoint, 40 invalid, 50 unreadable.
2 is a wrong command line, or a policy or checkpoint that cannot be read.

The formats are laid down in docs/proof/formats.md. The other verifier is the Rust crate hos-verify;
both are held to each other, word for word, on every bundle of its tests.
"""

import argparse
import base64
import binascii
import datetime
import hashlib
import hmac
import itertools
import json
import re
import struct
import sys
import time as clock
import zlib

BUNDLE_MAX = 67_108_864
MANIFEST_MAX = 8_388_608
ENTRIES_MAX = 20_000
FILES_MAX = 65_000
FILE_NAME_MAX = 160
CLAIMS_MAX = 16
EARLIER_MAX = 64
NOTE_MAX = 131_072
SIGNATURES_MAX = 64
KEY_NAME_MAX = 1_024
ORIGIN_MAX = 1_024
EXTENSIONS_MAX = 16
EXTRA_MAX = 4_096
PROOF_HASHES_MAX = 64
RANGE_HASHES_MAX = 128
LEAF_MAX = 65_535
PARTS_MAX = 256
DEPTH_MAX = 16
VALUES_MAX = 262_144
INTEGER_MAX = 2**53 - 1
POLICY_MAX = 1_048_576
POLICY_NAMES_MAX = 1_024
AHEAD = 300 * 1_000_000
FAULTS_MAX = 32


class Refused(Exception):
    """What was read is not what it should be."""


def require(condition, why="not in order"):
    if not condition:
        raise Refused(why)


# ---------------------------------------------------------------------------
# Ed25519 (RFC 8032, section 5.1), verification only and strict: no second spelling of a point or a
# number, no point of small order.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point_add(one, other):
    """Extended homogeneous coordinates (RFC 8032, section 5.1.4)."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_multiply(number, point):
    result = (0, 1, 1, 0)
    while number > 0:
        if number & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        number >>= 1
    return result


def point_decompress(encoded):
    """Section 5.1.3; None for what is no point, or another spelling of one."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def point_compress(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_small(point):
    """Whether eight times the point is the neutral one."""
    eightfold = point_multiply(8, point)
    return eightfold[0] % P == 0 and (eightfold[1] - eightfold[2]) % P == 0


BASE = point_decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(public, message, signature):
    if len(signature) != 64:
        return False
    encoded, s = signature[:32], int.from_bytes(signature[32:], "little")
    key, commitment = point_decompress(public), point_decompress(encoded)
    if s >= L or key is None or commitment is None or is_small(key) or is_small(commitment):
        return False
    k = int.from_bytes(hashlib.sha512(encoded + public + message).digest(), "little") % L
    negative = (P - key[0], key[1], key[2], P - key[3])
    expected = point_add(point_multiply(s, BASE), point_multiply(k, negative))
    return point_compress(expected) == encoded


# ---------------------------------------------------------------------------
# Spellings: each value has one.


def decimal(text):
    require(re.fullmatch(r"0|[1-9][0-9]{0,19}", text, re.ASCII) is not None)
    number = int(text)
    require(number < 2**64)
    return number


def unbase64(text):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Refused("not base64") from None
    require(base64.b64encode(data).decode() == text)
    return data


def unhash(text):
    data = unbase64(text)
    require(len(data) == 32)
    return data


def ununicode(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not UTF-8") from None


def unurl(text):
    """32 bytes in the URL alphabet without padding."""
    require(re.fullmatch(r"[A-Za-z0-9_-]{43}", text, re.ASCII) is not None)
    data = base64.urlsafe_b64decode(text + "=")
    require(base64.urlsafe_b64encode(data).decode() == text + "=")
    return data


def entry_id(text):
    pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    require(re.fullmatch(pattern, text, re.ASCII) is not None)
    return text


def part_name(text):
    require(re.fullmatch(r"[a-z][a-z0-9_]{0,31}", text, re.ASCII) is not None)
    return text


EPOCH = datetime.datetime(1970, 1, 1)


def micros(text):
    """RFC 3339 in UTC with six digits, as microseconds since 1970."""
    pattern = r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{6})Z"
    match = re.fullmatch(pattern, text, re.ASCII)
    require(match is not None)
    try:
        moment = datetime.datetime(*(int(group) for group in match.groups()))
    except ValueError:
        raise Refused("no time") from None
    require(moment >= EPOCH)
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def instant(text):
    """RFC 3339, as people write times; digits past microseconds are dropped."""
    pattern = r"([0-9T:-]{19})(?:\.([0-9]+))?(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
    match = re.fullmatch(pattern, text, re.ASCII)
    require(match is not None, "no time: write it as 2026-11-21T09:15:02Z")
    moment, fraction, sign, hours, minutes = match.groups()
    offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == "+" else 1) if sign else 0
    moment = micros(f"{moment}.{(fraction or '')[:6]:0<6}Z") + offset * 60_000_000
    require(0 <= moment < 253_402_300_800_000_000, "no time that is counted")
    return moment


def show_time(moment):
    moment = EPOCH + datetime.timedelta(microseconds=moment)
    return f"{moment.year:04}{moment:-%m-%dT%H:%M:%S.%fZ}"


def shown(text):
    """A text as a terminal may see it: without control and bidirectional characters."""
    hidden = r"[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
    return re.sub(hidden, "\ufffd", text)


def lines_of(text):
    """Lines that each end in a newline."""
    require(text.endswith("\n"))
    return text[:-1].split("\n")


# ---------------------------------------------------------------------------
# Canonical JSON (RFC 8785) of objects, arrays, strings, booleans and integers with ASCII keys.


def canonical(data):
    try:
        value = json.loads(
            ununicode(data), parse_int=integer, parse_float=integer, parse_constant=integer
        )
    except (ValueError, RecursionError):
        raise Refused("not JSON") from None
    try:
        check_value(value, 0, [0])
        encoded = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        raise Refused("not JSON") from None
    require(encoded == data, "not canonical")
    return value


def integer(text):
    """A number of few digits: to read a million of them takes minutes."""
    require(len(text) <= 17 and re.fullmatch(r"-?[0-9]+", text, re.ASCII) is not None)
    return int(text)


def check_value(value, depth, count):
    count[0] += 1
    require(depth <= DEPTH_MAX and count[0] <= VALUES_MAX)
    if isinstance(value, dict):
        keys = list(value)
        require(all(key.isascii() for key in keys) and keys == sorted(keys))
        for inner in value.values():
            check_value(inner, depth + 1, count)
    elif isinstance(value, list):
        for inner in value:
            check_value(inner, depth + 1, count)
    elif isinstance(value, int) and not isinstance(value, bool):
        require(abs(value) <= INTEGER_MAX)
    else:
        require(isinstance(value, (str, bool)))


def text_of(value, key):
    require(isinstance(value, dict) and isinstance(value.get(key), str))
    return value[key]


def number_of(value, key):
    number = value.get(key) if isinstance(value, dict) else None
    require(isinstance(number, int) and not isinstance(number, bool) and number >= 0)
    return number


def list_of(value, key):
    require(isinstance(value, dict) and isinstance(value.get(key), list))
    return value[key]


def require_keys(value, *keys):
    require(isinstance(value, dict) and sorted(value) == sorted(keys))


# ---------------------------------------------------------------------------
# Merkle trees (RFC 9162, section 2.1).


def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(root, size, index, leaf, proof):
    require(len(proof) <= PROOF_HASHES_MAX and index < size)
    node, last = index, size - 1
    for sibling in proof:
        require(last > 0)
        if node & 1 or node == last:
            while node & 1 == 0 and node > 0:
                node, last = node >> 1, last >> 1
            leaf = node_hash(sibling, leaf)
        else:
            leaf = node_hash(leaf, sibling)
        node, last = node >> 1, last >> 1
    require(last == 0 and leaf == root)


def verify_consistency(old, old_root, new, new_root, proof):
    require(len(proof) <= PROOF_HASHES_MAX and old <= new)
    if old == 0 or old == new:
        same = old_root == hashlib.sha256(b"").digest() if old == 0 else True
        require(same and (old < new or old_root == new_root) and not proof)
        return
    if old & (old - 1) == 0:
        start, path = old_root, proof
    else:
        require(proof)
        start, path = proof[0], proof[1:]
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    one = other = start
    for sibling in path:
        require(last > 0)
        if node & 1 or node == last:
            while node & 1 == 0 and node > 0:
                node, last = node >> 1, last >> 1
            one, other = node_hash(sibling, one), node_hash(sibling, other)
        else:
            other = node_hash(other, sibling)
        node, last = node >> 1, last >> 1
    require(last == 0 and one == old_root and other == new_root)


def verify_range(root, size, start, leaves, proof):
    end = start + len(leaves)
    require(len(proof) <= RANGE_HASHES_MAX and leaves and end <= size)
    inside, outside = iter(leaves), iter(proof)

    def node(low, high):
        if high <= start or end <= low:
            return take(outside)
        if high - low == 1:
            return take(inside)
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        left = node(low, middle)
        return node_hash(left, node(middle, high))

    reached = node(0, size)
    require(next(outside, None) is None and reached == root)


def take(hashes):
    found = next(hashes, None)
    require(found is not None)
    return found


# ---------------------------------------------------------------------------
# Notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

SPACES = re.compile("[\u0009-\u000d \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")


def check_key_name(name):
    require(0 < len(name.encode("utf-8")) <= KEY_NAME_MAX and "+" not in name)
    require(not SPACES.search(name) and all(c >= " " for c in name))


class Note:
    """A text and its signature lines; `raw` is the whole of it as it was written."""

    def __init__(self, data):
        require(len(data) <= NOTE_MAX)
        self.raw = ununicode(data)
        require(all(c >= " " or c == "\n" for c in self.raw))
        head, gap, tail = self.raw.rpartition("\n\n")
        require(gap)
        self.text = head + "\n"
        lines = lines_of(tail)
        require(len(lines) <= SIGNATURES_MAX)
        self.signatures = [self.signature(line) for line in lines]

    @staticmethod
    def signature(line):
        require(line.startswith("\u2014 "))
        name, space, encoded = line[2:].partition(" ")
        check_key_name(name)
        data = unbase64(encoded)
        require(space and len(data) > 4)
        return name, data[:4], data[4:]

    def signers(self, keys):
        """The known keys that signed, each with a time or None; refuses a known key's bad line."""
        signers = []
        for name, number, signature in self.signatures:
            key = next((key for key in keys if (key.name, key.id) == (name, number)), None)
            if key is None:
                continue
            require(all(signer is not key for signer, _ in signers))
            signers.append((key, key.check(self.text, signature)))
        require(signers)
        return signers


class Key:
    """A vkey: Ed25519 as logs (0x01) or witnesses (0x04) sign."""

    def __init__(self, vkey):
        fields = vkey.split("+", 2)
        require(len(fields) == 3)
        self.name, number, encoded = fields
        require(re.fullmatch(r"[0-9a-f]{8}", number, re.ASCII) is not None)
        data = unbase64(encoded)
        require(len(data) == 33 and data[0] in (1, 4))
        check_key_name(self.name)
        self.type, self.public = data[0], data[1:]
        point = point_decompress(self.public)
        require(point is not None and not is_small(point))
        self.id = hashlib.sha256(self.name.encode("utf-8") + b"\n" + data).digest()[:4]
        require(self.id.hex() == number)

    def check(self, text, signature):
        if self.type == 1:
            require(ed25519_verify(self.public, text.encode("utf-8"), signature))
            return None
        require(len(signature) == 72)
        seconds = int.from_bytes(signature[:8], "big")
        message = f"cosignature/v1\ntime {seconds}\n{text}".encode("utf-8")
        require(seconds < 2**63 and ed25519_verify(self.public, message, signature[8:]))
        return seconds

    def covers(self, origin):
        return origin == self.name or origin.startswith(self.name + "/")


class Checkpoint:
    """A note whose text says origin, size and root."""

    def __init__(self, data):
        self.note = Note(data)
        lines = lines_of(self.note.text)
        require(3 <= len(lines) <= 3 + EXTENSIONS_MAX and all(lines))
        self.origin = lines[0]
        require(len(self.origin.encode("utf-8")) <= ORIGIN_MAX)
        self.size, self.root = decimal(lines[1]), unhash(lines[2])


def epoch(origin):
    """The origin without its epoch, and the epoch."""
    base, slash, number = origin.rpartition("/e")
    if slash and re.fullmatch(r"[1-9][0-9]{0,19}", number, re.ASCII) and 1 < int(number) < 2**64:
        return base, int(number)
    return origin, 1


def belongs(log, origin):
    """Of the same tree, and of no later epoch."""
    (base, number), (tree, last) = epoch(log), epoch(origin)
    return base == tree and number <= last


def deployment_origin(origin):
    """Of the log that takes the checkpoints of this one; None where none does."""
    parts = epoch(origin)[0].rsplit("/", 5)
    if len(parts) == 6 and (parts[1], parts[3]) == ("w", "t"):
        return parts[0] + "/deployment"
    return None


# ---------------------------------------------------------------------------
# Trust files (C2SP tlog-policy).


class Policy:
    def __init__(self, data):
        require(len(data) <= POLICY_MAX, "the policy is too long")
        self.logs, self.witnesses, self.bounds = [], [], []
        # The place of each name, and there what it asks for: a witness's key, or of members.
        self.names, self.rules, self.quorum = {}, [], []
        self.members = set()
        for number, line in enumerate(data.split(b"\n"), 1):
            try:
                self.line(line)
            except Refused:
                raise Refused(f"line {number} of the policy is not in order") from None
        require(len(self.quorum) == 1, "a policy has one quorum line")

    def line(self, line):
        require(all((byte >= 0x20 or byte == 9) and byte != 0x7F for byte in line))
        words = [word for word in re.split(b"[ \t]+", line) if word]
        if not words or words[0].startswith(b"#"):
            return
        kind, words = words[0], words[1:]
        if kind == b"log":
            # Bounds come in threes, so that one word before them is a URL whatever it says.
            require(words and len(words) % 3 != 0)
            bounds = words[len(words) % 3 :]
            key = self.add(self.logs, words[0], 1)
            for at in range(0, len(bounds), 3):
                end, size, origin = (ununicode(word) for word in bounds[at : at + 3])
                require(end in ("from", "until") and key.covers(origin))
                self.bound(key, end, origin, decimal(size))
        elif kind == b"witness":
            require(len(words) in (2, 3))
            key = self.add(self.witnesses, words[1], 4)
            self.define(words[0], (1, (), key))
        elif kind == b"group":
            require(len(words) >= 3)
            self.group(*words)
        else:
            require(kind == b"quorum" and len(words) == 1 and not self.quorum)
            name = words[0]
            self.quorum.append(None if name == b"none" else self.look_up(name))

    def add(self, keys, word, type_):
        key = Key(ununicode(word))
        require(key.type == type_ and all(key.public != other.public for other in keys))
        require(len(keys) < POLICY_NAMES_MAX)
        keys.append(key)
        return key

    def bound(self, key, end, origin, size):
        require(len(self.bounds) < POLICY_NAMES_MAX)
        log, number = epoch(origin)
        self.bounds.append((key, end, log, (number, size)))

    def counts(self, key, checkpoint):
        """Whether a log's key is bounded to other checkpoints; a later epoch is behind all sizes."""
        log, number = epoch(checkpoint.origin)
        here = number, checkpoint.size
        bounds = [(end, at) for of, end, name, at in self.bounds if of is key and name == log]
        within = all(here >= at if end == "from" else here <= at for end, at in bounds)
        return within and key.covers(checkpoint.origin)

    def define(self, name, rule):
        require(name != b"none" and name not in self.names)
        require(len(self.names) < 2 * POLICY_NAMES_MAX)
        self.names[name] = len(self.rules)
        self.rules.append(rule)

    def look_up(self, name):
        require(name in self.names)
        return self.names[name]

    def group(self, name, needed, *members):
        inner = [self.look_up(member) for member in members]
        for member in members:
            require(member not in self.members)
            self.members.add(member)
        if needed in (b"any", b"all"):
            count = 1 if needed == b"any" else len(inner)
        else:
            count = decimal(ununicode(needed))
        require(1 <= count <= len(inner))
        self.define(name, (count, inner, None))

    def suffices(self, signed):
        """Whether the quorum holds, members first, as their lines come."""
        holds = []
        for count, members, key in self.rules:
            given = [key in signed] if key else [holds[member] for member in members]
            holds.append(sum(given) >= count)
        return self.quorum[0] is None or holds[self.quorum[0]]

    def endorsement(self, checkpoint):
        """The names of the log's keys, the witnesses with their times, and whether they suffice."""
        keys = [key for key in self.logs if self.counts(key, checkpoint)] + self.witnesses
        signers = checkpoint.note.signers(keys)
        logs = [key.name for key, seconds in signers if seconds is None]
        require(logs)
        seen = [(key.name, seconds) for key, seconds in signers if seconds is not None]
        return logs, seen, self.suffices({key for key, _ in signers})


# ---------------------------------------------------------------------------
# The container: a stored ZIP of which every byte is determined by its files.


def unzip(data):
    files, directory, at = {}, [], 0
    last = None
    fixed = struct.pack("<HHHHH", 10, 0, 0, 0, 0x21)
    while data[at : at + 4] == b"PK\x03\x04":
        require(len(data) >= at + 30)
        size, length = struct.unpack_from("<I4xH", data, at + 18)
        name, start = data[at + 30 : at + 30 + length], at + 30 + length
        content = data[start : start + size]
        require(0 < length <= FILE_NAME_MAX and len(name) == length and len(content) == size)
        check = struct.pack("<IIIHH", zlib.crc32(content), size, size, length, 0)
        require(data[at:start] == b"PK\x03\x04" + fixed + check + name)
        require((last is None or last < name) and len(files) < FILES_MAX)
        last = name
        files[ununicode(name)] = content
        central = b"PK\x01\x02" + struct.pack("<H", 10) + fixed + check + bytes(10)
        directory.append(central + struct.pack("<I", at) + name)
        at = start + size
    whole = b"".join(directory)
    count = len(directory)
    require(count > 0)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(whole), at, 0)
    require(data[at:] == whole + end)
    return files


FIXED_NAMES = {
    "manifest.json",
    "README.txt",
    "oku-readme.html",
    "keys/history.txt",
    "openings.json",
    "anchor/proof.tlog-proof",
}


def file_kind(name):
    """The kind of a file and what its name says; refuses a name that no bundle has."""
    if name in FIXED_NAMES:
        return name, ()
    room, slash, rest = name.partition("/")
    stem, dot, ending = rest.rpartition(".")
    require(slash and dot)
    kind = (room, ending)
    if kind in (("entries", "json"), ("proofs", "tlog-proof")):
        return room, (entry_id(stem),)
    if kind in (("range", "range"), ("log", "consistency")):
        one, dash, other = stem.partition("-")
        require(dash)
        return ending, (decimal(one), decimal(other))
    if kind in (("log", "checkpoint"), ("anchor", "tsr")):
        return ending, (decimal(stem),)
    require(kind == ("parts", "bin"))
    entry, slash, part = stem.partition("/")
    require(slash)
    return "parts", (entry_id(entry), part_name(part))


class Manifest:
    def __init__(self, data):
        require(len(data) <= MANIFEST_MAX)
        value = canonical(data)
        require_keys(
            value, "claims", "created", "entries", "erased", "files", "format", "origin", "size"
        )
        require(text_of(value, "format") == "hosproof/1")
        self.created = micros(text_of(value, "created"))
        self.origin, self.size = text_of(value, "origin"), number_of(value, "size")
        require(0 < len(self.origin.encode("utf-8")) <= ORIGIN_MAX)
        self.claims = [self.claim(claim) for claim in list_of(value, "claims")]
        self.entries = [self.entry(entry) for entry in list_of(value, "entries")]
        self.erased = [self.erasure(erased) for erased in list_of(value, "erased")]
        self.files = [self.file(file) for file in list_of(value, "files")]
        indexes = [index for _, index in self.entries]
        require(1 <= len(self.entries) <= ENTRIES_MAX and 1 <= len(self.claims) <= CLAIMS_MAX)
        require(all(one < other for one, other in zip(indexes, indexes[1:])))
        require(len({entry for entry, _ in self.entries}) == len(self.entries))

    @staticmethod
    def claim(value):
        kind = text_of(value, "kind")
        if kind == "entries":
            require_keys(value, "kind")
            return (kind,)
        if kind == "range":
            require_keys(value, "from", "kind", "to")
            return kind, number_of(value, "from"), number_of(value, "to")
        require_keys(value, "kind", "revisions", "subject")
        require(kind == "subject")
        return kind, text_of(value, "subject"), number_of(value, "revisions")

    @staticmethod
    def entry(value):
        require_keys(value, "id", "index")
        return entry_id(text_of(value, "id")), number_of(value, "index")

    @staticmethod
    def erasure(value):
        require_keys(value, "by", "id", "n")
        entry, part = entry_id(text_of(value, "id")), part_name(text_of(value, "n"))
        return entry, part, entry_id(text_of(value, "by"))

    @staticmethod
    def file(value):
        require_keys(value, "name", "sha256", "size")
        digest = text_of(value, "sha256")
        require(re.fullmatch(r"[0-9a-f]{64}", digest, re.ASCII) is not None)
        return text_of(value, "name"), digest, number_of(value, "size")


# ---------------------------------------------------------------------------
# What the files hold.


class Leaf:
    def __init__(self, data):
        require(len(data) <= LEAF_MAX)
        value = canonical(data)
        require(isinstance(value, dict) and type(value.get("v")) is int and value["v"] == 1)
        self.hash, self.value = leaf_hash(data), value
        self.id, self.at = entry_id(text_of(value, "id")), micros(text_of(value, "at"))
        self.log, self.type = text_of(value, "log"), text_of(value, "typ")
        self.subject = text_of(value, "subject") if "subject" in value else None
        self.revision = number_of(value, "revision") if "revision" in value else None
        self.target = text_of(value, "target") if "target" in value else None
        self.parts = {}
        for part in self.items("prt"):
            name = part_name(text_of(part, "n"))
            require(name not in self.parts)
            self.parts[name] = unurl(text_of(part, "c"))
        self.erased = [
            (entry_id(text_of(part, "id")), part_name(text_of(part, "n")))
            for part in self.items("erased")
        ]

    def items(self, key):
        items = list_of(self.value, key) if key in self.value else []
        require(len(items) <= PARTS_MAX)
        return items


class Opening:
    """What the leaf of an epoch/1 says."""

    def __init__(self, leaf):
        require(leaf.type == "epoch/1")
        value = leaf.value.get("epoch")
        self.number, self.size = number_of(value, "n"), number_of(value, "size")
        self.note = text_of(value, "note").encode("utf-8")
        self.known = Checkpoint(self.note)
        self.log, self.known_epoch = epoch(self.known.origin)
        require(self.number > self.known_epoch and self.size <= self.known.size)


class Proof:
    """C2SP tlog-proof."""

    def __init__(self, data):
        require(len(data) <= NOTE_MAX + 2 * EXTRA_MAX + 64 * PROOF_HASHES_MAX)
        head, gap, self.checkpoint = ununicode(data).partition("\n\n")
        lines = head.split("\n")
        require(gap and lines[0] == "c2sp.org/tlog-proof@v1")
        if len(lines) > 1 and lines[1].startswith("extra "):
            require(len(unbase64(lines[1][6:])) <= EXTRA_MAX)
            del lines[1]
        require(2 <= len(lines) <= 2 + PROOF_HASHES_MAX and lines[1].startswith("index "))
        self.index = decimal(lines[1][6:])
        self.hashes = [unhash(line) for line in lines[2:]]


class Range:
    def __init__(self, data):
        head, newline, rest = ununicode(data).partition("\n")
        require(newline and head.startswith("hosproof-range/1 "))
        start, space, count = head[17:].partition(" ")
        require(space)
        self.start, count = decimal(start), decimal(count)
        leaves, gap, rest = rest.partition("\n\n")
        require(gap)
        around = ""
        if rest.startswith("\n"):
            self.checkpoint = rest[1:]
        else:
            around, gap, self.checkpoint = rest.partition("\n\n")
            require(gap)
        self.leaves = unhashes(leaves, ENTRIES_MAX)
        self.around = unhashes(around, RANGE_HASHES_MAX)
        require(len(self.leaves) == count and self.start + count < 2**64)


class Consistency:
    def __init__(self, data):
        head, newline, rest = ununicode(data).partition("\n")
        require(newline and head.startswith("hosproof-consistency/1 "))
        old, space, new = head[23:].partition(" ")
        require(space)
        self.sizes = decimal(old), decimal(new)
        self.hashes = unhashes("\n".join(lines_of(rest)) if rest else "", PROOF_HASHES_MAX)


def unhashes(text, most):
    # One more line than may be is enough to see that there are too many.
    lines = text.split("\n", most) if text else []
    require(len(lines) <= most)
    return [unhash(line) for line in lines]


def commitment(salt, entry, name, body):
    name = name.encode("ascii")
    message = b"hos/part/v1\x00" + bytes.fromhex(entry.replace("-", ""))
    message += len(name).to_bytes(8, "big") + name + len(body).to_bytes(8, "big") + body
    return hmac.new(salt, message, hashlib.sha256).digest()


def unopenings(data):
    require(len(data) <= MANIFEST_MAX)
    value = canonical(data)
    require(isinstance(value, list))
    openings = {}
    last = None
    for opening in value:
        require_keys(opening, "id", "n", "salt")
        place = entry_id(text_of(opening, "id")), part_name(text_of(opening, "n"))
        require(last is None or last < place)
        last = place
        openings[place] = unurl(text_of(opening, "salt"))
    return openings


def parsed(kind, data):
    """What `kind` reads from the bytes of a file; None for a file that is missing or not one."""
    if data is None:
        return None
    try:
        return kind(data)
    except Refused:
        return None


def holds(check, *arguments):
    try:
        check(*arguments)
        return True
    except Refused:
        return False


# ---------------------------------------------------------------------------
# Verification.

RANKS = [
    "unchecked",
    "ok",
    "stated",
    "incomplete",
    "unproven",
    "contradicted",
    "invalid",
    "unreadable",
]
EXITS = {"unreadable": 50, "invalid": 40, "contradicted": 30, "unproven": 10, "incomplete": 20}
NAMES = ["INTEGRITY", "AUTHENTICITY", "TIME", "COMPLETENESS", "DISCLOSURE"]


class Line:
    def __init__(self):
        self.status, self.words = "unchecked", []

    def add(self, status, words):
        self.status = max(self.status, status, key=RANKS.index)
        self.words.append(words)


class Integrity:
    """Holds everything in a bundle to everything else in it."""

    def __init__(self, manifest, files):
        self.manifest, self.files, self.faults = manifest, files, []
        self.kinds = {name: file_kind(name) for name in files}
        self.check_files()
        self.head = self.check_head()
        if self.faults:
            return
        self.others = self.check_others()
        self.ranges = self.check_ranges()
        self.entries = self.check_entries()
        self.places = {entry: (index, leaf) for entry, index, leaf in self.entries}
        self.openings = []
        self.check_epochs()
        self.anchor = self.check_anchor()
        self.opened = self.check_openings()
        self.check_erased()
        self.check_strays()

    def fault(self, name, why):
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(f"{name}: {why}")

    def of_kind(self, kind):
        """The files of a kind in order of name, with what their names say."""
        return [(name, said) for name, (found, said) in self.kinds.items() if found == kind]

    def check_files(self):
        listed = iter(self.manifest.files)
        for name, data in self.files.items():
            if name == "manifest.json":
                continue
            file = next(listed, None)
            if file is None or file[0] != name:
                return self.fault("manifest.json", "lists other files than are here")
            if file[1:] != (hashlib.sha256(data).hexdigest(), len(data)):
                self.fault(name, "not the file that the manifest lists")
        if next(listed, None) is not None:
            self.fault("manifest.json", "lists other files than are here")

    def check_head(self):
        name = f"log/{self.manifest.size}.checkpoint"
        head = parsed(Checkpoint, self.files.get(name))
        expected = (self.manifest.origin, self.manifest.size)
        if head is None or (head.origin, head.size) != expected:
            self.fault(name, "not the checkpoint that the manifest speaks of")
        return head

    def check_others(self):
        others = []
        for name, (size,) in self.of_kind("checkpoint"):
            if size == self.head.size:
                continue
            other = parsed(Checkpoint, self.files[name])
            is_ours = other is not None and other.size == size
            if is_ours and self.is_same_log(other.origin, self.head.origin):
                if self.is_consistent(other):
                    others.append(other)
                else:
                    self.fault(name, "not proved consistent with the other checkpoint")
            else:
                self.fault(name, "not a checkpoint of this log and size")
        if len(others) > EARLIER_MAX:
            self.fault("manifest.json", "more checkpoints than a bundle may hold")
        return others

    @staticmethod
    def is_same_log(one, other):
        return belongs(one, other) or belongs(other, one)

    def is_consistent(self, other):
        old, new = sorted((self.head, other), key=lambda checkpoint: checkpoint.size)
        file = self.files.get(f"log/{old.size}-{new.size}.consistency")
        file = parsed(Consistency, file)
        if file is None or file.sizes != (old.size, new.size):
            return False
        return holds(verify_consistency, old.size, old.root, new.size, new.root, file.hashes)

    def check_ranges(self):
        ranges = []
        for claim in self.manifest.claims:
            if claim[0] != "range":
                continue
            _, start, end = claim
            name = f"range/{start}-{end}.range"
            proof = parsed(Range, self.files.get(name))
            if proof is None:
                self.fault(name, "not a range proof")
            elif (proof.start, proof.start + len(proof.leaves)) != (start, end):
                self.fault(name, "a proof of another range")
            elif proof.checkpoint != self.head.note.raw:
                self.fault(name, "against another checkpoint")
            elif not holds(
                verify_range, self.head.root, self.head.size, start, proof.leaves, proof.around
            ):
                self.fault(name, "does not lead to the checkpoint")
            else:
                ranges.append(proof)
        return ranges

    def check_entries(self):
        entries = []
        for entry, index in self.manifest.entries:
            name = f"entries/{entry}.json"
            if name not in self.files:
                self.fault(name, "missing")
                continue
            leaf = parsed(Leaf, self.files[name])
            if leaf is None:
                self.fault(name, "not a leaf")
            elif leaf.id != entry:
                self.fault(name, "another entry's leaf")
            elif not belongs(leaf.log, self.head.origin):
                self.fault(name, "a leaf of another log")
            elif self.is_proved(entry, index, leaf):
                entries.append((entry, index, leaf))
        return entries

    def is_proved(self, entry, index, leaf):
        is_covered = False
        for proof in self.ranges:
            if proof.start <= index < proof.start + len(proof.leaves):
                if proof.leaves[index - proof.start] != leaf.hash:
                    self.fault(f"entries/{entry}.json", "not the leaf at its index")
                    return False
                is_covered = True
        name = f"proofs/{entry}.tlog-proof"
        if name not in self.files:
            problem = None if is_covered else "missing"
        else:
            problem = self.proof_problem(parsed(Proof, self.files[name]), index, leaf)
        if problem:
            self.fault(name, problem)
        return problem is None

    def proof_problem(self, proof, index, leaf):
        if proof is None:
            return "not a proof"
        if proof.index != index:
            return "a proof of another index"
        if proof.checkpoint != self.head.note.raw:
            return "against another checkpoint"
        head = self.head
        if not holds(verify_inclusion, head.root, head.size, index, leaf.hash, proof.hashes):
            return "does not lead to the checkpoint"
        return None

    def check_epochs(self):
        """Each epoch was opened by an entry; each checkpoint is of the one that the log was in."""
        for entry, index, leaf in self.entries:
            if leaf.type != "epoch/1":
                continue
            opening = parsed(Opening, leaf)
            if opening is not None and opening.log == leaf.log:
                is_sound = opening.size <= index
            else:
                # One of the deployment's log stands in the log of a world.
                is_sound = opening is not None and opening.log.endswith("/deployment")
            if is_sound:
                self.openings.append((index, opening))
            else:
                self.fault(f"entries/{entry}.json", "opens no epoch")
        for size, why in self.epoch_problems():
            self.fault(f"log/{size}.checkpoint", why)

    def own_openings(self):
        log = epoch(self.head.origin)[0]
        return [(index, opening) for index, opening in self.openings if opening.log == log]

    def epoch_problems(self):
        head, own = self.head, self.own_openings()
        last = epoch(head.origin)[1]
        reached = 1
        for _, opening in own:
            # One that was lost with its entry is named by the note, and never given again.
            if opening.number != max(reached, opening.known_epoch) + 1:
                return [(head.size, "its epochs are not opened one after the other")]
            reached = opening.number
        if reached < last:
            return [(head.size, "of an epoch that no entry here opens")]
        if reached > last:
            return [(head.size, "of an earlier epoch than an entry under it opens")]
        problems = []
        for other in self.others:
            number = epoch(other.origin)[1]
            reached = max([1] + [one.number for index, one in own if index < other.size])
            if number != reached and not (other.size > head.size and number >= last):
                problems.append((other.size, "not of the epoch that the log was in"))
        return problems

    def check_anchor(self):
        name = "anchor/proof.tlog-proof"
        if name not in self.files:
            return None
        proof = parsed(Proof, self.files[name])
        anchor = proof and parsed(Checkpoint, proof.checkpoint.encode("utf-8"))
        if not anchor:
            self.fault(name, "not a proof")
            return None
        expected = deployment_origin(self.head.origin)
        if expected is None or not belongs(expected, anchor.origin):
            self.fault(name, "not of the log of this deployment")
            return None
        leaf = leaf_hash(self.head.note.raw.encode("utf-8"))
        if not holds(
            verify_inclusion, anchor.root, anchor.size, proof.index, leaf, proof.hashes
        ):
            self.fault(name, "does not lead to its checkpoint")
            return None
        return anchor

    def check_openings(self):
        if "openings.json" not in self.files:
            return {}
        openings = parsed(unopenings, self.files["openings.json"])
        if openings is None:
            self.fault("openings.json", "not a list of openings")
            return {}
        for (entry, part), salt in openings.items():
            name = f"parts/{entry}/{part}.bin"
            _, leaf = self.places.get(entry, (None, None))
            if leaf is None or part not in leaf.parts:
                self.fault(name, "bound by no leaf here")
            elif name not in self.files:
                self.fault(name, "missing")
            elif commitment(salt, entry, part, self.files[name]) != leaf.parts[part]:
                self.fault(name, "not what the leaf committed to")
        return openings

    def check_erased(self):
        seen = set()
        for entry, part, by in self.manifest.erased:
            name = f"parts/{entry}/{part}.bin"
            index, leaf = self.places.get(entry, (None, None))
            is_new = (entry, part) not in seen
            seen.add((entry, part))
            if leaf is None or part not in leaf.parts or name in self.files or not is_new:
                self.fault(name, "not a part that can have been erased")
                continue
            later, erasure = self.places.get(by, (None, None))
            is_lawful = (
                erasure is not None
                and later != index
                and erasure.type == "erasure/1"
                and (
                    (entry, part) in erasure.erased  # whoever names an entry has seen it
                    or (
                        not erasure.erased
                        and erasure.target is not None
                        and (later > index or erasure.at > leaf.at)
                    )
                )
            )
            if not is_lawful:
                self.fault(name, "no entry here records that it was erased")

    def check_strays(self):
        entries = {entry for entry, _ in self.manifest.entries}
        for name, (kind, said) in self.kinds.items():
            is_asked_for = True
            if kind in ("entries", "proofs"):
                is_asked_for = said[0] in entries
            elif kind == "parts":
                is_asked_for = said in self.opened
            elif kind == "range":
                is_asked_for = ("range", *said) in self.manifest.claims
            elif kind == "consistency":
                ends = all(f"log/{size}.checkpoint" in self.files for size in said)
                is_asked_for = said[0] < said[1] and self.manifest.size in said and ends
            if not is_asked_for:
                self.fault(name, "belongs to nothing here")


def integrity_line(found):
    line = Line()
    head = found.head
    words = f"entries proved: {len(found.entries)}, in the log {shown(head.origin)}"
    line.add("ok", f"{words} of size {head.size}")
    for other in found.others:
        line.add("ok", f"at size {other.size} it was the same log")
    if found.anchor:
        line.add("ok", "the checkpoint is in the log of the deployment")
    return line


def authenticity_line(found, policy, known, log):
    line, seen = Line(), []
    origin = found.head.origin
    if log is not None and log not in (origin, epoch(origin)[0]):
        line.add("invalid", f"of the log {shown(origin)}, not of {shown(log)}")
    if known is not None:
        compare(line, found, known)
    if policy is None:
        words = "no policy was given: who made this is not known, and anybody could have"
        line.add("unproven", words)
        return line, seen
    is_witnessed = False
    covering = [found.head] + ([found.anchor] if found.anchor else [])
    signed = [found.head] + found.others + ([found.anchor] if found.anchor else [])
    for checkpoint in signed:
        named = f"the checkpoint of {shown(checkpoint.origin)} at size {checkpoint.size}"
        try:
            logs, witnesses, suffice = policy.endorsement(checkpoint)
        except Refused:
            line.add("invalid", f"{named} is not signed as the policy asks")
            continue
        for log in logs:
            line.add("ok", f"{named} is signed by {shown(log)}")
        # Only what covers every entry says when they were there.
        if checkpoint in covering:
            is_witnessed = is_witnessed or suffice
            seen.extend(witnesses)
    for _, opening in found.own_openings():
        try:
            policy.endorsement(opening.known)
        except Refused:
            words = f"the note that epoch {opening.number} names is not signed as the policy asks"
            line.add("invalid", words)
    if not is_witnessed and line.status != "invalid":
        line.add("unproven", "fewer witnesses have seen it than the policy asks for")
    return line, seen


def compare(line, found, known):
    (log, number), size = epoch(known.origin), known.size
    here = [found.head] + ([found.anchor] if found.anchor else []) + found.others
    of_log = [checkpoint for checkpoint in here if epoch(checkpoint.origin)[0] == log]
    compared = [checkpoint for checkpoint in of_log if checkpoint.size == size]
    same = [checkpoint.root == known.root for checkpoint in compared]
    in_epoch = [epoch(checkpoint.origin)[1] == number for checkpoint in compared]
    contradicts = f"contradicts the known checkpoint of size {size}"
    if compared and all(same) and all(in_epoch):
        return line.add("ok", f"agrees with the known checkpoint of size {size}")
    if any(same) or any(in_epoch):
        return line.add("contradicted", contradicts)
    if any(epoch(one.origin)[1] < number and one.size >= size for one in of_log):
        return line.add("contradicted", f"{contradicts}, which is of the later epoch {number}")
    later = [
        (index, opening)
        for index, opening in found.openings
        if opening.log == log and opening.number > number
    ]
    if later and size > later[0][1].size:
        return compare_lost(line, later, known)
    if later and compared:
        return line.add("contradicted", contradicts)
    words = f"the known checkpoint of size {size} cannot be compared with this"
    return line.add("unproven", words)


def compare_lost(line, later, known):
    """A known checkpoint of an epoch before one that began with fewer entries."""
    number, size = epoch(known.origin)[1], known.size
    for index, opening in later:
        same = size == opening.known.size and known.root == opening.known.root
        is_it = size < opening.known.size or same
        # Where epochs were lost, the last note is of a later one.
        is_named = opening.known_epoch > number or (opening.known_epoch == number and is_it)
        if opening.size < size and is_named:
            words = f"the known checkpoint of size {size} is of epoch {number}: entry {index} says"
            words += f" that epoch {opening.number} began with {opening.size} entries that came"
            words += " back; what was signed beyond them this log need not have"
            return line.add("incomplete", words)
    words = f"contradicts the known checkpoint of size {size}, which the entry that opens epoch"
    return line.add("contradicted", f"{words} {later[0][1].number} hides")


def time_line(found, seen, now):
    line = Line()
    created = found.manifest.created
    latest = max((leaf.at for _, _, leaf in found.entries), default=created)
    if latest > created + AHEAD:
        line.add("invalid", f"an entry of {show_time(latest)} is later than the bundle")
    if now is not None and max(latest, created) > now + AHEAD:
        line.add("invalid", f"{show_time(max(latest, created))} is in the future")
    for name, seconds in seen:
        moment = seconds * 1_000_000
        if moment >= 253_402_300_800_000_000 or (now is not None and moment > now + AHEAD):
            line.add("invalid", f"{shown(name)} signed in the future")
        elif latest > moment + AHEAD:
            words = f"is later than {shown(name)} saw it at {show_time(moment)}"
            line.add("invalid", f"an entry of {show_time(latest)} {words}")
        else:
            line.add("ok", f"{shown(name)} saw it at {show_time(moment)}")
    if not seen:
        words = "the times are those that the law wrote: no trusted witness confirms them"
        line.add("stated", words)
    tokens = len(found.of_kind("tsr"))
    if tokens:
        words = "not judged here: ask openssl ts -verify"
        line.add("stated", f"time-stamp tokens enclosed: {tokens}, {words}")
    return line


def completeness_line(found):
    line = Line()
    for index, opening in found.own_openings():
        words = f"epoch {opening.number} began at entry {index}: the log was restored from a backup,"
        came_back = f"{opening.size} entries of {opening.known.size} that were signed came back"
        line.add("stated", f"{words} {came_back}")
    for claim in found.manifest.claims:
        if claim[0] == "entries":
            words = "nothing is said of those left out"
            line.add("stated", f"entries selected: {len(found.entries)}; {words}")
        elif claim[0] == "range":
            _, start, end = claim
            given = sum(1 for _, index, _ in found.entries if start <= index < end)
            place, withheld = f"from index {start} to {end - 1}", end - start - given
            if withheld:
                line.add("incomplete", f"withheld {place}: {withheld}")
            else:
                line.add("ok", f"nothing is left out {place}")
        else:
            subject_line(line, found, claim[1], claim[2])
    return line


MOVES = ("opened/1", "adopted/1", "transition/1", "timer/1")


def subject_line(line, found, subject, revisions):
    leaves = [leaf for _, _, leaf in found.entries]
    moves = [leaf.revision for leaf in leaves if leaf.type in MOVES and leaf.subject == subject]
    words = f"revisions 1 to {revisions} of {shown(subject)} are"
    # What was set aside has its place later: the order of the log is not that of the revisions.
    is_whole = bool(moves) and None not in moves and len(moves) == revisions
    if is_whole and sorted(moves) == list(range(1, revisions + 1)):
        doubt = f"whether a later one is among the log's {found.head.size} entries"
        line.add("ok", f"{words} here without a gap; {doubt}, this does not show")
        late = [one for one, top in zip(moves, itertools.accumulate(moves, max)) if one < top]
        if late:
            words = f"revisions of {shown(subject)} that stand behind a later one in the log"
            line.add("ok", f"{words}: {len(late)}, the first is {late[0]}")
    else:
        line.add("invalid", f"{words} not here without a gap")


def disclosure_line(found):
    line = Line()
    bound = sum(len(leaf.parts) for _, _, leaf in found.entries)
    withheld = bound - len(found.opened) - len(found.manifest.erased)
    line.add("ok", f"parts opened: {len(found.opened)}, withheld: {withheld}")
    for entry, part, by in found.manifest.erased:
        index, erasure = found.places[by]
        words = f"part {part} of {entry} was erased lawfully by entry {index}"
        if not erasure.erased:
            # Whose a part was, no leaf says: not even whoever acted need have owned it.
            words += ", which names a person; that the part was theirs is the maker's word"
        if index < found.places[entry][0]:
            words += "; that entry stands before it in the log"
        line.add("incomplete", words)
    return line


def verify(data, policy=None, known=None, now=None, log=None):
    """The five lines of the verdict; `now` is in microseconds since 1970, `log` an origin."""
    lines = [Line() for _ in NAMES]
    try:
        require(len(data) <= BUNDLE_MAX, "larger than a bundle may be")
        try:
            files = unzip(data)
        except Refused:
            raise Refused("not a plain stored ZIP, or damaged") from None
        try:
            for name in files:
                file_kind(name)
        except Refused:
            raise Refused("a file has a name that no bundle has") from None
        require("manifest.json" in files, "manifest.json is missing")
        manifest = parsed(Manifest, files["manifest.json"])
        require(manifest is not None, "manifest.json is not in order")
    except Refused as refused:
        lines[0].add("unreadable", str(refused))
        return lines
    found = Integrity(manifest, files)
    if found.faults:
        for fault in found.faults:
            lines[0].add("invalid", fault)
        return lines
    authenticity, seen = authenticity_line(found, policy, known, log)
    return [
        integrity_line(found),
        authenticity,
        time_line(found, seen, now),
        completeness_line(found),
        disclosure_line(found),
    ]


def follow(policy, data, now=None):
    """Adds the keys that entries key/1 of a bundle announce, if it verifies under the policy."""
    require(exit_code(verify(data, policy, None, now)) == 0, "not verified under the policy")
    files = unzip(data)
    found = Integrity(parsed(Manifest, files["manifest.json"]), files)
    signers = policy.endorsement(found.head)[0]
    keys = []
    for _, index, leaf in found.entries:
        key = leaf.value.get("key") if leaf.type == "key/1" else None
        key = parsed(Key, key) if isinstance(key, str) else None
        if key is not None and key.type == 1 and key.name in signers:
            keys.append((key, index + 1))
    require(keys, "announces no key")
    log, own = epoch(found.head.origin)[0], found.own_openings()
    for key, size in keys:
        is_new = all(key.public != known.public for known in policy.logs)
        if is_new and max(len(policy.logs), len(policy.bounds)) < POLICY_NAMES_MAX:
            number = max([1] + [opening.number for index, opening in own if index < size])
            # From the first checkpoint on that can be over the announcement.
            policy.bound(key, "from", log if number == 1 else f"{log}/e{number}", size)
            policy.logs.append(key)


def exit_code(lines):
    worst = max((line.status for line in lines), key=RANKS.index)
    return EXITS.get(worst, 0)


def verdict_json(lines):
    told = [
        {"line": name, "status": line.status, "words": line.words}
        for name, line in zip(NAMES, lines)
    ]
    verdict = {"exit": exit_code(lines), "lines": told}
    return json.dumps(verdict, ensure_ascii=False, separators=(",", ":"))


def read_file(path, most):
    with sys.stdin.buffer if path == "-" else open(path, "rb") as file:
        return file.read(most + 1)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Verify a hosproof/1 bundle offline.",
        epilog="exit code: 0 verified, 10 nothing vouches for it, 20 parts erased or withheld, "
        "30 contradicts the known checkpoint, 40 invalid, 50 unreadable, 2 wrong call",
    )
    parser.add_argument("bundle", help="the bundle, or - for the standard input")
    parser.add_argument("--policy", help="whose signatures count (C2SP tlog-policy)")
    parser.add_argument("--known", help="a checkpoint that was received another way")
    parser.add_argument(
        "--follow",
        action="append",
        default=[],
        metavar="BUNDLE",
        help="a bundle of an entry that announces a key, signed under a key that counts so far",
    )
    parser.add_argument("--log", metavar="ORIGIN", help="the log that it has to be of")
    parser.add_argument("--now", help="the time to judge at, as 2026-11-21T09:15:02Z")
    parser.add_argument("--json", action="store_true", help="the verdict as one line of JSON")
    options = parser.parse_args(arguments)
    try:
        policy = known = None
        if options.policy is not None:
            policy = Policy(read_file(options.policy, POLICY_MAX))
        if options.known is not None:
            known = Checkpoint(read_file(options.known, NOTE_MAX))
        now = clock.time_ns() // 1_000 if options.now is None else instant(options.now)
        require(policy is not None or not options.follow, "nothing is followed without a policy")
        for path in options.follow:
            follow(policy, read_file(path, BUNDLE_MAX), now)
    except (OSError, Refused) as error:
        print(f"hos_verify: {error}", file=sys.stderr)
        return 2
    try:
        data = read_file(options.bundle, BUNDLE_MAX)
    except OSError as error:
        print(f"hos_verify: {error}", file=sys.stderr)
        return 50
    lines = verify(data, policy, known, now, options.log)
    sys.stdout.reconfigure(encoding="utf-8")
    if options.json:
        print(verdict_json(lines))
    else:
        for name, line in zip(NAMES, lines):
            print(f"{name:<13} {line.status}")
            for words in line.words:
                print(f"              {words}")
    return exit_code(lines)


if __name__ == "__main__":
    sys.exit(main())
