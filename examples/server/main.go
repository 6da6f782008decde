// Command server is LearnSnap's reference server: photos of textbook pages in,
// quizzes out, over HTTP. It is configured by the environment alone; without any
// of it, it runs on SQLite in ./data, without a key and without a network.
//
//	server             serves until SIGTERM
//	server admin help  lists what an operator does by hand: backups, checks, moves
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/admin"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
	"github.com/learnsnap/learnsnap-go/flags"
	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

// What the program does instead of serving.
const (
	decodeHEIC = "decode-heic" // is the child that decodes one HEIC photo from its standard input to its standard output
	administer = "admin"       // does what an operator wants done
)

func main() {
	ctx, args := context.Background(), os.Args[1:]
	var err error
	code := 1
	switch {
	case len(args) == 0:
		err = run(ctx, os.Environ(), os.Stdout)
	case args[0] == decodeHEIC && len(args) == 1:
		err = pages.DecodeHEIC(ctx, os.Stdin, os.Stdout)
	case args[0] == administer:
		err = runAdmin(ctx, args[1:], os.Environ(), os.Stdout, os.Stderr)
		code = admin.ExitCode(err)
	default:
		err, code = fmt.Errorf("%q is not known: the server takes no argument but admin; its configuration is the environment", args[0]), 2
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(code)
	}
}

// run runs the server until a signal ends it and everything has stopped in good
// order.
func run(ctx context.Context, environ []string, stdout io.Writer) (err error) {
	config, err := readConfig(environ)
	if err != nil {
		return err
	}
	logs, err := newLogs(ctx, config, stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.close()) }()
	log := logs.log
	log.LogAttrs(ctx, slog.LevelInfo, "configuration", config.attrs()...)
	engine, err := openStore(ctx, config, log)
	if err != nil {
		return err
	}
	s, err := newServer(ctx, config, logs, engine)
	if err != nil {
		return errors.Join(err, engine.Close())
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(config.Host, config.Port))
	if err != nil {
		return errors.Join(fmt.Errorf("PORT %s: %w", config.Port, err), s.store.Close())
	}
	s.assemble(listener)
	return s.life.RunUntilSignal(ctx)
}

// assemble puts the parts into the order in which they start; they stop the other
// way round.
func (s *server) assemble(listener net.Listener) {
	s.life.Add("telemetry", s.logs.exporter.Run)
	s.life.Add("sentry", s.logs.reporter.Run)
	s.life.Add("store", func(ctx context.Context) error {
		<-ctx.Done()
		return errors.Join(s.store.Close(), s.limits.close())
	})
	s.life.Add("metrics", s.metrics.Store(telemetry.StoreConfig{Store: s.store}).Run)
	s.life.Add("flags", s.flags.Run)
	s.life.Add("objectives", s.objectives.tracker.Run)
	if s.oidc != nil {
		s.life.Add("issuer", s.oidc.Run)
	}
	if s.limits.stored != nil {
		s.life.Add("limits", s.limits.stored.Run)
	}
	if s.backups != nil {
		s.life.Add("backups", s.backups.Run)
	}
	if s.till != nil {
		s.life.Add("payments", s.till.cashier.Run)
		s.life.Add("stuck payments", s.till.stuck.Run)
	}
	s.life.Add("watchdog", s.watchdog.Run)
	s.life.Add("quizzes", s.service.Run)
	s.life.Add("http", func(ctx context.Context) error { return s.serve(ctx, listener) })
}

// encrypts reports whether the environment switches encryption on; overrides and the
// file are the running server's.
func encrypts(c config) bool {
	on, err := strconv.ParseBool(c.Flags[flags.EnableEncryption])
	return err == nil && on
}

// runAdmin does what an operator wants done, with the server's own configuration.
func runAdmin(ctx context.Context, args, environ []string, stdout, stderr io.Writer) error {
	config, err := readConfig(environ)
	if err != nil {
		return err
	}
	log := slog.New(telemetry.NewLogHandler(stderr, telemetry.LogConfig{Level: config.LogLevel}))
	c := admin.Config{
		DataDir: config.DataDir, DatabaseURL: config.DatabaseURL, DirectURL: config.DirectURL, BackupDir: config.BackupDir, Log: log,
		Keys: config.EncryptionKeys, Unsealed: !encrypts(config),
	}
	if len(config.JWTSecrets) > 0 {
		c.Sign = func(subject, role string, ttl time.Duration) (string, error) {
			h, err := identity.NewHMAC(identity.HMACConfig{Secrets: config.JWTSecrets})
			if err != nil {
				return "", fmt.Errorf("JWT_SECRET: %w", err)
			}
			return h.Sign(identity.Claims{Subject: subject, Roles: []string{role}}, ttl)
		}
	}
	return admin.Run(ctx, args, c, stdout, stderr)
}
