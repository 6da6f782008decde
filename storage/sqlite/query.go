package sqlite

import (
	"strconv"
	"time"

	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// microsOrNull keeps a zero time as null.
func microsOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return micros(t)
}

// printable returns an id for an error's text; one that is none is quoted and cut.
func printable(id string) string {
	if valid.ID(id) {
		return id
	}
	return strconv.Quote(id[:min(len(id), 64)])
}
