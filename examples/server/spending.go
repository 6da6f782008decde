package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/learnsnap/learnsnap-go/ai"
)

// spendingFile is where in DATA_DIR the day's spending stands, so that a restart
// does not forget it.
const spendingFile = "ai-spending.json"

type spending struct {
	Day string  `json:"day"`
	USD float64 `json:"usd"`
}

// newBudget returns the budget of AI_DAILY_USD, or nil where that is not set. It is
// one process's: replicas have one each.
func newBudget(c config, prices ai.Prices, log *slog.Logger) (*ai.Budget, error) {
	if c.AIDailyUSD == 0 {
		return nil, nil
	}
	path := filepath.Join(c.DataDir, spendingFile)
	last, err := readSpending(path)
	if err != nil {
		return nil, fmt.Errorf("AI_DAILY_USD: %w (remove the file to begin the day at 0)", err)
	}
	told := ""
	return ai.NewBudget(ai.BudgetConfig{
		USD: c.AIDailyUSD, Prices: prices, Day: last.Day, Spent: last.USD,
		OnSpend: func(day string, usd float64) {
			if err := (spending{day, usd}).write(path); err != nil {
				log.Error("the day's spending could not be kept; a restart would forget it", "error", err)
			}
			if usd >= c.AIDailyUSD && told != day {
				told = day
				log.Warn("the day's budget is spent; models that have a price wait for the next day (UTC)", "usd", usd, "budget", c.AIDailyUSD)
			}
		},
	}), nil
}

func readSpending(path string) (spending, error) {
	var s spending
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, nil
	case err != nil:
		return s, fmt.Errorf("read the day's spending: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("read the day's spending in %s: %w", path, err)
	}
	return s, nil
}

// write replaces the file as a whole: who is killed leaves the old one or the new.
func (s spending) write(path string) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	next := path + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
