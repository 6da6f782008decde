package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/admin"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
	"github.com/learnsnap/learnsnap-go/flags"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/resilience"
	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/keep"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
)

// A server is the program's parts, wired.
type server struct {
	config  config
	logs    *logs
	log     *slog.Logger
	store   storage.Store // sealed and traced; engine is what stands behind it
	service *learnsnap.Service
	metrics *telemetry.Metrics
	chain   *chain
	ocr     *offline.Tesseract
	devices devices
	life    *resilience.Lifecycle

	flags      *flags.Set
	objectives *objectives
	watchdog   *resilience.Watchdog
	backups    *keep.Schedule // nil: there is none
	tracing    *telemetry.Tracing
	tokens     identity.Verifier // nil: neither users nor operators are known
	oidc       *identity.OIDC    // nil: there is no issuer
	accounts   *accounts
	observer   learnsnap.Observer
	limits     *limits
	till       *till // nil: nothing is sold
	counted    counted
	checked    checked

	streams  sync.WaitGroup  // of events, which net/http knows nothing of any more
	draining context.Context // ends when the server stops: event streams end with it
	drain    context.CancelFunc
}

func newServer(ctx context.Context, c config, logs *logs, engine storage.Store) (*server, error) {
	log := logs.log
	secret, err := deviceSecret(ctx, c, engine, log)
	if err != nil {
		return nil, err
	}
	s := &server{config: c, logs: logs, log: log, store: engine, devices: devices{keys: secret}}
	s.tracing = telemetry.NewTracing(telemetry.TracingConfig{Provider: logs.exporter.Traces(), Public: true})
	s.life = resilience.NewLifecycle(resilience.LifecycleConfig{StopWithin: c.ShutdownTimeout, Log: log})
	s.draining, s.drain = context.WithCancel(context.Background())
	s.metrics = telemetry.NewMetrics(telemetry.MetricsConfig{Prices: c.prices()})
	s.ocr = offline.NewTesseract(offline.TesseractConfig{})
	if err := s.ocr.Check(ctx); err != nil {
		log.Warn("photos can't be read by the offline model; texts can", "error", err)
	}
	if err := s.switches(ctx); err != nil {
		return nil, err
	}
	if err := s.keepers(ctx, engine); err != nil {
		return nil, err
	}
	reduced := func() bool {
		return s.flags.Enabled(flags.ReducedAIConcurrency) || s.objectives.tracker.Acting(fewerCalls)
	}
	if s.chain, err = newChain(c, log, s.metrics, telemetry.Tracers(s.metrics.Models(), s.objectives, s.tracing.Models()), reduced, s.ocr); err != nil {
		return nil, err
	}
	verify := s.chain.verify
	if verify != nil {
		verify = ai.Guard(verify, unless{s.objectives.tracker, skipVerification})
	}
	intake, err := newIntake(c)
	if err != nil {
		return nil, err
	}
	s.counted = counted{
		payments: s.metrics.Payments(learnsnap.OutcomeCancelled, learnsnap.OutcomeExpired, learnsnap.OutcomeReview),
		webhooks: s.metrics.Webhooks(learnsnap.WebhookTaken, learnsnap.WebhookRepeated, learnsnap.WebhookSettled, learnsnap.WebhookUnknown,
			webhookForged, webhookMalformed, webhookIgnored),
		succeeded: s.objectives.payments,
	}
	observer := telemetry.Observers(s.metrics, telemetry.LogObserver(log), s.objectives, s.tracing, s.counted)
	s.observer = observer
	if s.till, err = s.newTill(); err != nil {
		return nil, err
	}
	quizzes, err := learnsnap.New(learnsnap.Config{
		Model: s.chain.model, Prepare: intake.Prepare, Observer: observer, MaxCostUSD: c.AIQuizUSD, Prices: c.prices(), Verify: verify,
	})
	if err != nil {
		return nil, err
	}
	s.service, err = learnsnap.NewService(learnsnap.ServiceConfig{
		Engine: quizzes, Store: s.store, Tracer: s.tracing.Quizzes(), Observer: observer, Inspect: intake.Inspect, FreePages: c.FreePages,
		Enabled: s.flags.Enabled, Inline: func() bool { return !s.flags.Enabled(flags.EnableAsyncProcessing) },
		Cache: func() bool { return s.flags.Enabled(flags.EnableCaching) },
	})
	return s, err
}

// switches makes what operators and budgets act with.
func (s *server) switches(ctx context.Context) error {
	var err error
	if s.flags, err = newSwitches(ctx, s.config, s.store, s.log); err != nil {
		return err
	}
	if s.objectives, err = newObjectives(s.store, s.log); err != nil {
		return err
	}
	if err := s.identities(); err != nil {
		return err
	}
	if s.limits, err = newLimits(s.config, s.store, s.log); err != nil {
		return err
	}
	if s.limits.fallback != nil {
		s.metrics.Limits(func() bool { return s.limits.fallback.State().Shared })
	}
	s.watchdog = resilience.NewWatchdog(resilience.WatchdogConfig{
		Limit: int64(s.config.MemoryLimitMB) << 20,
		OnChange: func(from, to resilience.MemoryState) {
			s.log.Warn("memory", "from", from.String(), "to", to.String(), "report", s.watchdog.Report())
			if to == resilience.MemoryRestart {
				s.life.Stop(resilience.ErrMemory)
			}
		},
	})
	s.metrics.Memory(s.watchdog.Report)
	s.metrics.Budgets(s.objectives.tracker.Report)
	var names []string
	for _, f := range flags.Defaults() {
		names = append(names, f.Name)
	}
	s.metrics.Flags(names, s.flags.Enabled)
	if limit, err := s.watchdog.Limit(); s.config.limitMemory && err == nil && limit > 0 {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
	return nil
}

// keepers makes what stands around the store: encryption, traces, backups.
func (s *server) keepers(ctx context.Context, engine storage.Store) error {
	sealing, err := sealed.Open(ctx, engine, sealed.Config{
		Keys: s.config.EncryptionKeys, Enabled: func() bool { return s.flags.Enabled(flags.EnableEncryption) },
	})
	if err != nil {
		return fmt.Errorf("ENCRYPTION_KEY: %w", err)
	}
	if s.flags.Enabled(flags.EnableEncryption) && len(s.config.EncryptionKeys) == 0 {
		return errors.New("ENABLE_ENCRYPTION: set ENCRYPTION_KEY too (make one with: openssl rand -base64 32)")
	}
	s.store = s.tracing.Store(sealing, s.config.system())
	if s.config.BackupDir == "" {
		return nil
	}
	source, ok := engine.(storage.Dumper)
	if !ok {
		return errors.New("BACKUP_DIR: this engine makes no backups")
	}
	s.backups, err = keep.NewSchedule(keep.ScheduleConfig{
		Dir: s.config.BackupDir, Every: s.config.BackupEvery, Keep: s.config.BackupKeep, Source: source, Prove: admin.Prove, Logger: s.log,
	})
	if err != nil {
		return fmt.Errorf("BACKUP_DIR: %w", err)
	}
	s.metrics.Backups(s.backups.Proved)
	return nil
}

// identities makes what tells users and operators apart.
func (s *server) identities() error {
	s.accounts = newAccounts(s.config, s.store)
	var verifiers []identity.Verifier
	if len(s.config.JWTSecrets) > 0 {
		h, err := identity.NewHMAC(identity.HMACConfig{Secrets: s.config.JWTSecrets})
		if err != nil {
			return fmt.Errorf("JWT_SECRET: %w", err)
		}
		verifiers = append(verifiers, h)
	}
	if s.config.OIDCIssuer != "" {
		var err error
		s.oidc, err = identity.NewOIDC(identity.OIDCConfig{
			Issuer: s.config.OIDCIssuer, ClientID: s.config.OIDCClientID,
			OnChange: func(err error) {
				if err != nil {
					s.log.Warn("the issuer of tokens can't be reached", "error", err)
				} else {
					s.log.Info("the issuer of tokens can be reached")
				}
			},
		})
		if err != nil {
			return fmt.Errorf("OIDC_ISSUER: %w", err)
		}
		verifiers = append(verifiers, s.oidc)
	}
	if len(verifiers) > 0 {
		s.tokens = identity.Any(verifiers...)
	}
	return nil
}

// heicNeeds is the memory in MB that a child takes to decode HEIC.
const heicNeeds = 350

// newIntake returns the reader of pages. HEIC is decoded in a child process, where
// memory leaves room for one.
func newIntake(c config) (*pages.Reader, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program's own file, for decoding HEIC: %w", err)
	}
	return pages.New(pages.Config{HEIC: []string{self, decodeHEIC}, NoHEIC: c.MemoryLimitMB < heicNeeds}), nil
}

// serve answers requests until ctx ends, and then lets those under way end.
func (s *server) serve(ctx context.Context, listener net.Listener) error {
	handler, err := s.handler()
	if err != nil {
		return err
	}
	h := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(listener) }()
	s.log.Info("listening", "url", "http://"+listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.drain()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.ShutdownTimeout*2/3)
	defer cancel()
	if err := h.Shutdown(bounded); err != nil {
		s.log.Warn("some requests were cut off", "error", err)
		_ = h.Close() // what is left has had its time
	}
	<-failed
	s.streams.Wait()
	return nil
}
