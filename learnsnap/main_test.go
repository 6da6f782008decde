package learnsnap_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// childDir names the folder that a child process works in, see kill_test.go.
const childDir = "LEARNSNAP_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir)) // it is killed before that
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
