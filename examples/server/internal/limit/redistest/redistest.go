// Package redistest starts real Redis servers for tests, from the program that is
// installed on the machine, each in a temporary folder and on a free port of the
// loopback.
package redistest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A Server is a Redis server of one test, which ends with it.
type Server struct {
	dir, port string
	process   *exec.Cmd
}

// New starts a server, or skips the test where Redis is not installed.
func New(t testing.TB) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("Redis is not installed (install with: apt-get install redis-server)")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	s := &Server{dir: t.TempDir(), port: port}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	return s
}

// URL leads to the server.
func (s *Server) URL() string { return "redis://127.0.0.1:" + s.port + "/0" }

// Kill kills the server with SIGKILL. It does nothing where it does not run.
func (s *Server) Kill() error {
	if s.process == nil {
		return nil
	}
	if err := s.process.Process.Kill(); err != nil {
		return fmt.Errorf("kill Redis: %w", err)
	}
	_ = s.process.Wait() // that it was killed is its error
	s.process = nil
	return nil
}

// Resume starts the server, empty, on the same port, and waits until it answers.
func (s *Server) Resume() error {
	log := filepath.Join(s.dir, "log")
	s.process = exec.Command("redis-server", "--bind", "127.0.0.1", "--port", s.port, "--dir", s.dir, "--save", "", "--appendonly", "no", "--logfile", log)
	if err := s.process.Start(); err != nil {
		s.process = nil
		return fmt.Errorf("start Redis: %w", err)
	}
	for range 1000 {
		connection, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			return connection.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	said, _ := os.ReadFile(log)
	return fmt.Errorf("start Redis: it does not answer:\n%s", said)
}
