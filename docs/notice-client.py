#!/usr/bin/env python3
"""Sends one FLAG notice to a tmr NFS server as one replica (docs/nfs-notice.md).

usage: notice-client.py HOST PORT SECRETFILE SESSION REPLICA ACCUSED
"""
import hashlib, hmac, os, socket, struct, sys

host, port, secret_file, session, replica, accused = sys.argv[1:]
replica, accused = int(replica), int(accused)
PROGRAM, VERSION, HELLO, FLAG = 0x20746D72, 1, 1, 2

def u32(*values): return struct.pack(f">{len(values)}I", *values)
def opaque(data): return u32(len(data)) + data + bytes(-len(data) % 4)
def mac(key, data): return hmac.new(key, data, hashlib.sha256).digest()

def call(xid, procedure, args):
    message = u32(xid, 0, 2, PROGRAM, VERSION, procedure, 0, 0, 0, 0) + args
    link.sendall(u32(0x80000000 | len(message)) + message)
    length = struct.unpack(">I", stream.read(4))[0] & 0x7FFFFFFF
    result = stream.read(length)[24:]  # behind xid, REPLY, accepted, verifier (8 bytes), SUCCESS
    if result[:4] != u32(0):
        size = struct.unpack(">I", result[4:8])[0]
        sys.exit(f"refused: {result[8:8 + size].decode()}")
    return result[4:]

with open(secret_file, "rb") as file:
    secret = file.read().removesuffix(b"\n")
key = mac(secret, b"tmr session " + session.encode())
nonce, role = os.urandom(32), 2  # 2: tracer
link = socket.create_connection((host, int(port)), timeout=10)
stream = link.makefile("rb")

hello = u32(0x746D7231, 1, 0, role) + opaque(session.encode()) + u32(replica) + opaque(b"py") + nonce
welcome = call(1, HELLO, u32(1) + opaque(hello))[4:]  # u32 0, nonce, proof
def proof(direction):
    who = opaque(direction) + u32(role) + opaque(session.encode()) + u32(replica)
    return mac(key, who + nonce + welcome[4:36])
if not hmac.compare_digest(welcome[36:68], proof(b"listener")):
    sys.exit("refused: the server does not know the secret")
call(2, HELLO, u32(2) + opaque(proof(b"dialler")) + opaque(b""))
stream_id, rendezvous, mechanism = 0, 0, b"signature"
counted = call(3, FLAG, u32(accused, stream_id) + struct.pack(">Q", rendezvous) + opaque(mechanism))
print("counted" if counted[:4] == u32(1) else "not counted")
