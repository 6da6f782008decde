//go:build !linux || race

package pages

// limitMemory does nothing: other systems have no bound of a process's own memory
// that works, and the race detector needs more than any.
func limitMemory(int64) {}
