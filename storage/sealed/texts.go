package sealed

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

// KeepText implements [storage.Texts].
func (s *Store) KeepText(ctx context.Context, owner, hash, session string, seq int) error {
	masked, err := s.masked(owner, hash)
	if err != nil {
		return fmt.Errorf("keep a text: %w", err)
	}
	return s.plain.KeepText(ctx, owner, masked, session, seq)
}

// Text implements [storage.Texts]. What was noted under another key, or while sealing was
// off, is not found.
func (s *Store) Text(ctx context.Context, owner, hash string) (string, storage.Item, error) {
	masked, err := s.masked(owner, hash)
	if err != nil {
		return "", storage.Item{}, fmt.Errorf("text of a page: %w", err)
	}
	session, it, err := s.plain.Text(ctx, owner, masked)
	if err != nil {
		return "", storage.Item{}, err
	}
	if it.JSON, err = s.box(session).open(placeOf(session, it), it.JSON); err != nil {
		return "", storage.Item{}, fmt.Errorf("item %d of session %s: %w", it.Seq, session, err)
	}
	return session, it, nil
}

// masked returns the name that a page's hash has in the database, which tells nobody
// without the key whether an owner has sent a page that he knows.
func (s *Store) masked(owner, hash string) (string, error) {
	if hash == "" || !s.sealing() {
		return hash, nil
	}
	key, err := s.keys[0].derive("texts", owner)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(hash))
	return hex.EncodeToString(mac.Sum(nil)), nil
}
