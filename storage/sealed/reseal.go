package sealed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/storage"
)

// checkName names the value that says which keys the data is sealed with: for each, a
// known text that it has sealed.
const (
	checkName = "sealed.keys"
	checkText = "learnsnap"
	checkSize = headerSize + nonceSize + len(checkText) + tagSize
)

// checkPlace is no place of a record: no session has an empty id.
func checkPlace() storage.Place { return storage.Place{Field: "key"} }

// tries bounds how often a value is set anew that other processes set, too.
const tries = 20

// enroll proves that the keys of the data are among those given, and adds the first one
// to them.
func (s *Store) enroll(ctx context.Context) error {
	for range tries {
		old, err := s.enrolled(ctx)
		if err != nil {
			return err
		}
		uses, err := s.prove(old)
		if err != nil {
			return err
		}
		if len(s.keys) == 0 || uses[s.keys[0].id] {
			return nil
		}
		mine, err := s.box("").seal(s.keys[0], checkPlace(), []byte(checkText))
		if err != nil {
			return err
		}
		err = s.plain.SetValue(ctx, checkName, old, append(bytes.Clone(old), mine...))
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
	return errors.New("other processes set the data's keys again and again")
}

// enrolled returns the data's keys; nil when there never was one.
func (s *Store) enrolled(ctx context.Context) ([]byte, error) {
	value, err := s.plain.Value(ctx, checkName)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err == nil && value == nil {
		value = []byte{}
	}
	return value, err
}

// prove opens what each of the data's keys has sealed.
func (s *Store) prove(value []byte) (map[keyID]bool, error) {
	uses := map[keyID]bool{}
	var missing []string
	for len(value) > 0 {
		one := value[:min(checkSize, len(value))]
		value = value[len(one):]
		id, err := keyOf(one)
		if err != nil || !isSealed(one) {
			return nil, fmt.Errorf("the value %q is damaged: %w", checkName, ErrTampered)
		}
		text, err := s.box("").unseal(checkPlace(), one)
		switch {
		case errors.Is(err, ErrUnknownKey):
			missing = append(missing, id.String())
		case err != nil:
			return nil, fmt.Errorf("the value %q does not open with key %v: %w", checkName, id, err)
		case string(text) != checkText:
			return nil, fmt.Errorf("the value %q is damaged: %w", checkName, ErrTampered)
		}
		uses[id] = true
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("the data is sealed with key %s, which is not among the keys given (%s): "+
			"set ENCRYPTION_KEY to it, or to NEW,OLD to change keys: %w", strings.Join(missing, " and key "), s.given(), ErrUnknownKey)
	}
	return uses, nil
}

// given names the keys that were given.
func (s *Store) given() string {
	if len(s.keys) == 0 {
		return "none"
	}
	names := make([]string, len(s.keys))
	for i, k := range s.keys {
		names[i] = k.id.String()
	}
	return strings.Join(names, ", ")
}

// Reseal brings every value to the form in which it would be written now: sealed with
// the first key, or plain while sealing is switched off. Then the other keys are not
// asked for any more by [Open]. It is for when every process that writes has the first
// key as its first, and runs beside them; one that was stopped is run again.
//
// progress, if it is not nil, is called after each value, with how many were looked at
// and how many of them had another form. The store underneath must be a
// [storage.Rewriter], else the error is [errors.ErrUnsupported]. A value that can't be
// opened ends it.
//
// Blobs stay as they are: they are gone when their pages are read. Keep an old key until
// the last of them has expired.
func (s *Store) Reseal(ctx context.Context, progress func(seen, changed int)) error {
	walker, ok := s.plain.(storage.Rewriter)
	if !ok {
		return fmt.Errorf("reseal: the store underneath can't rewrite: %w", errors.ErrUnsupported)
	}
	if len(s.keys) == 0 {
		return nil // nothing is sealed, or Open had refused
	}
	sealing := s.sealing()
	old, err := s.enrolled(ctx)
	if err != nil {
		return fmt.Errorf("reseal: %w", err)
	}
	seen, changed := 0, 0
	err = walker.Rewrite(ctx, func(p storage.Place, kept []byte) ([]byte, error) {
		renewed, err := s.renew(p, kept)
		if err != nil {
			return nil, fmt.Errorf("session %s: %w", p.Session, err)
		}
		seen++
		if renewed != nil {
			changed++
		}
		if progress != nil {
			progress(seen, changed)
		}
		return renewed, nil
	})
	if err == nil && s.sealing() == sealing {
		err = s.retire(ctx, old, sealing)
	}
	if err != nil {
		return fmt.Errorf("reseal: %w", err)
	}
	return nil
}

// renew returns a value in the form in which it would be written now; nil means that it
// has that form.
func (s *Store) renew(p storage.Place, kept []byte) ([]byte, error) {
	b := s.box(p.Session)
	b.strict = false // to seal what is plain is what this is for
	opened, err := b.open(p, kept)
	if err != nil {
		return nil, err
	}
	if s.current(p, kept) {
		return nil, nil
	}
	renewed, err := b.keep(p, opened)
	if err != nil || bytes.Equal(renewed, kept) {
		return nil, err
	}
	return renewed, nil
}

// current reports whether a value is sealed with the first key, and shall be.
func (s *Store) current(p storage.Place, kept []byte) bool {
	if !s.sealing() {
		return false
	}
	head := s.keys[0].header()
	if p.Field == storage.ReportComment && isText(kept) {
		raw, err := fromText(kept)
		return err == nil && bytes.HasPrefix(raw, head)
	}
	return bytes.HasPrefix(kept, head)
}

// retire takes the keys out of the data's that were in old, but for the first one while
// sealing is on. A key that a process has added meanwhile stays.
func (s *Store) retire(ctx context.Context, old []byte, sealing bool) error {
	for range tries {
		now, err := s.enrolled(ctx)
		if err != nil {
			return err
		}
		left := []byte{}
		for one := range slices.Chunk(now, checkSize) {
			keep := !bytes.Contains(old, one) || sealing && bytes.HasPrefix(one, s.keys[0].header())
			if keep {
				left = append(left, one...)
			}
		}
		if bytes.Equal(left, now) {
			return nil
		}
		err = s.plain.SetValue(ctx, checkName, now, left)
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
	return errors.New("other processes set the data's keys again and again")
}
