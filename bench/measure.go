package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// measure does one task as one client and prints what it took.
func measure(name, task, url, dir string) error {
	c, err := find(name)
	if err != nil {
		return err
	}
	ctx := context.Background()
	ask, err := c.open(ctx, url)
	if err != nil {
		return err
	}
	var files []string
	if task == "images" {
		if files, err = filepath.Glob(filepath.Join(dir, "*.jpg")); err != nil {
			return err
		}
	}
	if _, err := ask(ctx, nil); err != nil { // opens the connection
		return fmt.Errorf("warm up: %w", err)
	}
	n := 1
	if task == "chunks" {
		n = replies
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	for range n {
		text, err := ask(ctx, files)
		if err != nil {
			return err
		}
		if want := 1; task == "chunks" && c.tells && len(text) < chunks*want {
			return fmt.Errorf("only %d bytes of text came", len(text))
		}
	}
	took := time.Since(began).Seconds()
	runtime.ReadMemStats(&after)
	per := 1.0
	if task == "chunks" {
		per = float64(n * chunks)
	}
	return json.NewEncoder(os.Stdout).Encode(figure{
		Seconds: took / per,
		Bytes:   float64(after.TotalAlloc-before.TotalAlloc) / per,
		Allocs:  float64(after.Mallocs-before.Mallocs) / per,
		PeakMB:  peak(),
	})
}

// peak returns the most memory that the process had, in MB.
func peak() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}
