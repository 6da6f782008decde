package storage_test

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
)

func TestAnEntrysChainHoldsEveryFieldButTheID(t *testing.T) {
	e := storage.Entry{ID: 1, Owner: "amal", Action: storage.Grant, Pages: 5, Cause: "welcome", Created: time.UnixMicro(1_900_000_000_000_001)}
	first := e.Chain(nil)
	require.Len(t, first, 32)
	// Written down, for a chain must be the same on every engine and for ever.
	require.Equal(t, "234a7b57bf0a9535fb056e97b030f2b534d90f881f8f28856123e2b49ab78e22", hex.EncodeToString(first))

	other := e
	other.ID = 2
	other.Created = e.Created.In(time.FixedZone("", 3600))
	require.Equal(t, first, other.Chain(nil))

	seen := map[string]bool{string(first): true, string(e.Chain(first)): true}
	for _, change := range []func(*storage.Entry){
		func(e *storage.Entry) { e.Owner = "amal2" },
		func(e *storage.Entry) { e.Owner, e.Cause = "amalw", "elcome" },
		func(e *storage.Entry) { e.Action = storage.Adjust },
		func(e *storage.Entry) { e.Pages = -5 },
		func(e *storage.Entry) { e.Cause = "welcome2" },
		func(e *storage.Entry) { e.Created = e.Created.Add(time.Microsecond) },
	} {
		changed := e
		change(&changed)
		seen[string(changed.Chain(nil))] = true
	}
	require.Len(t, seen, 8)
}
