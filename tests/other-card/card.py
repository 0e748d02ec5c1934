"""A second mock of the My Number card, written from the public facts alone, without sight of crates/mock-card.

It exists to find out whether the agent works with a card or only with our own mock. Wherever the facts leave a choice
open it therefore takes the one that the other mock does not have as its default; each is marked "choice" below.

    card.py --vpcd HOST:PORT --pki DIR --card NAME [--auth-tries N] [--more-data]

Reads one command a line on standard input: `state` answers one JSON line, `insert` and `remove` do that. It ends when
standard input closes. Only Python's standard library is used. The keys are those of madoguchi-test-pki.
"""

import argparse
import json
import os
import pathlib
import selectors
import socket
import sys
import time

# Choice: a contact card's ATR; nobody may tell a card by it.
ATR = bytes.fromhex("3BE000FF8131FE4514")

ISD = bytes.fromhex("A0000001510000")
JPKI = bytes.fromhex("D392F000260100000001")
OTHERS = [bytes.fromhex(aid) for aid in (
    "D3921000310001010408", "D3921000310001010402", "D3921000310001010401", "D3921000310001010100")]

OK = 0x9000
END_OF_FILE = 0x6282
LENGTH = 0x6700
CHANNEL = 0x6881
SECURE_MESSAGING = 0x6882
FILE_STRUCTURE = 0x6981
SECURITY_STATUS = 0x6982
BLOCKED = 0x6984
CONDITIONS = 0x6985
NO_EF = 0x6986
DATA = 0x6A80
NOT_FOUND = 0x6A82
P1P2 = 0x6A86
OFFSET = 0x6B00
INSTRUCTION = 0x6D00
CLASS = 0x6E00
UNSPECIFIED = 0x6F00


class Status(Exception):
    """The card answers this status word and no data."""


def der(octets):
    """The contents of the first TLV, and what follows it."""
    length, start = octets[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(octets[2:start], "big")
    return octets[start:start + length], octets[start + length:]


def elements(octets):
    while octets:
        contents, octets = der(octets)
        yield contents


class PrivateKey:
    """RSA, from PKCS#8."""

    def __init__(self, pkcs8):
        _version, _algorithm, key = list(elements(der(pkcs8)[0]))[:3]
        _version, self.n, _e, self.d = [int.from_bytes(x, "big") for x in list(elements(der(key)[0]))[:4]]
        self.size = (self.n.bit_length() + 7) // 8

    def sign(self, data):
        if not 1 <= len(data) <= self.size - 11:
            raise Status(LENGTH)
        block = b"\x00\x01" + b"\xff" * (self.size - 3 - len(data)) + b"\x00" + data
        return pow(int.from_bytes(block, "big"), self.d, self.n).to_bytes(self.size, "big")


class Secret:
    """A PIN or password with its counter and security status."""

    def __init__(self, value, maximum, lengths, alphabet, tries=None):
        self.value, self.maximum, self.lengths, self.alphabet = value, maximum, lengths, alphabet
        self.tries = maximum if tries is None else tries
        self.verified = False
        self.verifies = 0

    def fits(self, value):
        return len(value) in self.lengths and all(octet in self.alphabet for octet in value)

    def verify(self, value):
        self.verifies += 1
        if self.tries == 0:
            raise Status(BLOCKED)
        # Choice: what no PIN can be is refused by its length, and costs nothing.
        if len(value) not in self.lengths:
            raise Status(LENGTH)
        if value != self.value:
            # Choice: a wrong value leaves an earlier success as it was.
            self.tries -= 1
            raise Status(0x63C0 | self.tries)
        self.tries, self.verified = self.maximum, True

    def count(self):
        # Choice: asked for its counter, a blocked one says 6984 and not 63C0.
        raise Status(0x63C0 | self.tries if self.tries else BLOCKED)

    def change(self, value):
        if not self.verified:
            raise Status(SECURITY_STATUS)
        if not self.fits(value):
            raise Status(DATA)
        self.value = value


def token_info():
    """EF 0006: CK_TOKEN_INFO with big-endian numbers."""
    info = b"JPKIAPICCTOKEN2".ljust(32) + b"SOMEBODY ELSE".ljust(32) + b"OTHER MOCK".ljust(16) + b"0".ljust(16)
    return info.ljust(144, b"\x00") + b" " * 16


class Card:
    """What the interface of the card does with commands."""

    def __init__(self, folder, auth_tries, more_data):
        facts = json.loads((folder / "card.json").read_text())
        certificates = {name: (folder / f"{name}.der").read_bytes() for name in ("auth", "sign")}
        authorities = {name: (folder.parent.parent / f"{name}-ca.der").read_bytes() for name in ("auth", "sign")}
        for certificate in certificates.values():
            if b"TEST" not in certificate:
                sys.exit("card.py: these are not test keys")
        self.more_data = more_data
        self.secrets = {
            0x18: Secret(facts["pin"].encode(), 3, range(4, 5), b"0123456789", auth_tries),
            0x1B: Secret(facts["sign_password"].encode(), 5, range(6, 17), b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        }
        self.keys = {
            0x17: (PrivateKey((folder / "auth.key.der").read_bytes()), self.secrets[0x18]),
            0x1A: (PrivateKey((folder / "sign.key.der").read_bytes()), self.secrets[0x1B]),
        }
        # Choice: allocated to a size that is no round number, and filled with 00.
        self.files = {
            0x01: certificates["sign"].ljust(2500, b"\x00"),
            0x02: authorities["sign"] + bytes(3),
            0x06: token_info(),
            0x08: b"\x8f\x8f\x00",
            0x09: bytes(16),
            0x0A: certificates["auth"].ljust(len(certificates["auth"]) + 7, b"\x00"),
            0x0B: authorities["auth"] + bytes(3),
        }
        self.commands = 0
        self.power(False)

    def power(self, on):
        self.powered, self.waking = on, on
        self.df, self.ef, self.waiting = ISD, None, b""
        for secret in self.secrets.values():
            secret.verified = False

    def reset(self):
        """A warm reset. Choice: application, file and security status all survive it."""

    def state(self):
        auth, sign = self.secrets[0x18], self.secrets[0x1B]
        return {"auth_tries": auth.tries, "sign_tries": sign.tries, "auth_verified": auth.verified,
                "sign_verified": sign.verified, "verifies": auth.verifies + sign.verifies, "commands": self.commands}

    def transmit(self, command):
        self.commands += 1
        try:
            if self.waking:
                # The first command after power comes too early.
                self.waking = False
                raise Status(UNSPECIFIED)
            return self.execute(command) + OK.to_bytes(2, "big")
        except Status as status:
            word, *data = status.args
            return b"".join(data) + word.to_bytes(2, "big")

    def execute(self, command):
        if len(command) < 4:
            raise Status(LENGTH)
        cla, ins, p1, p2 = command[:4]
        data, le = parse(command[4:])
        if cla & 0x43:
            raise Status(CHANNEL)
        if cla & 0x0C:
            raise Status(SECURE_MESSAGING)
        if cla not in (0x00, 0x80):
            raise Status(CLASS)
        waiting, self.waiting = self.waiting, b""
        match cla, ins:
            case 0x00, 0xA4:
                return self.select(p1, p2, data)
            case 0x00, 0xB0:
                return self.read_binary(p1, p2, le)
            case 0x00, 0x20:
                return self.verify(p1, p2, data)
            case 0x00, 0x24:
                return self.change(p1, p2, data)
            case 0x00, 0x84:
                return self.challenge(p1, p2, le)
            case 0x00, 0xC0:
                return self.response(waiting, le)
            case 0x80, 0x2A:
                return self.sign(p1, p2, data)
        raise Status(INSTRUCTION)

    def select(self, p1, p2, data):
        if p1 == 0x04 and p2 in (0x00, 0x0C):
            application = next((aid for aid in (JPKI, ISD, *OTHERS) if data and aid.startswith(data)), None)
            if application is None:
                # Choice: a SELECT that fails loses what was selected.
                self.enter(None)
                raise Status(NOT_FOUND)
            self.enter(application)
            # Asked for by P2=00, file control information is given: 6F { 84 AID }.
            return b"" if p2 == 0x0C else bytes([0x6F, len(application) + 2, 0x84, len(application)]) + application
        if p1 == 0x02 and p2 == 0x0C and len(data) == 2:
            # Choice: outside any application 6986, not 6A82.
            if self.df in (ISD, None):
                raise Status(NO_EF)
            self.ef = self.find(data[1]) if data[0] == 0 else self.find(None)
            return b""
        if p1 == 0x00 and p2 == 0x00:
            if data:
                raise Status(NOT_FOUND)
            if self.df in (ISD, None):
                raise Status(P1P2)
            return b""
        raise Status(P1P2)

    def enter(self, application):
        """Another application ends the logins of the one before; the same one again does not."""
        if application != self.df:
            for secret in self.secrets.values():
                secret.verified = False
        self.df, self.ef = application, None

    def find(self, name):
        if self.df == JPKI and (name in self.files or name in self.secrets or name in self.keys or name == 0x16):
            return name
        raise Status(NOT_FOUND)

    def current(self, p2):
        """The file that P2 means: the one selected, or that of a short name."""
        if not p2 & 0x80 or p2 & 0x60:
            raise Status(P1P2)
        if p2 & 0x1F:
            self.ef = self.find(p2 & 0x1F)
        if self.ef is None:
            raise Status(NO_EF)
        return self.ef

    def read_binary(self, p1, p2, le):
        name, offset = (self.current(p1), p2) if p1 & 0x80 else (self.ef, p1 << 8 | p2)
        if name is None:
            raise Status(NO_EF)
        if name not in self.files:
            raise Status(FILE_STRUCTURE)
        if name == 0x09 or name == 0x01 and not self.secrets[0x1B].verified:
            raise Status(SECURITY_STATUS)
        if le is None:
            raise Status(LENGTH)
        contents = self.files[name]
        if offset >= len(contents):
            raise Status(OFFSET)
        block = contents[offset:offset + le]
        if len(block) < le:
            # Choice: a block that the end of the file cuts short says so.
            raise Status(END_OF_FILE, block)
        return block

    def secret(self, p2):
        name = self.current(p2)
        if name not in self.secrets:
            raise Status(FILE_STRUCTURE)
        return self.secrets[name]

    def verify(self, p1, p2, data):
        if p1:
            raise Status(P1P2)
        secret = self.secret(p2)
        if not data:
            secret.count()
        if len(data) > 16:
            raise Status(LENGTH)
        secret.verify(data)
        return b""

    def change(self, p1, p2, data):
        if p1 != 1:
            raise Status(P1P2)
        self.secret(p2).change(data)
        return b""

    def challenge(self, p1, p2, le):
        if p1 or p2:
            raise Status(P1P2)
        if le is None:
            raise Status(LENGTH)
        return os.urandom(le)

    def sign(self, p1, p2, data):
        # Choice: none of the variants of P1 that only one project has seen.
        if p1:
            raise Status(P1P2)
        name = self.current(p2)
        if name not in self.keys:
            raise Status(CONDITIONS)
        key, secret = self.keys[name]
        if not secret.verified:
            raise Status(SECURITY_STATUS)
        signature = key.sign(data)
        if self.more_data:
            # As over T=0: the answer is fetched in two parts.
            self.waiting = signature
            raise Status(0x6100)
        return signature

    def response(self, waiting, le):
        if not waiting:
            raise Status(CONDITIONS)
        block, self.waiting = waiting[:min(le or 256, 200)], b""
        rest = waiting[len(block):]
        if rest:
            self.waiting = rest
            raise Status(0x6100 | len(rest) & 0xFF, block)
        return block


def parse(body):
    """Data field and Le of a command; Le is None when absent."""
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or 256
    if body[0] == 0 and len(body) >= 3:
        lc = int.from_bytes(body[1:3], "big")
        if len(body) == 3:
            return b"", lc or 65536
        data, le = body[3:3 + lc], body[3 + lc:]
    else:
        lc = body[0]
        data, le = body[1:1 + lc], body[1 + lc:]
    # A data field that ends early or goes on is no command.
    if len(data) != lc or len(le) not in (0, 1, 2):
        raise Status(LENGTH)
    return data, (int.from_bytes(le, "big") or 256 ** len(le)) if le else None


class Slot:
    """vpcd's side: a length of two octets before everything, both ways."""

    def __init__(self, address, card):
        host, port = address.rsplit(":", 1)
        self.address, self.card, self.socket = (host, int(port)), card, None

    def insert(self):
        """Connects, which the driver accepts only once it has looked for its reader, and waits until it asks something."""
        if self.socket is not None:
            return
        for attempt in range(100):
            try:
                self.socket = socket.create_connection(self.address)
                break
            except ConnectionRefusedError:
                if attempt == 99:
                    raise
                time.sleep(0.1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.recv(1, socket.MSG_PEEK)

    def remove(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None
        self.card.power(False)

    def receive(self, count):
        octets = b""
        while len(octets) < count:
            some = self.socket.recv(count - len(octets))
            if not some:
                return None
            octets += some
        return octets

    def serve(self):
        """One message. False when the reader is gone."""
        length = self.receive(2)
        message = length and self.receive(int.from_bytes(length, "big"))
        if not message:
            return False
        answer = None
        if len(message) > 1:
            answer = self.card.transmit(message)
        elif message[0] == 0:
            self.card.power(False)
        elif message[0] == 1:
            # Asked for power while it has power, a card goes on as it is.
            if not self.card.powered:
                self.card.power(True)
        elif message[0] == 2:
            self.card.reset()
        elif message[0] == 4:
            answer = ATR
        # Only an ATR and a command are answered.
        if answer is not None:
            self.socket.sendall(len(answer).to_bytes(2, "big") + answer)
        return True


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--vpcd", required=True)
    arguments.add_argument("--pki", required=True, type=pathlib.Path)
    arguments.add_argument("--card", required=True)
    arguments.add_argument("--auth-tries", type=int, choices=range(4))
    arguments.add_argument("--more-data", action="store_true", help="61xx and GET RESPONSE for a signature")
    options = arguments.parse_args()

    card = Card(options.pki / "cards" / options.card, options.auth_tries, options.more_data)
    slot = Slot(options.vpcd, card)
    slot.insert()
    print("ready", flush=True)
    lines = b""
    while True:
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            if slot.socket is not None:
                selector.register(slot.socket, selectors.EVENT_READ)
            ready = [key.fd for key, _events in selector.select()]
        if slot.socket is not None and slot.socket.fileno() in ready and not slot.serve():
            slot.remove()
        if 0 in ready:
            some = os.read(0, 4096)
            if not some:
                return
            lines += some
        while b"\n" in lines:
            line, lines = lines.split(b"\n", 1)
            match line:
                case b"state":
                    print(json.dumps(card.state()), flush=True)
                case b"insert":
                    slot.insert()
                    print("ok", flush=True)
                case b"remove":
                    slot.remove()
                    print("ok", flush=True)
                case _:
                    print("unknown command", flush=True)


if __name__ == "__main__":
    main()
