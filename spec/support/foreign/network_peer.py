"""A peer of udpipe/network in Python, written from lib/network/README.md alone.

    network_peer.py vectors FILE            reads and writes the golden sessions; prints "ok N"
    network_peer.py client HOST PORT [KEY]  sends what comes as JSON lines, prints what arrives; CLOSE when its input ends
    network_peer.py server [KEY]            prints its port, echoes every table, and ends with its only client

Debian: python3-msgpack, python3-cryptography.
"""
import json
import os
import select
import socket
import struct
import sys

import msgpack
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TYPES = ['READY', 'TABLE', 'PING', 'PONG', 'CLOSE']
LIMIT = 1024 * 1024 + 1


def encode_frame(name, payload=b''):
    return struct.pack('>IB', 1 + len(payload), TYPES.index(name)) + payload


class Direction:
    def __init__(self, key):
        self.aead, self.counter = AESGCM(key), 0

    def nonce(self):
        self.counter += 1
        return struct.pack('>IQ', 0, self.counter - 1)


class Side:
    """One side of a connection."""

    def __init__(self, role, key_hex='', limit=LIMIT, secret=None):
        self.role, self.key, self.limit = role, bytes.fromhex(key_hex), limit
        secret = os.urandom(32) if secret is None else secret
        self.private = X25519PrivateKey.from_private_bytes(secret) if self.key else None
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) if self.key else secret
        self.hello = b'UDPN' + struct.pack('>BBHII', 1, len(self.key) // 16, 0, limit, 0) + public
        self.own = self.theirs = None
        self.rest = b''

    def agree(self, hello):
        magic, version, mode, zero, self.peer_limit, zero2 = struct.unpack('>4sBBHII', hello[:16])
        assert (magic, version, mode, zero, zero2) == (b'UDPN', 1, len(self.key) // 16, 0, 0), 'another Hello'
        assert self.peer_limit >= 1024
        if not self.key:
            return
        shared = self.private.exchange(X25519PublicKey.from_public_bytes(hello[16:]))
        digest = hashes.Hash(hashes.SHA256())
        digest.update(self.hello + hello if self.role == 'client' else hello + self.hello)
        n = len(self.key)
        output = HKDF(hashes.SHA256(), 2 * n, digest.finalize(), b'udpipe/network 1').derive(self.key + shared)
        keys = [Direction(output[:n]), Direction(output[n:])]
        self.own, self.theirs = keys if self.role == 'client' else keys[::-1]

    def encode(self, *frames):
        text = b''.join(encode_frame(*frame) for frame in frames)
        if self.own is None:
            return text
        length = struct.pack('>I', len(text) + 16)
        return length + self.own.aead.encrypt(self.own.nonce(), text, length)

    def decode(self, data):
        """The frames that are complete with these bytes."""
        self.rest += data
        text = b''
        if self.theirs is None:
            return self.cut_frames()
        while len(self.rest) >= 4:
            (length,) = struct.unpack('>I', self.rest[:4])
            if len(self.rest) < 4 + length:
                break
            sealed = self.rest[4:4 + length]
            text += self.theirs.aead.decrypt(self.theirs.nonce(), sealed, self.rest[:4])
            self.rest = self.rest[4 + length:]
        kept, self.rest = self.rest, text
        frames = self.cut_frames()
        assert self.rest == b'', 'a frame over the end of its record'
        self.rest = kept
        return frames

    def cut_frames(self):
        frames = []
        while len(self.rest) >= 4:
            (length,) = struct.unpack('>I', self.rest[:4])
            assert 1 <= length <= self.limit
            if len(self.rest) < 4 + length:
                break
            frames.append((TYPES[self.rest[4]], self.rest[5:4 + length]))
            self.rest = self.rest[4 + length:]
        return frames


def unpack(payload):
    return msgpack.unpackb(payload, strict_map_key=False)


def check_vectors(path):
    sessions = json.load(open(path))
    for session in sessions:
        sides = {}
        for role in ('client', 'server'):
            secret = bytes.fromhex(session[role + 'Secret'])
            sides[role] = Side(role, session['cipherKey'], session['limit'], secret)
        for role, other in (('client', 'server'), ('server', 'client')):
            data = bytes.fromhex(session[role])
            assert data[:48] == sides[role].hello, 'Hello of the ' + role
            sides[other].agree(data[:48])
        for role, other in (('client', 'server'), ('server', 'client')):
            frames = sides[other].decode(bytes.fromhex(session[role])[48:])
            assert [[name, payload.hex()] for name, payload in frames] == session[role + 'Frames'], role
            for name, payload in frames:
                if name == 'TABLE':
                    unpack(payload)
    print('ok', len(sessions))


def receive_exactly(stream, count):
    data = b''
    while len(data) < count:
        chunk = stream.recv(count - len(data))
        if not chunk:
            raise SystemExit('the stream ended')
        data += chunk
    return data


def show(payload):
    print(json.dumps(unpack(payload), ensure_ascii=False), flush=True)


def run_client(host, port, key=''):
    stream = socket.create_connection((host, int(port)))
    side = Side('client', key)
    stream.sendall(side.hello)
    side.agree(receive_exactly(stream, 48))
    stream.sendall(side.encode(('READY',)))
    has_input, is_open = True, True
    while is_open:
        readable, _, _ = select.select([stream] + ([sys.stdin] if has_input else []), [], [])
        if stream in readable:
            data = stream.recv(65536)
            is_open = len(data) > 0
            for name, payload in side.decode(data):
                if name == 'TABLE':
                    show(payload)
                elif name == 'PING':
                    stream.sendall(side.encode(('PONG', payload)))
        if sys.stdin in readable:
            line = sys.stdin.readline()
            if line:
                stream.sendall(side.encode(('TABLE', msgpack.packb(json.loads(line)))))
            else:
                has_input = False
                stream.sendall(side.encode(('CLOSE', struct.pack('>H', 0) + b'done')))
                stream.shutdown(socket.SHUT_WR)


def run_server(key=''):
    listener = socket.create_server(('127.0.0.1', 0))
    print(listener.getsockname()[1], flush=True)
    stream, _ = listener.accept()
    side = Side('server', key)
    hello = receive_exactly(stream, 48)
    stream.sendall(side.hello)
    side.agree(hello)
    stream.sendall(side.encode(('READY',)))
    while True:
        data = stream.recv(65536)
        if not data:
            return
        for name, payload in side.decode(data):
            if name == 'TABLE':
                stream.sendall(side.encode(('TABLE', msgpack.packb(unpack(payload)))))
            elif name == 'CLOSE':
                code, = struct.unpack('>H', payload[:2])
                print('closed', code, payload[2:].decode(), flush=True)
                stream.shutdown(socket.SHUT_WR)


commands = {'vectors': check_vectors, 'client': run_client, 'server': run_server}
commands[sys.argv[1]](*sys.argv[2:])
