//go:build !unix

package offline

import "os/exec"

// alone does nothing here: without process groups the program alone is killed.
func alone(*exec.Cmd) {}
