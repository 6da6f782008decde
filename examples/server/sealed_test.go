package main_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const encryptionKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// found reports whether any file below a folder holds a text.
func found(t *testing.T, dir, text string) bool {
	t.Helper()
	hit := false
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		hit = hit || bytes.Contains(data, []byte(text))
		return err
	}))
	return hit
}

func TestWhatPeopleWriteIsSealedOnTheDisk(t *testing.T) {
	const said = "chambers" // stands on the page
	plain := t.TempDir()
	s := start(t, plain)
	d := s.device()
	d.watch(d.create([][]byte{[]byte(heart)}, "questions", "5").SessionID, "", 0)
	require.NoError(t, s.stop())
	require.True(t, found(t, plain, said), "else the next would prove nothing")

	dir := t.TempDir()
	environ := []string{"ENABLE_ENCRYPTION=true", "ENCRYPTION_KEY=" + encryptionKey}
	s = start(t, dir, environ...)
	d = s.device()
	id := d.create([][]byte{[]byte(heart)}, "questions", "5").SessionID
	d.watch(id, "", 0)
	require.NoError(t, s.stop())
	require.False(t, found(t, dir, said))
	s = start(t, dir, environ...)
	require.Len(t, device{s, d.token}.get(id, "").Questions, 5, "and opens again")
	require.NoError(t, s.stop())

	require.Contains(t, fails(t, "DATA_DIR="+dir, "ENABLE_ENCRYPTION=true", "ENCRYPTION_KEY=MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="), "ENCRYPTION_KEY")
	require.Contains(t, fails(t, "DATA_DIR="+dir), "ENCRYPTION_KEY")
	require.Contains(t, fails(t, "ENABLE_ENCRYPTION=true"), "openssl rand")
	require.NotContains(t, fails(t, "ENCRYPTION_KEY=too-short-a-key"), "too-short")
}

// What an operator does by hand goes through the same binary and configuration.
func TestOperatorsWorkByHand(t *testing.T) {
	dir, copies := t.TempDir(), t.TempDir()
	s := start(t, dir)
	d := s.device()
	id := d.create([][]byte{[]byte(heart)}, "questions", "5").SessionID
	d.watch(id, "", 0)
	do := func(code int, args ...string) string {
		cmd := exec.Command(binary, append([]string{"admin"}, args...)...)
		cmd.Env = []string{"DATA_DIR=" + dir, "BACKUP_DIR=" + copies, "PATH=" + os.Getenv("PATH")}
		out, err := cmd.CombinedOutput()
		require.Equal(t, code, cmd.ProcessState.ExitCode(), "%v: %v\n%s", args, err, out)
		return string(out)
	}
	require.Contains(t, do(0, "help"), "backup")
	do(0, "backup") // beside the running server
	do(0, "verify")
	do(2, "no-such-command")
	require.NoError(t, s.stop())
	backups, err := filepath.Glob(filepath.Join(copies, "*"))
	require.NoError(t, err)
	require.Len(t, backups, 1)

	old := dir
	dir = t.TempDir()
	do(0, "restore", backups[0])
	do(0, "verify")
	s = start(t, dir)
	require.Equal(t, "ready", device{s, d.token}.get(id, "").Status, "the device is known as well: its secret was kept")
	require.NoError(t, s.stop())
	require.NotEqual(t, old, dir)
}
