package sqlite_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// A quiz from the pages that it costs to the worker that makes it.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "learnsnap")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	store, err := sqlite.Open(ctx, sqlite.Config{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	if _, err := store.Grant(ctx, "device-1", "welcome", 2); err != nil {
		log.Fatal(err)
	}
	err = store.CreateSession(ctx, storage.Session{
		ID:      "quiz-1",
		Owner:   "device-1",
		Pages:   1,
		Request: []byte(`{"questions":20}`),
		Expires: time.Now().Add(24 * time.Hour),
	}, true)
	if err != nil {
		log.Fatal(err)
	}
	balance, err := store.Balance(ctx, "device-1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("pages left:", balance)

	ctx, done := context.WithCancel(ctx)
	err = store.Work(ctx, storage.WorkConfig{}, func(ctx context.Context, job storage.Job) error {
		defer done() // a server would go on
		quiz, err := store.ClaimSession(ctx, job.Session)
		if err != nil {
			return err
		}
		fmt.Println("working on", quiz.ID, "for the first time:", quiz.Claim == 1)
		item := storage.Item{Seq: quiz.Items + 1, Kind: "question", JSON: []byte(`{"id":"q1"}`)}
		if err := store.AppendItem(ctx, quiz.ID, quiz.Claim, item); err != nil {
			return err
		}
		return store.FinishSession(ctx, quiz.ID, quiz.Claim, storage.Outcome{Status: storage.Ready})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// pages left: 1
	// working on quiz-1 for the first time: true
}
