package main

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/storage"
)

// owner returns who asks: the account of a user whose token is good, or else a
// device. Nobody becomes a guest in passing, least of all with a bad token.
func (s *server) owner(r *http.Request) (string, error) {
	if bearer, ok := identity.Bearer(r); ok || len(r.Header.Values("Authorization")) > 0 {
		return s.user(r, bearer)
	}
	device, err := s.device(r)
	if err == nil && device == "" {
		return "", fault(deviceRequired, "no device token")
	}
	return device, err
}

// device returns the device that a request comes from, or "" when it names none.
func (s *server) device(r *http.Request) (string, error) {
	token := tokenOf(r)
	if token == "" {
		return "", nil
	}
	device, err := s.devices.owner(token)
	if err != nil {
		return "", s.refusedToken(r, err)
	}
	return device, nil
}

// user returns the account of a user. The first time that it comes from a device,
// the device's pages above the free ones become the user's.
func (s *server) user(r *http.Request, bearer string) (string, error) {
	claims, err := s.claims(r, bearer)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeWithin)
	defer cancel()
	user, err := s.accounts.open(ctx, claims.Owner())
	if err != nil {
		return "", &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	if device, err := s.device(r); err == nil && device != "" { // a device that is none of ours has nothing to move
		moved, err := s.accounts.join(ctx, device, user)
		if err != nil {
			return "", &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
		}
		if moved > 0 {
			s.observer.Observe(ctx, learnsnap.Observation{Occasion: learnsnap.PagesMoved, Action: string(storage.Transfer), Pages: moved})
		}
	}
	return user, nil
}

// claims returns what a bearer token says.
func (s *server) claims(r *http.Request, bearer string) (identity.Claims, error) {
	if s.tokens == nil {
		return identity.Claims{}, fault(invalidToken, "neither JWT_SECRET nor OIDC_ISSUER is set")
	}
	claims, err := s.tokens.Verify(r.Context(), bearer)
	switch {
	case errors.Is(err, identity.ErrUnavailable):
		return claims, &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	case err != nil:
		return claims, s.refusedToken(r, err)
	}
	return claims, nil
}

// storeWithin bounds a look at the store before a request's own work.
const storeWithin = 3 * time.Second

// accounts opens the accounts of users, and remembers those that it has seen: an
// account's name never changes.
type accounts struct {
	store   storage.Accounts
	welcome storage.Welcome
	keep    int // pages that stay a device's

	mu     sync.Mutex
	users  map[string]remembered // by subject
	joined map[[2]string]bool    // device and user
}

// A remembered account is one that was there a moment ago. Another replica may have
// erased it since.
type remembered struct {
	id    string
	until time.Time
}

const (
	rememberAccount    = time.Minute
	rememberedAccounts = 100_000 // at most; more and all are forgotten
)

func newAccounts(c config, store storage.Accounts) *accounts {
	a := &accounts{store: store, keep: max(c.FreePages, 0), users: map[string]remembered{}, joined: map[[2]string]bool{}}
	if c.FreePages >= 0 {
		a.welcome = storage.Welcome{Cause: learnsnap.FreeCause, Pages: c.FreePagesUser, Early: c.EarlyAdopters, EarlyPages: c.EarlyAdopterPages}
	}
	return a
}

// open returns the account of a subject, which is made when it comes first.
func (a *accounts) open(ctx context.Context, subject string) (string, error) {
	a.mu.Lock()
	known := a.users[subject]
	a.mu.Unlock()
	if time.Now().Before(known.until) {
		return known.id, nil
	}
	account, _, err := a.store.OpenAccount(ctx, storage.Account{ID: "user:" + base64.RawURLEncoding.EncodeToString(random(16)), Kind: storage.User, Subject: subject}, a.welcome)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.users) >= rememberedAccounts {
		clear(a.users)
	}
	a.users[subject] = remembered{account.ID, time.Now().Add(rememberAccount)}
	return account.ID, nil
}

// join moves a device's pages to a user, once, and returns how many.
func (a *accounts) join(ctx context.Context, device, user string) (int, error) {
	pair := [2]string{device, user}
	a.mu.Lock()
	done := a.joined[pair]
	a.mu.Unlock()
	if done {
		return 0, nil
	}
	_, _, err := a.store.OpenAccount(ctx, storage.Account{ID: device, Kind: storage.Device}, storage.Welcome{})
	if errors.Is(err, storage.ErrConflict) { // its owner has erased it
		return 0, nil
	}
	moved := 0
	if err == nil {
		moved, err = a.store.TransferPages(ctx, device, user, a.keep)
	}
	if err != nil {
		return 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.joined) >= rememberedAccounts {
		clear(a.joined)
	}
	a.joined[pair] = true
	return moved, nil
}

// forget forgets an account that was erased.
func (a *accounts) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for subject, known := range a.users {
		if known.id == id {
			delete(a.users, subject)
		}
	}
}

// eraseMe removes all that is the caller's.
func (s *server) eraseMe(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	owner, err := s.owner(r)
	if err != nil {
		return err
	}
	if err := s.service.EraseOwner(r.Context(), owner); err != nil {
		return err
	}
	s.accounts.forget(owner)
	if _, bearer := identity.Bearer(r); !bearer {
		http.SetCookie(w, &http.Cookie{Name: deviceCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil})
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
