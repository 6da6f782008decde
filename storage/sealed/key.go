package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
)

const keySize = 32

// A keyID names a key in what it has sealed. It tells nothing about the key.
type keyID [4]byte

func (id keyID) String() string { return hex.EncodeToString(id[:]) }

// A Key seals and opens. Make it with [ParseKeys]; the zero value is none. It is safe
// for concurrent use, and prints as its id, whatever it is printed with.
//
// What it holds is a keyed HMAC-SHA256, from which every session gets keys of its own:
// so no key is used often enough for random nonces to meet, and what is sealed for one
// session never opens in another.
type Key struct {
	id  keyID
	mac hash.Cloner
}

// Format implements [fmt.Formatter].
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "key %s", k.id) }

// ParseKeys reads keys that are separated by commas, such as the value of
// ENCRYPTION_KEY: each of 32 random bytes, in base64 or hex. The first one seals, all
// of them open. An empty text has none. No part of a key is in an error.
func ParseKeys(s string) ([]Key, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var keys []Key
	for i, text := range strings.Split(s, ",") {
		raw, ok := decodeKey(strings.TrimSpace(text))
		if !ok {
			return nil, fmt.Errorf("encryption key %d is not 32 bytes in base64 or hex: make one with: openssl rand -base64 32", i+1)
		}
		k, err := newKey(raw)
		clear(raw)
		if err != nil {
			return nil, fmt.Errorf("encryption key %d: %w", i+1, err)
		}
		if at := slices.IndexFunc(keys, func(other Key) bool { return other.id == k.id }); at >= 0 {
			return nil, fmt.Errorf("encryption key %d is the same as key %d", i+1, at+1)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// decodeKey reads hex first: 64 of its digits would be 48 bytes of base64.
func decodeKey(text string) ([]byte, bool) {
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == keySize {
		return raw, true
	}
	text = strings.TrimRight(text, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(text); err == nil && len(raw) == keySize {
			return raw, true
		}
	}
	return nil, false
}

func newKey(raw []byte) (Key, error) {
	mac, ok := hmac.New(sha256.New, raw).(hash.Cloner)
	if !ok {
		return Key{}, errors.New("this build's HMAC can't be copied")
	}
	k := Key{mac: mac}
	id, err := k.derive("id", "")
	if err != nil {
		return Key{}, err
	}
	copy(k.id[:], id)
	return k, nil
}

// derive returns 32 bytes for a purpose in a session.
func (k Key) derive(purpose, session string) ([]byte, error) {
	if k.mac == nil {
		return nil, errors.New("it is empty: make keys with ParseKeys")
	}
	mac, err := k.mac.Clone()
	if err != nil {
		return nil, err
	}
	mac.Write(fields(nil, "learnsnap sealed", purpose, session))
	return mac.Sum(nil), nil
}

// aead returns AES-256-GCM for a purpose in a session.
func (k Key) aead(purpose, session string) (cipher.AEAD, error) {
	raw, err := k.derive(purpose, session)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", k, err)
	}
	defer clear(raw)
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// nonces returns the function that makes the nonces of a session's blobs.
func (k Key) nonces(session string) (hash.Hash, error) {
	raw, err := k.derive("nonces", session)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", k, err)
	}
	defer clear(raw)
	return hmac.New(sha256.New, raw), nil
}

// fields appends texts to b, each by its length and its bytes, so that no two lists
// look the same.
func fields(b []byte, texts ...string) []byte {
	for _, t := range texts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(t))) // ids and names
		b = append(b, t...)
	}
	return b
}
