package telemetry_test

import (
	"fmt"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

func ExampleScrub() {
	fmt.Println(telemetry.Scrub(`open postgres://app:hunter2@db/quiz for sara@example.com, +966 51 234 5678`))
	fmt.Println(telemetry.Scrub(`{"page":3,"token":"hunter2","text":"ما عاصمة مصر؟"}`))
	// Output:
	// open postgres://[redacted]@db/quiz for [redacted], [redacted]
	// {"page":3,"token":"[redacted]","text":"[text]؟"}
}
