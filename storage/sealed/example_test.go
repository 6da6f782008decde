package sealed_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// A store that keeps what people write sealed.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "learnsnap")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	keys, err := sealed.ParseKeys("tDq3wCqZkP0x4mXo2l1f7C6v0e2rJ8yZb5aQnW9uHsE=") // ENCRYPTION_KEY
	if err != nil {
		log.Fatal(err)
	}
	engine, err := sqlite.Open(ctx, sqlite.Config{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	store, err := sealed.Open(ctx, engine, sealed.Config{Keys: keys})
	if err != nil {
		log.Fatal(err)
	}

	request := []byte(`{"questions":20}`)
	if err := store.CreateSession(ctx, storage.Session{ID: "quiz-1", Owner: "device-1", Request: request}, false); err != nil {
		log.Fatal(err)
	}
	read, err := store.Session(ctx, "quiz-1")
	if err != nil {
		log.Fatal(err)
	}
	kept, err := engine.Session(ctx, "quiz-1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("read: %s\n", read.Request)
	fmt.Printf("kept: %d bytes that begin with %x\n", len(kept.Request), kept.Request[:4])
	// Output:
	// read: {"questions":20}
	// kept: 52 bytes that begin with ff4c5301
}
