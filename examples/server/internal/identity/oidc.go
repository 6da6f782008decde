package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// OIDCConfig configures an [OIDC].
type OIDCConfig struct {
	Issuer   string // its URL, exactly as tokens and its discovery document name it; https, or http on this machine
	ClientID string // the audience that tokens must be for

	HTTPClient *http.Client     // nil means one that gives up after 10 s
	Leeway     time.Duration    // how far the clocks of two machines may differ; 0 means 30 s, −1 none
	Refresh    time.Duration    // how often the keys are fetched; 0 means 15 min
	Pause      time.Duration    // the least time between two fetches that tokens cause; 0 means 10 s
	Wait       time.Duration    // how long a token waits for keys; 0 means 2 s
	Keep       time.Duration    // how long keys are used while the issuer is away; 0 means 24 h
	Now        func() time.Time // the wall clock that tokens are held against; nil means [time.Now]

	// OnChange is called by Run when the issuer could not be reached (with why)
	// and when it can be again (with nil).
	OnChange func(error)
}

// OIDC verifies tokens of an OpenID Connect issuer with the public keys that it
// publishes. Only asymmetric algorithms are taken: nobody but the issuer can sign.
//
// The keys are fetched by [OIDC.Run], which has to be running. A token whose key is
// not known makes it look for new ones, but not more often than every Pause,
// whatever strangers send. It is safe for concurrent use.
type OIDC struct {
	config OIDCConfig
	rules  rules
	source *source
	ask    chan struct{} // room for one: somebody needs keys

	mu      sync.Mutex
	keys    []key
	fetched time.Time     // when keys were; zero: never
	tried   time.Time     // when the last fetch ended; zero: none has
	err     error         // of the last fetch
	next    chan struct{} // closed when the fetch that is awaited has ended
}

var _ Verifier = (*OIDC)(nil)

// errPending is the state before the first fetch has ended.
var errPending = errors.New("its keys were not fetched yet")

// NewOIDC returns an OIDC, or an error where the configuration can't be used. It
// asks the issuer for nothing: a server starts without it.
func NewOIDC(c OIDCConfig) (*OIDC, error) {
	if err := checkURL(c.Issuer); err != nil {
		return nil, fmt.Errorf("the issuer %w", err)
	}
	if c.ClientID == "" {
		return nil, errors.New("no client id, which the issuer's tokens have to be for")
	}
	c.Refresh = cmp.Or(c.Refresh, 15*time.Minute)
	c.Pause = cmp.Or(c.Pause, 10*time.Second)
	c.Wait = cmp.Or(c.Wait, 2*time.Second)
	c.Keep = cmp.Or(c.Keep, 24*time.Hour)
	if c.Now == nil {
		c.Now = time.Now
	}
	return &OIDC{
		config: c,
		rules:  rules{issuer: c.Issuer, audience: c.ClientID, leeway: leewayOf(c.Leeway), now: c.Now},
		source: newSource(c.Issuer, c.HTTPClient),
		ask:    make(chan struct{}, 1),
		err:    errPending,
		next:   make(chan struct{}),
	}, nil
}

func asymmetric() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// checkURL refuses what keys must not come from.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("is no URL such as https://accounts.example.com")
	}
	ip, _ := netip.ParseAddr(u.Hostname())
	if here := u.Hostname() == "localhost" || ip.IsLoopback(); u.Scheme != "https" && !(u.Scheme == "http" && here) {
		return errors.New("must be reached by https, for whoever stands between could sign tokens")
	}
	return nil
}

// Verify implements [Verifier]. Where the token's key is not known, it waits for
// Run to fetch the keys anew, for at most Wait.
func (o *OIDC) Verify(ctx context.Context, token string) (Claims, error) {
	f, err := read(token)
	if err != nil {
		return Claims{}, err
	}
	if f.issuer() != o.rules.issuer {
		return Claims{}, errForeign
	}
	if !slices.Contains(asymmetric(), f.alg) {
		return Claims{}, invalid("its algorithm is not one that only the issuer can sign by")
	}
	// What is refused anyway must not make us ask the issuer for keys.
	claims, err := o.rules.claims(f.claims)
	if err != nil {
		return Claims{}, err
	}
	keys := o.known(f)
	if f.signedBy(keys) {
		return claims, nil
	}
	if f.kid != "" && len(keys) > 0 {
		return Claims{}, invalid("the key that it names has not signed it")
	}
	if err := o.refreshed(ctx); err != nil {
		return Claims{}, err
	}
	if f.signedBy(o.known(f)) {
		return claims, nil
	}
	return Claims{}, invalid("no key of its issuer has signed it")
}

// known returns the keys that may have signed a token.
func (o *OIDC) known(f form) (keys []jwt.VerificationKey) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.expired() {
		return nil
	}
	for _, k := range o.keys {
		if (f.kid == "" || f.kid == k.id) && (k.alg == "" || k.alg == f.alg) {
			keys = append(keys, k.public)
		}
	}
	return keys
}

// expired reports whether the keys are too old to be trusted, under mu.
func (o *OIDC) expired() bool { return o.fetched.IsZero() || time.Since(o.fetched) > o.config.Keep }

// refreshed waits for a fetch that ends after now, unless one has just ended. Its
// error says that there are no keys to judge by.
func (o *OIDC) refreshed(ctx context.Context) error {
	o.mu.Lock()
	recent := !o.tried.IsZero() && time.Since(o.tried) < o.config.Pause
	next := o.next
	o.mu.Unlock()
	if !recent {
		select {
		case o.ask <- struct{}{}:
		default: // Run knows already
		}
		wait := time.NewTimer(o.config.Wait)
		defer wait.Stop()
		select {
		case <-next:
		case <-wait.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.expired() || o.err != nil {
		// With the issuer away an unknown key may be a good one.
		return fmt.Errorf("%w: %v", ErrUnavailable, cmp.Or(o.err, errPending))
	}
	return nil
}

// Check says what is wrong with the issuer, for the server's health: nil while its
// keys are known and fresh.
func (o *OIDC) Check(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Run fetches the keys at once, every Refresh and when a token needs them, until
// ctx ends. While the issuer can't be reached it tries again after 1 s, 2 s and so
// on up to a minute, and goes on with the keys that are there.
func (o *OIDC) Run(ctx context.Context) error {
	defer o.source.client.CloseIdleConnections()
	failures := 0
	for {
		err := o.fetch(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause := o.config.Refresh
		if err != nil {
			pause = min(time.Second<<min(failures, 6), time.Minute, o.config.Refresh)
			failures++
		} else {
			failures = 0
		}
		if err := o.idle(ctx, pause); err != nil {
			return err
		}
	}
}

// idle waits for the next fetch: until pause is over, or until somebody asks for
// keys once Pause is over.
func (o *OIDC) idle(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case <-o.ask:
			if time.Since(began) >= o.config.Pause {
				return nil
			} // else it was asked before the last fetch ended, and answered by that
		}
	}
}

// fetch asks the issuer for its keys and tells those who wait.
func (o *OIDC) fetch(ctx context.Context) error {
	keys, err := o.source.fetch(ctx)
	o.mu.Lock()
	before := o.err
	o.tried, o.err = time.Now(), err
	if err == nil {
		o.keys, o.fetched = keys, o.tried
	}
	next := o.next
	o.next = make(chan struct{})
	o.mu.Unlock()
	close(next)
	if o.config.OnChange != nil && ctx.Err() == nil && (err == nil) != (before == nil || before == errPending) {
		o.config.OnChange(err)
	}
	return err
}
