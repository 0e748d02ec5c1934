"""Verifies what `madoguchi audit export` wrote, with nothing of Madoguchi: python3 verify_audit_export.py FILE [KEY.jwk]

The chain is computed again from the records, and every checkpoint is compared with it and its ES256 signature verified. KEY is the
public key that `madoguchi audit key` showed and that was kept elsewhere; without it the one in the export is believed.
What begins in the middle of a log, unsigned and with no checkpoint there, is believed in its beginning, and told.
Prints one line; exit code 0: whole, 1: not. docs/audit.md says what is computed.
"""
import base64, hashlib, json, sys

CONTENT = ("at", "kind", "sign_in", "client_id", "code", "evidence", "network", "network_salt", "network_digest")
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


class Damaged(Exception):
    pass


def require(holds, otherwise):
    # An `assert` would be gone under `python3 -O`.
    if not holds:
        raise Damaged(otherwise)


def octets(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def salt(text):
    # Of another length octets could pass from it to the first field.
    require(len(octets(text)) == 32, "a salt of another length")
    return octets(text)


def digest(domain, *parts):
    return hashlib.sha256(domain.encode() + b"\0" + b"".join(parts)).digest()


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0] ** 2 - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(number, point):
    result = None
    while number:
        result, point, number = add(result, point) if number & 1 else result, add(point, point), number >> 1
    return result


def statement(jws, typ, municipality, key):
    """The claims of a signed statement (RFC 7515), verified (FIPS 186-5)."""
    signed, _, signature = jws.rpartition(".")
    header, claims = (json.loads(octets(part)) for part in signed.split("."))
    require(header["alg"] == "ES256" and header["typ"] == typ and claims["municipality"] == municipality, "a foreign statement")
    r, s = (int.from_bytes(part) for part in (octets(signature)[:32], octets(signature)[32:]))
    require(0 < r < N and 0 < s < N, "a signature out of range")
    hashed, inverse = int.from_bytes(hashlib.sha256(signed.encode()).digest()), pow(s, -1, N)
    public = tuple(int.from_bytes(octets(key[name])) for name in "xy")
    point = add(times(hashed * inverse % N, G), times(r * inverse % N, public))
    require(point is not None and point[0] % N == r, f"position {claims['position']}: the statement is not signed by the key")
    return claims


def content_digest(municipality, record):
    def field(name, of):
        return None if record[name] is None else of(record[name])

    texts = [field(name, str.encode) for name in ("client_id", "code", "evidence")]
    sign_in, network = field("sign_in", octets), field("network_digest", octets)
    at = record["at"].to_bytes(8, signed=True)
    parts = [salt(record["salt"])]
    for part in [municipality.encode(), at, record["kind"].encode(), sign_in, *texts, network]:
        parts.append(b"\0" if part is None else b"\1" + len(part).to_bytes(8) + part)
    return digest("madoguchi audit content v1", *parts)


def obey(order, municipality, key, erased):
    """An order to erase counts where the key signed it for that record; who writes to the database writes any record."""
    try:
        said = statement(json.loads(order)["signed"], "madoguchi-audit-erasure+jwt", municipality, key)
    except (Damaged, AttributeError, KeyError, TypeError, ValueError):
        return
    if erased.get(said["position"]) == said["hash"]:
        del erased[said["position"]]


def verify(lines, key):
    head = next(lines)
    require(head["madoguchi_audit_export"] == 1, "another form of export")
    municipality, start, key = head["municipality"], head["start"], key or head["key"]
    position, chain, begun = start["position"], octets(start["hash"]), False
    if start["signed"]:
        said = statement(start["signed"], "madoguchi-audit-start+jwt", municipality, key)
        require((said["position"], said["hash"]) == (position, start["hash"]), "the beginning is not the signed one")
    elif position == 0:
        require(chain == digest("madoguchi audit start v1", municipality.encode()), "the beginning is another one")
    hashes, erased, checkpoints, ended = {position: start["hash"]}, {}, 0, False
    for line in lines:
        if "checkpoint" in line:
            said = statement(line["checkpoint"], "madoguchi-audit-checkpoint+jwt", municipality, key)
            require(hashes.get(said["position"]) == said["hash"], f"position {said['position']}: another chain was signed")
            checkpoints += 1
            begun = begun or said["position"] == start["position"]
        elif "end" in line:
            require(line["end"] == {"position": position, "hash": hashes[position]}, "the export is cut")
            ended = True
        else:
            position += 1
            where = f"position {position}, record number {line['number']}"
            require(line["position"] == position, f"position {position}: the record is missing")
            require(line["format"] == 1, f"{where}: an unknown format")
            if line["salt"] is None:
                require(all(not line[name] for name in CONTENT), f"{where}: an erased record says something")
                erased[position] = line["hash"]
            else:
                require(content_digest(municipality, line) == octets(line["content_digest"]), f"{where}: changed")
                require((line["network"] is None) == (line["network_salt"] is None), f"{where}: the address was changed")
                if line["network"] is not None:
                    told = digest("madoguchi audit network v1", salt(line["network_salt"]), line["network"].encode())
                    require(told == octets(line["network_digest"]), f"{where}: the address was changed")
                if line["kind"] == "audit_erased":
                    obey(line["evidence"], municipality, key, erased)
            parts = chain, position.to_bytes(8), line["number"].to_bytes(8, signed=True), octets(line["content_digest"])
            chain = digest("madoguchi audit link v1", *parts)
            require(chain == octets(line["hash"]), f"{where}: the chain is broken")
            hashes[position] = line["hash"]
    require(ended, "the export is cut")
    require(not erased, f"position {min(erased, default=0)}: erased without an order")
    whole = f"{municipality}: whole, positions {start['position'] + 1} to {position}, {checkpoints} checkpoints"
    return whole if begun or start["signed"] or start["position"] == 0 else f"{whole}; begins unsigned"


if __name__ == "__main__":
    key = json.load(open(sys.argv[2])) if len(sys.argv) > 2 else None
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            print(verify(map(json.loads, file), key))
    except (Damaged, AttributeError, KeyError, TypeError, ValueError, StopIteration) as error:
        sys.exit(f"DAMAGED: {error!r}")
