//go:build !race

package pages

import "syscall"

// limitMemory bounds the writable memory of this process at what need says and as
// much again, for the runtime claims it in large pieces, over what a Go program
// starts with. A decoder that asks for more ends the process. The race detector
// claims so much that the limit would stop it.
func limitMemory(need int64) {
	limit := uint64(512<<20 + 2*need)
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_DATA, &now); err != nil || now.Max < limit {
		return // a lower limit stays
	}
	// Without the limit the decoding is as good; it only fails later and worse.
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: limit, Max: limit})
}
