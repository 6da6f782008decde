//go:build unix

package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
)

func TestVerifyFindsWhateverWasDoneToTheAudit(t *testing.T) {
	for _, tampering := range []struct{ name, do, says string }{
		{"changed", `UPDATE audit_entries SET who = 'basma' WHERE id = 2`, "entry 2 of the audit"},
		{"first removed", `DELETE FROM audit_entries WHERE id = 1`, "entry 2 of the audit"},
		{"last removed", `DELETE FROM audit_entries WHERE id = 3`, "ends after 2 entries, 3 were written"},
		{"all removed", `TRUNCATE audit_entries`, "ends after 0 entries"},
		{"slipped in", `INSERT INTO audit_entries (who, what, target, why, created, hash) VALUES ('amal', 'w', '', '', now(), decode(repeat('00', 32), 'hex'))`, "entry 4 of the audit"},
	} {
		t.Run(tampering.name, func(t *testing.T) {
			u := server.Database(t)
			store := open(t, u)
			for i := range 3 {
				require.NoError(t, store.AddAudit(t.Context(), storage.AuditEntry{Who: "amal", What: fmt.Sprint("w", i)}))
			}
			exec1(t, u, `ALTER TABLE audit_entries DISABLE TRIGGER USER`)
			exec1(t, u, tampering.do)
			require.ErrorContains(t, store.VerifyAudit(t.Context()), tampering.says)
			require.ErrorContains(t, store.Check(t.Context()), tampering.says)
		})
	}
}

func TestTheAuditCannotBeChanged(t *testing.T) {
	u := server.Database(t)
	require.NoError(t, open(t, u).AddAudit(t.Context(), storage.AuditEntry{Who: "amal", What: "w"}))
	conn, err := pgx.Connect(t.Context(), u)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	for _, change := range []string{`UPDATE audit_entries SET who = 'basma'`, `DELETE FROM audit_entries`, `TRUNCATE audit_entries`} {
		_, err := conn.Exec(t.Context(), change)
		require.ErrorContains(t, err, "never changed nor deleted", change)
	}
}

// Those who listen in another process are woken; whose link is cut is told, and is woken
// when it listens anew.
func TestFlagsWakeOtherProcessesAndTellOfALostLink(t *testing.T) {
	u := server.Database(t)
	here, there := open(t, u), open(t, u)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	woken, ended := make(chan struct{}, 100), make(chan error, 1)
	listen := func() { ended <- there.ListenFlags(ctx, func() { woken <- struct{}{} }) }
	go listen()
	<-woken
	require.NoError(t, here.PutFlagOverride(t.Context(), "A", []byte("1")))
	<-woken
	require.NoError(t, here.DeleteFlagOverride(t.Context(), "A"))
	<-woken
	exec1(t, u, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'learnsnap-flags' AND datname = current_database()`)
	require.Error(t, <-ended)
	require.NoError(t, here.PutFlagOverride(t.Context(), "A", []byte("2"))) // not heard of
	go listen()
	<-woken
	all, err := there.FlagOverrides(t.Context())
	require.NoError(t, err)
	require.Equal(t, "2", string(all["A"]))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestProcessesShareALimit(t *testing.T) {
	u := server.Database(t)
	here, there := open(t, u), open(t, u)
	var all sync.WaitGroup
	var took atomic.Int32
	for i := range 40 {
		store := []*postgres.Store{here, there}[i%2]
		all.Go(func() {
			got, err := store.Take(t.Context(), "k", 1, 25, time.Hour)
			if err != nil {
				t.Error(err)
			}
			if got.OK {
				took.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 25, took.Load())
}
