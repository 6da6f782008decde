//go:build unix

package offline

import (
	"os"
	"os/exec"
	"syscall"
)

// alone puts a program into a process group of its own, which is killed as a whole
// when the program's context ends: what it has started goes with it.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
			return os.ErrProcessDone
		}
		return nil
	}
}
