package sqlite

import (
	"strconv"
	"time"
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

// validID reports whether a session's id may name a folder: 1 to 64 letters,
// digits, - or _.
func validID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
		if !ok {
			return false
		}
	}
	return true
}

// printable returns an id for an error's text; one that is none is quoted and cut.
func printable(id string) string {
	if validID(id) {
		return id
	}
	return strconv.Quote(id[:min(len(id), 64)])
}
