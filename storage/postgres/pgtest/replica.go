//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// beside makes room for another server with the programs and the settings of s.
func (s *Server) beside() (*Server, error) {
	other := &Server{bin: s.bin, account: s.account, options: s.options}
	var err error
	if other.port, err = freePort(); err != nil {
		return nil, err
	}
	if other.dir, err = os.MkdirTemp("", "postgres-"); err != nil {
		return nil, err
	}
	if err := s.own(other.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(other.dir))
	}
	return other, nil
}

// own gives a file to the account that servers run under.
func (s *Server) own(path string) error {
	if s.account == nil {
		return nil
	}
	return os.Chown(path, int(s.account.Uid), int(s.account.Gid))
}

// copyOf takes a base backup of s, which runs, as another server that does not run yet.
// It is removed when the test is over.
func (s *Server) copyOf(t testing.TB, args ...string) *Server {
	t.Helper()
	if s.err != nil {
		skipOrFail(t, s.err)
	}
	other, err := s.beside()
	if err == nil {
		_, err = s.run("pg_basebackup", append([]string{"-D", other.Data(), "-c", "fast"}, args...)...)
	}
	if err != nil {
		if other != nil {
			_ = os.RemoveAll(other.dir)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.Remove(); err != nil {
			t.Error(err)
		}
	})
	return other
}

// Standby starts a server that follows s, and takes reads only until it is promoted.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	other := s.copyOf(t, "-R", "-X", "stream", "-C", "-S", fmt.Sprintf("standby%d", s.made.Add(1)))
	if err := other.Resume(); err != nil {
		t.Fatal(err)
	}
	return other
}

// Promote makes a standby take writes. It returns when it does.
func (s *Server) Promote() error {
	_, err := s.run("pg_ctl", "promote", "-w", "-D", s.Data())
	return err
}

// Archive has the server copy its log into a folder, which it returns: each file when
// that is full, or by [Server.SwitchLog]. The server needs the option
// "archive_mode=on".
func (s *Server) Archive() (string, error) {
	dir := filepath.Join(s.dir, "wal")
	if err := errors.Join(os.Mkdir(dir, 0o700), s.own(dir)); err != nil {
		return "", err
	}
	command := "test ! -f " + dir + "/%f && cp %p " + dir + "/%f.part && mv " + dir + "/%f.part " + dir + "/%f"
	if err := s.SQL("postgres", "ALTER SYSTEM SET archive_command = '"+command+"'"); err != nil {
		return "", err
	}
	return dir, s.SQL("postgres", "SELECT pg_reload_conf()")
}

// SwitchLog ends the current file of the log and waits until it is archived.
func (s *Server) SwitchLog() error {
	name, err := s.run("psql", "-X", "-q", "-A", "-t", "-d", "postgres", "-c", "SELECT pg_walfile_name(pg_switch_wal())")
	if err != nil {
		return err
	}
	file := filepath.Join(s.dir, "wal", strings.TrimSpace(name))
	for deadline := time.Now().Add(startWithin); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the log %s is not archived", filepath.Base(file))
		}
	}
}

// BaseBackup copies the data of s, without its log, as a server for
// [Server.Recover].
func (s *Server) BaseBackup(t testing.TB) *Server {
	t.Helper()
	return s.copyOf(t, "-X", "none", "--no-manifest")
}

// Recover starts a base backup and replays the log in the folder archive until a
// moment, or all of it where that is zero. It returns when the server takes writes.
func (s *Server) Recover(archive string, until time.Time) error {
	settings := "archive_mode = off\nrestore_command = 'cp " + archive + "/%f %p'\nrecovery_target_action = 'promote'\n"
	if !until.IsZero() {
		settings += "recovery_target_time = '" + until.UTC().Format("2006-01-02 15:04:05.000000+00") + "'\n"
	}
	for name, text := range map[string]string{"postgresql.auto.conf": settings, "recovery.signal": ""} {
		file := filepath.Join(s.Data(), name)
		if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), s.own(file)); err != nil {
			return err
		}
	}
	var kept []string
	for _, o := range s.options {
		if !strings.HasPrefix(o, "archive_mode") {
			kept = append(kept, o)
		}
	}
	s.options = kept
	if err := s.Resume(); err != nil {
		return err
	}
	for deadline := time.Now().Add(startWithin); ; time.Sleep(20 * time.Millisecond) {
		recovering, err := s.run("psql", "-X", "-q", "-A", "-t", "-d", "postgres", "-c", "SELECT pg_is_in_recovery()")
		if err == nil && strings.TrimSpace(recovering) == "f" {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server has not recovered: %w", err)
		}
	}
}

// Destroy kills the server and removes its data, as the loss of a machine does.
func (s *Server) Destroy() error {
	return errors.Join(s.Kill(), os.RemoveAll(s.Data()))
}

// Hosts leads to a database of whichever of the servers takes writes.
func Hosts(database string, servers ...*Server) string {
	hosts := make([]string, len(servers))
	for i, s := range servers {
		hosts[i] = "127.0.0.1:" + strconv.Itoa(s.port)
	}
	return "postgres://postgres@" + strings.Join(hosts, ",") + "/" + database
}
