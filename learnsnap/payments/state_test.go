package payments_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

// printed returns a value in the ways in which it could come into a log.
func printed(t *testing.T, v any) []string {
	t.Helper()
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "value", v, "inside", struct{ V any }{v})
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "value", v, "inside", struct{ V any }{v})
	encoded, err := json.Marshal(map[string]any{"v": v})
	require.NoError(t, err)
	texts := []string{b.String(), string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, v), fmt.Sprintf(verb, struct{ V any }{v}))
	}
	return texts
}

// table is what the state machine promises, a line for each state, written out once
// more so that no cell changes unseen: what the events, in the order of
// [payments.Events], lead to. "!" raises an alarm, "+" grants, "." stays.
const table = `
created    pending cancelled !review pending +paid cancelled !review !review cancelled
pending    .       !.        .       .       +paid cancelled !review expired cancelled
paid       .       !.        .       .       .     !.        !.      .       .
cancelled  !review .         !review .       +paid .         !review .       .
expired    .       !.        .       .       +paid cancelled !review .       cancelled
review     pending cancelled .       .       +paid cancelled .       .       cancelled
`

func TestEveryStateAnswersEveryEvent(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(table), "\n")
	require.Len(t, rows, len(payments.States()))
	for r, state := range payments.States() {
		cells := strings.Fields(rows[r])
		require.Equal(t, string(state), cells[0])
		require.Len(t, cells[1:], len(payments.Events()))
		for c, event := range payments.Events() {
			cell, want := cells[c+1], payments.Step{To: state, Do: payments.Nothing}
			switch cell[0] {
			case '!':
				cell, want.Do = cell[1:], payments.Alarm
			case '+':
				cell, want.Do = cell[1:], payments.Grant
			}
			if cell != "." {
				want.To = payments.State(cell)
			}
			require.Equal(t, want, state.On(event), "%s, %s", state, event)
		}
	}
}

// TestPagesAreGrantedOnce walks every order in which five messages can arrive.
func TestPagesAreGrantedOnce(t *testing.T) {
	var walk func(state payments.State, grants, depth int, paid bool)
	walk = func(state payments.State, grants, depth int, paid bool) {
		require.True(t, slices.Contains(payments.States(), state))
		require.LessOrEqual(t, grants, 1)
		require.Equal(t, paid, state == payments.Paid, "once the money is seen it stays paid, and never before")
		require.Equal(t, paid, grants == 1)
		if depth == 0 {
			return
		}
		for _, event := range payments.Events() {
			step := state.On(event)
			granted := grants
			if step.Do == payments.Grant {
				granted++
			}
			walk(step.To, granted, depth-1, paid || event == payments.SawPaid)
		}
	}
	walk(payments.Created, 0, 5, false)
}

func TestWhatEndsInReviewIsTold(t *testing.T) {
	for _, state := range payments.States() {
		for _, event := range payments.Events() {
			if step := state.On(event); step.To == payments.Review && state != payments.Review {
				require.Equal(t, payments.Alarm, step.Do, "%s, %s", state, event)
			}
		}
	}
}

func TestMessagesThatComeTwiceChangeNothingMore(t *testing.T) {
	for _, state := range payments.States() {
		for _, event := range payments.Events() {
			once := state.On(event)
			twice := once.To.On(event)
			if state == payments.Cancelled && event == payments.InvoiceMade {
				// It goes to review, where the invoice is known; Create is asked once only.
				require.Equal(t, payments.Pending, twice.To)
				continue
			}
			require.Equal(t, once.To, twice.To, "%s, %s", state, event)
			require.NotEqual(t, payments.Grant, twice.Do)
		}
	}
}

func TestAnUnknownStateOrEventStaysAndIsTold(t *testing.T) {
	require.Equal(t, payments.Step{To: "refunded", Do: payments.Alarm}, payments.State("refunded").On(payments.SawPaid))
	require.Equal(t, payments.Step{To: payments.Paid, Do: payments.Alarm}, payments.Paid.On("struck by lightning"))
}

// TestTheDocumentShowsTheTable keeps docs/PAYMENTS.md true.
func TestTheDocumentShowsTheTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("| |")
	for _, event := range payments.Events() {
		fmt.Fprintf(&b, " %s |", event)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(payments.Events())))
	for _, state := range payments.States() {
		fmt.Fprintf(&b, "\n| **%s** |", state)
		for _, event := range payments.Events() {
			step := state.On(event)
			cell := string(step.To)
			if step.To == state {
				cell = "–"
			}
			if step.Do != payments.Nothing {
				cell += ", " + string(step.Do)
			}
			fmt.Fprintf(&b, " %s |", cell)
		}
	}
	document, err := os.ReadFile("../../docs/PAYMENTS.md")
	require.NoError(t, err)
	require.Contains(t, string(document), b.String(), "the table of docs/PAYMENTS.md should be this one:\n%s", b.String())
}
