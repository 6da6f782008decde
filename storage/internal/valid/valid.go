// Package valid says which records an engine refuses, whatever it keeps them in.
package valid

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

// ErrID refuses a session's id that may not name a folder on any engine.
var ErrID = errors.New("the session's id is not 1 to 64 letters, digits, - or _")

// ID reports whether a session's id may name a folder: 1 to 64 letters, digits, - or _.
func ID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
		if !ok {
			return false
		}
	}
	return true
}

// Hash reports whether a text is a SHA-256 in lower-case hex.
func Hash(hash string) bool {
	raw, err := hex.DecodeString(hash)
	return err == nil && len(raw) == sha256.Size && hash == hex.EncodeToString(raw)
}

// Session says why a session can't be created, or nil.
func Session(s storage.Session) error {
	switch {
	case !ID(s.ID):
		return ErrID
	case s.Owner == "":
		return errors.New("it has no owner")
	case s.Pages < 0:
		return fmt.Errorf("it has %d pages", s.Pages)
	}
	return nil
}

// Account says why an account can't be opened with a welcome, or nil.
func Account(a storage.Account, w storage.Welcome) error {
	switch {
	case a.ID == "":
		return errors.New("it has no id")
	case a.Kind != storage.Device && a.Kind != storage.User:
		return fmt.Errorf("%q is no kind of account", string(a.Kind))
	case w.Cause == "" && (w.Pages > 0 || w.EarlyPages > 0):
		return errors.New("its welcome has no cause")
	}
	return nil
}

// Payment says why a payment can't be created, or nil.
func Payment(p storage.Payment) error {
	switch {
	case p.Order == "" || p.Owner == "" || p.State == "":
		return errors.New("it needs an order, an owner and a state")
	case p.State == storage.PaymentPaid:
		return errors.New("none begins as paid")
	case p.Pages < 1 || p.Amount < 0:
		return fmt.Errorf("it has %d pages for an amount of %d", p.Pages, p.Amount)
	}
	return nil
}
