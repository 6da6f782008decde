package jobs

import (
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// A clock tells the time in place of the process's and the database's. Without a now it
// is none: River then dates jobs by the database's clock, and waits by the process's.
type clock struct{ now func() time.Time }

// config hands the clock to River, which takes one under this name alone.
func (c clock) config() river.TestConfig {
	if c.now == nil {
		return river.TestConfig{}
	}
	return river.TestConfig{Time: c}
}

var _ rivertype.TimeGenerator = clock{}

// Now implements [rivertype.TimeGenerator].
func (c clock) Now() time.Time {
	if c.now == nil {
		return time.Now()
	}
	return c.now()
}

// NowOrNil implements [rivertype.TimeGenerator].
func (c clock) NowOrNil() *time.Time {
	if c.now == nil {
		return nil
	}
	now := c.now()
	return &now
}
