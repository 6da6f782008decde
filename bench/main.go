// Command bench compares LearnSnap with the libraries that people use today, in
// one run and against one fake provider: our adapters beside the official SDKs and
// two loved wrappers, our circuit breaker beside two others. It is a module of its
// own, so that nobody else pays for what it imports.
//
//	go run . [-rounds 3]
//
// Every client runs in a process of its own, so that memory is told apart; the
// rounds of all clients are interleaved, and the least of each figure counts. The
// provider listens on the loopback interface and is yet another process.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	images    = 20
	imageSize = 4 << 20
	chunks    = 400 // of a streamed reply
	replies   = 50  // that are streamed in a round
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	rounds := flag.Int("rounds", 3, "`rounds` of each client; the least of each figure counts")
	serve := flag.Bool("serve", false, "be the fake provider (used by the command itself)")
	client := flag.String("client", "", "be this `client` (used by the command itself)")
	task := flag.String("task", "", "images or chunks, with -client")
	url := flag.String("url", "", "of the fake provider, with -client")
	dir := flag.String("dir", "", "of the images, with -client")
	flag.Parse()
	switch {
	case *serve:
		return serveProvider()
	case *client != "":
		return measure(*client, *task, *url, *dir)
	}
	return compare(*rounds)
}

// A figure is what one client has needed in a round.
type figure struct {
	Seconds float64 // for the request, or for each chunk
	Bytes   float64 // allocated, the same way
	Allocs  float64
	PeakMB  float64 // of the process
}

func (f *figure) least(other figure) {
	f.Seconds, f.Bytes = min(f.Seconds, other.Seconds), min(f.Bytes, other.Bytes)
	f.Allocs, f.PeakMB = min(f.Allocs, other.Allocs), min(f.PeakMB, other.PeakMB)
}

func compare(rounds int) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := writeImages(dir); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	provider := exec.CommandContext(ctx, self, "-serve")
	out, err := provider.StdoutPipe()
	if err != nil {
		return err
	}
	if err := provider.Start(); err != nil {
		return err
	}
	defer provider.Wait()
	defer provider.Process.Kill()
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("start the provider: %w", err)
	}
	best := map[string]figure{}
	for round := range rounds {
		for _, c := range clients {
			for _, task := range c.tasks {
				fmt.Fprintf(os.Stderr, "\rround %d/%d: %-40s", round+1, rounds, c.name+" "+task)
				out, err := exec.CommandContext(ctx, self, "-client", c.name, "-task", task, "-url", strings.TrimSpace(url), "-dir", dir).Output()
				if err != nil {
					return fmt.Errorf("%s, %s: %w%s", c.name, task, err, stderrOf(err))
				}
				var f figure
				if err := json.Unmarshal(out, &f); err != nil {
					return err
				}
				if known, ok := best[c.name+task]; ok {
					f.least(known)
				}
				best[c.name+task] = f
			}
		}
	}
	fmt.Fprintln(os.Stderr)
	printTables(best)
	return nil
}

func stderrOf(err error) string {
	if exit, ok := err.(*exec.ExitError); ok {
		return "\n" + string(exit.Stderr)
	}
	return ""
}

func writeImages(dir string) error {
	data := make([]byte, imageSize)
	for i := range data {
		data[i] = byte(i * 2654435761 >> 13)
	}
	for i := range images {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.jpg", i)), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func printTables(best map[string]figure) {
	fmt.Printf("One request with %d images of %d MiB\n\n| client | ms | × our adapter of that format | allocated MB | allocations | peak RSS MB |\n|---|---|---|---|---|---|\n", images, imageSize>>20)
	for _, c := range clients {
		f, ok := best[c.name+"images"]
		if !ok {
			continue
		}
		fmt.Printf("| %s | %.0f | %.1f | %.2f | %.0f | %.0f |\n", c.name, 1000*f.Seconds, f.Seconds/best[c.ours+"images"].Seconds, f.Bytes/1e6, f.Allocs, f.PeakMB)
	}
	fmt.Printf("\nA streamed reply of %d chunks, per chunk\n\n| client | µs | × our adapter of that format | bytes | allocations |\n|---|---|---|---|---|\n", chunks)
	for _, c := range clients {
		f, ok := best[c.name+"chunks"]
		if !ok {
			continue
		}
		fmt.Printf("| %s | %.2f | %.1f | %.0f | %.1f |\n", c.name, 1e6*f.Seconds, f.Seconds/best[c.ours+"chunks"].Seconds, f.Bytes, f.Allocs)
	}
	fmt.Printf("\nAdmission of one call, closed circuit, a context that can be cancelled\n\n| what | ns | allocations |\n|---|---|---|\n")
	for _, a := range admissions {
		r := a.run()
		fmt.Printf("| %s | %.1f | %d |\n", a.name, float64(r.T.Nanoseconds())/float64(r.N), r.AllocsPerOp())
	}
}
