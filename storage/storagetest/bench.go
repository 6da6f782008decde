package storagetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// BenchmarkReadSLOCounts fills an empty store with the counts of two replicas: six
// objectives in each minute of 30 days. It then times what a program does at its start,
// to read them all.
func BenchmarkReadSLOCounts(b *testing.B, store storage.SLOCounts) {
	const objectives, days = 6, 30
	for _, replica := range []string{"r1", "r2"} {
		for day := range days {
			if err := putDay(b, store, replica, minute(day*24*60), objectives); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		rows := 0
		err := store.SLOCounts(b.Context(), "", hour(), func(string, time.Time, int64, int64) { rows++ })
		if err != nil {
			b.Fatal(err)
		}
		if rows != objectives*days*24*60 {
			b.Fatalf("read %d rows", rows)
		}
	}
}

// putDay counts in every minute of a day.
func putDay(b *testing.B, store storage.SLOCounts, replica string, from time.Time, objectives int) error {
	var names []string
	var minutes []time.Time
	var good, total []int64
	for n := range 24 * 60 {
		for o := range objectives {
			names, minutes = append(names, fmt.Sprint("objective ", o)), append(minutes, from.Add(time.Duration(n)*time.Minute))
			good, total = append(good, int64(n)), append(total, int64(n+1))
		}
	}
	return store.PutSLOCounts(b.Context(), replica, names, minutes, good, total)
}
