package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
)

func TestVerifyFindsWhateverWasDoneToTheAudit(t *testing.T) {
	for _, tampering := range []struct{ name, do, says string }{
		{"changed", `UPDATE audit_entries SET who = 'basma' WHERE id = 2`, "entry 2 of the audit"},
		{"detail removed", `UPDATE audit_entries SET detail = NULL WHERE id = 2`, "entry 2 of the audit"},
		{"first removed", `DELETE FROM audit_entries WHERE id = 1`, "entry 2 of the audit"},
		{"last removed", `DELETE FROM audit_entries WHERE id = 3`, "ends after 2 entries, 3 were written"},
		{"all removed", `DELETE FROM audit_entries`, "ends after 0 entries"},
		{"slipped in", `INSERT INTO audit_entries VALUES (4, 'amal', 'w', '', '', NULL, 0, zeroblob(32))`, "entry 4 of the audit"},
		{"reordered", `UPDATE audit_entries SET id = 9 WHERE id = 2`, "entry 3 of the audit"},
	} {
		t.Run(tampering.name, func(t *testing.T) {
			dir := t.TempDir()
			store := open(t, dir)
			for i := range 3 {
				require.NoError(t, store.AddAudit(t.Context(), storage.AuditEntry{Who: "amal", What: fmt.Sprint("w", i), Detail: []byte("1")}))
			}
			require.NoError(t, store.Close())
			raw(t, dir, `DROP TRIGGER audit_entries_final; DROP TRIGGER audit_entries_kept;`+tampering.do)
			store = open(t, dir)
			require.ErrorContains(t, store.VerifyAudit(t.Context()), tampering.says)
			require.ErrorContains(t, store.Check(t.Context()), tampering.says)
		})
	}
}

func TestTheAuditCannotBeChanged(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	require.NoError(t, store.AddAudit(t.Context(), storage.AuditEntry{Who: "amal", What: "w"}))
	require.NoError(t, store.Close())
	db := database(t, dir)
	defer db.Close()
	for _, change := range []string{
		`UPDATE audit_entries SET who = 'basma'`, `DELETE FROM audit_entries`,
		`INSERT OR REPLACE INTO audit_entries VALUES (1, 'basma', 'w', '', '', NULL, 0, zeroblob(32))`,
	} {
		_, err := db.ExecContext(t.Context(), change)
		require.ErrorContains(t, err, "an entry of the audit is", change)
	}
}
