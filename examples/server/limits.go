package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/resilience"
	"github.com/learnsnap/learnsnap-go/storage"
)

// limits bound what one caller takes within a time.
type limits struct {
	store    limit.Store
	fallback *limit.Fallback // nil: there is nothing to fall back from
	redis    *limit.Redis    // nil: there is none
	stored   *limit.Shared   // nil: the database counts nothing
	policies limit.Policies
	proxies  []netip.Prefix
}

// manyBehindOne is how many callers may stand behind one address, as a school class
// does: the address may take so many times what one of them may.
const manyBehindOne = 20

// newLimits counts in Redis where there is one, else in Postgres, else in this
// process, which also stands in for those that are away.
func newLimits(c config, store storage.Store, log *slog.Logger) (*limits, error) {
	l := &limits{proxies: c.TrustedProxies, store: limit.NewMemory(limit.MemoryConfig{})}
	if c.RateLimits {
		l.policies = limit.Default()
	}
	var shared limit.Store
	switch {
	case c.RedisURL != "":
		var err error
		if l.redis, err = limit.OpenRedis(c.RedisURL); err != nil {
			return nil, fmt.Errorf("REDIS_URL: %w", err)
		}
		shared = l.redis
	case c.DatabaseURL != "":
		l.stored = limit.NewShared(limit.SharedConfig{Limits: store, Log: log})
		shared = l.stored
	default:
		return l, nil
	}
	l.fallback = limit.NewFallback(limit.FallbackConfig{Shared: shared, Local: l.store, Log: log})
	l.store = l.fallback
	return l, nil
}

// close ends what was opened.
func (l *limits) close() error {
	if l.redis == nil {
		return nil
	}
	return l.redis.Close()
}

// take takes one of a policy for a caller and tells the client where it stands.
func (l *limits) take(ctx context.Context, h http.Header, p limit.Policy, caller string) error {
	if p.Limit < 1 {
		return nil
	}
	result, err := p.Take(ctx, l.store, caller)
	if err != nil {
		return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	result.WriteHeaders(h, p.Name)
	if result.Allowed {
		return nil
	}
	return &learnsnap.Error{Code: tooManyRequests, Err: &resilience.RejectedError{Err: fmt.Errorf("more than %d in %v", p.Limit, p.Window), After: result.Reset}}
}

// within checks a request against the policy of its route: for whoever asks, and for
// the address that it comes from.
func (s *server) within(h http.Header, r *http.Request, of func(limit.Policies) limit.Policy) error {
	if of == nil {
		return nil
	}
	p, ctx, address := of(s.limits.policies), r.Context(), s.address(r)
	if owner, err := s.owner(r); err == nil {
		if err := s.limits.take(ctx, h, p, owner); err != nil {
			return err
		}
		p.Name, p.Limit = p.Name+"-address", p.Limit*manyBehindOne
	}
	return s.limits.take(ctx, h, p, address)
}

// address is what a client's address counts as.
func (s *server) address(r *http.Request) string {
	return limit.AddrKey(limit.ClientIP(r, s.limits.proxies))
}

// refusedToken counts a token that proves nothing, and is the error to answer with.
func (s *server) refusedToken(r *http.Request, err error) error {
	if over := s.limits.take(r.Context(), http.Header{}, s.limits.policies.Token, s.address(r)); over != nil {
		return over
	}
	return &learnsnap.Error{Code: invalidToken, Err: err}
}

// The policies of routes.
func creating(p limit.Policies) limit.Policy   { return p.Create }
func submitting(p limit.Policies) limit.Policy { return p.Submit }
func joining(p limit.Policies) limit.Policy    { return p.Device }
func reporting(p limit.Policies) limit.Policy  { return p.Report }
func paying(p limit.Policies) limit.Policy     { return p.Checkout }
