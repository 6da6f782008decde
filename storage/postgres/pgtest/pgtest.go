//go:build unix

// Package pgtest starts real Postgres servers for tests, from the programs that are
// installed on the machine, each in a temporary folder, on a free port of the
// loopback, and without root's rights.
//
//	var server *pgtest.Server // of the package's tests
//
//	func TestMain(m *testing.M) {
//		os.Exit(pgtest.Main(m, &server))
//	}
//
//	func TestSomething(t *testing.T) {
//		url := server.Database(t) // skips where Postgres is not installed
//		…
//	}
//
// Where the programs are missing, tests that ask for a database are skipped and say
// how to install them.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// ErrNotInstalled says that the programs of Postgres were not found.
var ErrNotInstalled = errors.New("no Postgres is installed (install with: apt-get install postgresql)")

// startWithin bounds the start and the stop of a server.
const startWithin = time.Minute

// A Server is a running Postgres server. Its methods are not for concurrent use,
// but for Database.
type Server struct {
	bin, dir string
	port     int
	account  *syscall.Credential // nil where the tests do not run as root
	options  []string
	environ  []string // beside the process's own
	made     atomic.Int64
	err      error // why there is no server
}

// Main runs the tests of a package with a server that they share, at *s, and returns
// the code to exit with. The server loses its last transactions when the machine
// does, and is quicker for that.
func Main(m *testing.M, s **Server) int {
	server, err := Start("fsync=off", "max_connections=200")
	if err != nil {
		server = &Server{err: err}
	}
	*s = server
	code := m.Run()
	if err == nil {
		if err := server.Remove(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// New starts a server for one test. Options are settings such as "fsync=off".
func New(t testing.TB, options ...string) *Server {
	t.Helper()
	s, err := Start(options...)
	if err != nil {
		skipOrFail(t, err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func skipOrFail(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	t.Fatal(err)
}

// Start makes a new data folder and starts a server on it. Remove it when done.
func Start(options ...string) (*Server, error) {
	s := &Server{options: options}
	if err := s.start(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) start() error {
	var err error
	if s.bin, err = binaries(); err != nil {
		return err
	}
	if s.account, err = account(); err != nil {
		return err
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "postgres-"); err != nil {
		return err
	}
	if s.account != nil {
		err = os.Chown(s.dir, int(s.account.Uid), int(s.account.Gid))
	}
	if err == nil {
		_, err = s.run("initdb", "-D", s.Data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	}
	if err == nil {
		err = s.Resume()
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(s.dir))
	}
	return nil
}

// binaries finds the newest installed Postgres.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", ErrNotInstalled
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Data is the server's data folder.
func (s *Server) Data() string { return filepath.Join(s.dir, "data") }

// Dir is the folder that everything of the server is in. The account that it runs
// under may write there.
func (s *Server) Dir() string { return s.dir }

// Port is the server's port on the loopback.
func (s *Server) Port() int { return s.port }

// URL leads to a database of the server.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: database}
	return u.String()
}

// Run runs a program of Postgres under the server's account, bounded by a minute,
// and returns what it wrote.
func (s *Server) run(program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	cmd := s.Command(ctx, program, args...)
	out := &bytes.Buffer{}
	log, err := os.CreateTemp("", program)
	if err != nil {
		return "", err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log // a file, for a server that goes on has it open
	err = cmd.Run()
	if _, seekErr := log.Seek(0, 0); seekErr == nil {
		_, _ = out.ReadFrom(log)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return out.String(), nil
}

// Command returns a command that runs a program of Postgres under the server's
// account.
func (s *Server) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PGHOST=127.0.0.1", "PGUSER=postgres", "PGPORT="+strconv.Itoa(s.port))
	cmd.Env = append(cmd.Env, s.environ...)
	if s.account != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.account}
	}
	return cmd
}

// Resume starts the server again after Stop or Kill, on the same port.
func (s *Server) Resume() error {
	settings := []string{
		"-c listen_addresses=127.0.0.1", "-c port=" + strconv.Itoa(s.port), "-c unix_socket_directories=''", "-c max_wal_size=256MB",
	}
	for _, o := range s.options {
		settings = append(settings, "-c "+o)
	}
	_, err := s.run("pg_ctl", "start", "-w", "-t", "60", "-D", s.Data(), "-l", filepath.Join(s.dir, "log"), "-o", strings.Join(settings, " "))
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		return fmt.Errorf("%w\n%s", err, log)
	}
	return nil
}

// Stop stops the server as an operator does who is in a hurry: connections are cut.
func (s *Server) Stop() error {
	_, err := s.run("pg_ctl", "stop", "-w", "-m", "fast", "-D", s.Data())
	return err
}

// Kill kills the server's main process with SIGKILL, and waits until its children,
// which notice, have gone.
func (s *Server) Kill() error {
	pid, err := s.pid()
	if err != nil {
		return err
	}
	children, err := childrenOf(pid)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	// A new server does not start while a child of the old one has the shared memory.
	deadline := time.Now().Add(startWithin)
	for _, child := range children {
		for syscall.Kill(child, 0) == nil {
			if time.Now().After(deadline) {
				return fmt.Errorf("process %d lives on after its server", child)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	return nil
}

// childrenOf returns the processes that a process has started and that live.
func childrenOf(parent int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var children []int
	for _, stat := range stats {
		data, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		// The name, in brackets, may hold anything; behind it stand the state and the parent.
		_, rest, _ := bytes.Cut(data[bytes.LastIndexByte(data, ')'):], []byte(") "))
		if fields := strings.Fields(string(rest)); len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
			if err != nil {
				return nil, err
			}
			children = append(children, pid)
		}
	}
	return children, nil
}

func (s *Server) pid() (int, error) {
	data, err := os.ReadFile(filepath.Join(s.Data(), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(data), "\n")
	return strconv.Atoi(first)
}

// Remove stops the server, if it runs, and deletes its folder.
func (s *Server) Remove() error {
	if s.err != nil {
		return nil
	}
	if _, err := s.pid(); err == nil {
		_, _ = s.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", s.Data()) // it may be dead already
	}
	return os.RemoveAll(s.dir)
}

// Database makes an empty database for a test and returns its URL. It is dropped
// when the test is over.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	if s.err != nil {
		skipOrFail(t, s.err)
	}
	name := fmt.Sprintf("test%d", s.made.Add(1))
	if err := s.SQL("postgres", "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.SQL("postgres", "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Log(err) // the test may have stopped the server
		}
	})
	return s.URL(name)
}

// SQL runs statements in a database, as its superuser.
func (s *Server) SQL(database, statements string) error {
	_, err := s.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statements)
	return err
}
