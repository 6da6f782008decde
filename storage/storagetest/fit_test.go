package storagetest_test

import (
	"github.com/learnsnap/learnsnap-go/flags"
	"github.com/learnsnap/learnsnap-go/slo"
	"github.com/learnsnap/learnsnap-go/storage"
)

// A store fits where other packages ask for one, without importing them.
var (
	_ flags.Store = storage.Store(nil)
	_ slo.Ledger  = storage.Store(nil)
)
