package main

import (
	"math"
	"net/http"
	"strconv"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/storage"
)

// The most entries that one answer of a list has, and how many it has by itself.
const (
	listMost = 200
	listSize = 50
)

// A part of a list, newest first, is what a request asks for with limit and cursor.
type part struct {
	before int64 // ids from here on; 0 means from the newest
	limit  int
}

func partOf(r *http.Request) (part, error) {
	limit, err := limitOf(r)
	if err != nil {
		return part{}, err
	}
	before, err := numberOf(r, "cursor", 0, 1, math.MaxInt64)
	return part{before, limit}, err
}

// limitOf reads how many entries a request asks for.
func limitOf(r *http.Request) (int, error) {
	n, err := numberOf(r, "limit", listSize, 1, listMost)
	return int(n), err
}

// next says in an answer which cursor leads on, when there may be more behind the last
// of its entries.
func (p part) next(answer map[string]any, entries int, last func() int64) {
	if entries == p.limit {
		answer["next"] = strconv.FormatInt(last(), 10)
	}
}

// numberOf reads a whole number of the query.
func numberOf(r *http.Request, name string, otherwise, least, most int64) (int64, error) {
	v := r.URL.Query().Get(name)
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < least || n > most {
		return 0, fault(learnsnap.InvalidRequest, "%s: want a whole number from %d to %d", name, least, most)
	}
	return n, nil
}

// viewEntries adds a part of a ledger to an answer.
func viewEntries(answer map[string]any, asked part, entries []storage.Entry) {
	views := make([]entryView, len(entries))
	for i, e := range entries {
		views[i] = entryView{e.ID, e.Action, e.Pages, e.Cause, e.Created}
	}
	answer["entries"] = views
	asked.next(answer, len(entries), func() int64 { return entries[len(entries)-1].ID })
}
