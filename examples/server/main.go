// Command server is LearnSnap's reference server: photos of textbook pages in,
// quizzes out, over HTTP. It is configured by the environment alone; without any
// of it, it runs on SQLite in ./data, without a key and without a network.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
	"github.com/learnsnap/learnsnap-go/flags"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/resilience"
	"github.com/learnsnap/learnsnap-go/storage"
)

// decodeHEIC is the argument that makes the program the child that decodes one
// HEIC photo from its standard input to its standard output.
const decodeHEIC = "decode-heic"

func main() {
	ctx := context.Background()
	var err error
	if len(os.Args) == 2 && os.Args[1] == decodeHEIC {
		err = pages.DecodeHEIC(ctx, os.Stdin, os.Stdout)
	} else {
		err = run(ctx, os.Environ(), os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run runs the server until ctx ends and everything has stopped in good order.
func run(ctx context.Context, environ []string, stdout io.Writer) (err error) {
	config, err := readConfig(environ)
	if err != nil {
		return err
	}
	level := &telemetry.Level{Base: config.LogLevel}
	log, closeLog, err := newLog(config, level, stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	log.LogAttrs(ctx, slog.LevelInfo, "configuration", config.attrs()...)
	for _, name := range config.unused {
		log.Warn("this variable is not used by this version", "variable", name)
	}
	store, err := openStore(ctx, config, log)
	if err != nil {
		return err
	}
	s, err := newServer(ctx, config, log, level, store)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(config.Host, config.Port))
	if err != nil {
		return errors.Join(fmt.Errorf("PORT %s: %w", config.Port, err), store.Close())
	}

	s.life.Add("store", func(ctx context.Context) error {
		<-ctx.Done()
		return errors.Join(store.Close(), s.limits.close())
	})
	s.life.Add("metrics", s.metrics.Store(telemetry.StoreConfig{Store: store}).Run)
	s.life.Add("flags", s.flags.Run)
	s.life.Add("objectives", s.objectives.tracker.Run)
	if s.oidc != nil {
		s.life.Add("issuer", s.oidc.Run)
	}
	s.life.Add("watchdog", s.watchdog.Run)
	s.life.Add("quizzes", s.service.Run)
	s.life.Add("http", func(ctx context.Context) error { return s.serve(ctx, listener) })
	return s.life.RunUntilSignal(ctx)
}

// A server is the program's parts, wired.
type server struct {
	config  config
	log     *slog.Logger
	store   storage.Store
	service *learnsnap.Service
	metrics *telemetry.Metrics
	chain   *chain
	ocr     *offline.Tesseract
	devices devices
	life    *resilience.Lifecycle

	flags      *flags.Set
	objectives *objectives
	watchdog   *resilience.Watchdog
	level      *telemetry.Level
	tokens     identity.Verifier // nil: neither users nor operators are known
	oidc       *identity.OIDC    // nil: there is no issuer
	accounts   *accounts
	observer   learnsnap.Observer
	limits     *limits
	checked    checked

	draining context.Context // ends when the server stops: event streams end with it
	drain    context.CancelFunc
}

func newServer(ctx context.Context, c config, log *slog.Logger, level *telemetry.Level, store storage.Store) (*server, error) {
	secret, err := deviceSecret(ctx, c, store, log)
	if err != nil {
		return nil, err
	}
	s := &server{config: c, log: log, level: level, store: store, devices: devices{keys: secret}}
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
	reduced := func() bool {
		return s.flags.Enabled(flags.ReducedAIConcurrency) || s.objectives.tracker.Acting(fewerCalls)
	}
	if s.chain, err = newChain(c, log, s.metrics, s.objectives, reduced, s.ocr); err != nil {
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
	observer := telemetry.Observers(s.metrics, telemetry.LogObserver(log), s.objectives)
	s.observer = observer
	engine, err := learnsnap.New(learnsnap.Config{
		Model: s.chain.model, Prepare: intake.Prepare, Observer: observer, MaxCostUSD: c.AIQuizUSD, Prices: c.prices(), Verify: verify,
	})
	if err != nil {
		return nil, err
	}
	s.service, err = learnsnap.NewService(learnsnap.ServiceConfig{
		Engine: engine, Store: store, Observer: observer, Inspect: intake.Inspect, FreePages: c.FreePages,
		Enabled: s.flags.Enabled, Inline: func() bool { return !s.flags.Enabled(flags.EnableAsyncProcessing) },
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
	h := &http.Server{
		Handler:           s.handler(),
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
	return nil
}
