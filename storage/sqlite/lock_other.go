//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package sqlite

import (
	"errors"
	"os"
)

// lockFile refuses: without a lock that a killed process gives back, nothing
// keeps two processes apart, and the job queue relies on being alone.
func lockFile(*os.File) error { return errors.ErrUnsupported }
