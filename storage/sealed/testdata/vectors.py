# Computes vectors.txt from the format that doc.go writes down, with pyca/cryptography:
#   python3 vectors.py > vectors.txt
import base64, hashlib, hmac, struct
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY, SESSION, OWNER = bytes([0x11]) * 32, "quiz-1", "amal"


def fields(*texts):
    return b"".join(struct.pack(">I", len(t.encode())) + t.encode() for t in texts)


def derive(purpose, session):
    return hmac.digest(KEY, fields("learnsnap sealed", purpose, session), "sha256")


ID = derive("id", "")[:4]
HEADER = b"\xffLS\x01" + ID
NONCE = bytes(range(12))


def value(plain, field, *place):
    gcm = AESGCM(derive("values", SESSION))
    return HEADER + NONCE + gcm.encrypt(NONCE, plain.encode(), HEADER + fields(field, SESSION, *place))


def blob(size):
    plain = bytes(i % 251 for i in range(size))
    parts = [plain[i:i + 65536] for i in range(0, size, 65536)] or [b""]
    gcm, nonces = AESGCM(derive("blobs", SESSION)), derive("nonces", SESSION)
    out, tag = HEADER, bytes(16)
    for n, part in enumerate(parts):
        about = HEADER + struct.pack(">QB", n, n == len(parts) - 1) + tag
        nonce = hmac.digest(nonces, about + part, "sha256")[:12]
        sealed = gcm.encrypt(nonce, part, about)
        out, tag = out + nonce + sealed, sealed[-16:]
    return hashlib.sha256(out).hexdigest()


print("id: key", ID.hex())
print("request:", value("a request", "request", OWNER).hex())
print("detail:", value("a detail", "detail").hex())
print("result:", value("a result", "result").hex())
print("item:", value("an item", "item", "2", "question").hex())
comment = value("a comment: سؤال", "comment", "q1", OWNER)
print("comment:", (b"\x01LS1:" + base64.b64encode(comment).rstrip(b"=")).hex())
for size in (0, 5, 65536, 65537, 200000):
    print(f"blob {size}:", blob(size))
