package sealed

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"github.com/learnsnap/learnsnap-go/storage"
)

// The facts that a caller branches on. Methods wrap them; test with errors.Is.
var (
	ErrUnknownKey = errors.New("sealed with a key that was not given")
	ErrTampered   = errors.New("not what was sealed for this place")
)

const (
	magic      = "\xffLS" // no JSON, no text and no picture begins so
	version    = 1
	headerSize = len(magic) + 1 + len(keyID{})
	nonceSize  = 12
	tagSize    = 16
	textMagic  = "\x01LS1:" // where the database takes nothing but text
)

// header begins everything that is sealed.
func (k Key) header() []byte {
	return append(append([]byte(magic), version), k.id[:]...)
}

// isSealed reports whether something begins as what is sealed does.
func isSealed(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }

// keyOf returns the id of the key that something sealed says it was sealed with.
func keyOf(b []byte) (keyID, error) {
	if len(b) < headerSize {
		return keyID{}, fmt.Errorf("it is cut off: %w", ErrTampered)
	}
	if v := b[len(magic)]; v != version {
		return keyID{}, fmt.Errorf("its format %d is unknown to this program: %w", v, ErrTampered)
	}
	return keyID(b[len(magic)+1:]), nil
}

// key returns the key of an id.
func (s *Store) key(id keyID) (Key, error) {
	for _, k := range s.keys {
		if k.id == id {
			return k, nil
		}
	}
	return Key{}, fmt.Errorf("key %v: %w", id, ErrUnknownKey)
}

// A box opens and seals the values of one session. It remembers the session's keys,
// for items come by the dozen. It is not for concurrent use.
type box struct {
	store   *Store
	session string
	strict  bool
	aeads   map[keyID]cipher.AEAD
}

func (s *Store) box(session string) *box {
	return &box{store: s, session: session, strict: s.strict, aeads: map[keyID]cipher.AEAD{}}
}

func (b *box) aead(k Key) (cipher.AEAD, error) {
	if a, ok := b.aeads[k.id]; ok {
		return a, nil
	}
	a, err := k.aead("values", b.session)
	if err == nil {
		b.aeads[k.id] = a
	}
	return a, err
}

// keep returns a value as it is to be kept: sealed, or as it is when sealing is off.
// An empty one says nothing and stays empty. One that looks as if it were sealed is
// sealed in any case, or it could not be read again.
func (b *box) keep(p storage.Place, plain []byte) ([]byte, error) {
	text := p.Field == storage.ReportComment
	looksSealed := isSealed(plain) || text && isText(plain)
	if len(plain) == 0 || len(b.store.keys) == 0 || !b.store.sealing() && !looksSealed {
		return plain, nil
	}
	value, err := b.seal(b.store.keys[0], p, plain)
	if err != nil || !text {
		return value, err
	}
	return base64.RawStdEncoding.AppendEncode([]byte(textMagic), value), nil
}

func isText(b []byte) bool { return bytes.HasPrefix(b, []byte(textMagic)) }

// fromText returns what was sealed into a text.
func fromText(b []byte) ([]byte, error) {
	raw, err := base64.RawStdEncoding.Strict().AppendDecode(nil, b[len(textMagic):])
	if err != nil || !isSealed(raw) {
		return nil, fmt.Errorf("its text is damaged: %w", ErrTampered)
	}
	return raw, nil
}

// seal returns header, nonce, and the sealed value with its tag.
func (b *box) seal(k Key, p storage.Place, plain []byte) ([]byte, error) {
	aead, err := b.aead(k)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	value := make([]byte, headerSize+nonceSize, headerSize+nonceSize+len(plain)+tagSize)
	copy(value, k.header())
	nonce := value[headerSize:]
	_, _ = rand.Read(nonce) // never fails
	return aead.Seal(value, nonce, plain, about(value[:headerSize], p)), nil
}

// open returns what was sealed for a place. What was never sealed comes back as it is,
// unless the store is strict.
func (b *box) open(p storage.Place, value []byte) ([]byte, error) {
	if p.Field == storage.ReportComment && isText(value) {
		var err error
		if value, err = fromText(value); err != nil {
			return nil, fmt.Errorf("open %s: %w", p.Field, err)
		}
	}
	if !isSealed(value) {
		if b.strict && len(value) > 0 {
			return nil, fmt.Errorf("open %s: it is not sealed: %w", p.Field, ErrTampered)
		}
		return value, nil
	}
	plain, err := b.unseal(p, value)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Field, err)
	}
	return plain, nil
}

func (b *box) unseal(p storage.Place, value []byte) ([]byte, error) {
	id, err := keyOf(value)
	if err != nil {
		return nil, err
	}
	k, err := b.store.key(id)
	if err != nil {
		return nil, err
	}
	if len(value) < headerSize+nonceSize+tagSize {
		return nil, fmt.Errorf("it is cut off: %w", ErrTampered)
	}
	aead, err := b.aead(k)
	if err != nil {
		return nil, err
	}
	head, nonce, rest := value[:headerSize], value[headerSize:headerSize+nonceSize], value[headerSize+nonceSize:]
	plain, err := aead.Open([]byte{}, nonce, rest, about(head, p))
	if err != nil {
		return nil, ErrTampered
	}
	return plain, nil
}

// about is the additional data of a value: its header and its place. A failure and a
// result are written by callers who know no owner.
func about(header []byte, p storage.Place) []byte {
	b := append(make([]byte, 0, 128), header...)
	b = fields(b, string(p.Field), p.Session)
	switch p.Field {
	case storage.SessionRequest:
		b = fields(b, p.Owner)
	case storage.ItemJSON:
		b = fields(b, strconv.Itoa(p.Seq), p.Kind)
	case storage.ReportComment:
		b = fields(b, p.Question, p.Owner)
	}
	return b
}
