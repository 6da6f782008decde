package main_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/slo"
)

// A tally is good events and all events of each objective.
type tally map[string][2]float64

func (a tally) plus(b tally) tally {
	sum := tally{}
	for name := range a {
		sum[name] = [2]float64{a[name][0] + b[name][0], a[name][1] + b[name][1]}
	}
	return sum
}

// reported is what /health/slo says.
func (s *running) reported() tally {
	var report slo.Report
	status, _ := device{s: s}.do("GET", "/health/slo", "", nil, &report)
	require.Equal(s.t, http.StatusOK, status)
	all := tally{}
	for _, o := range report.Objectives {
		all[o.Name] = [2]float64{float64(o.Good), float64(o.Total)}
	}
	return all
}

// scraped adds up the raw counters of a scrape, by the selectors that Prometheus'
// rules are written with.
func (s *running) scraped() tally { return tallyOf(s.t, s.scrape()) }

func tallyOf(t *testing.T, exposition string) tally {
	all := tally{}
	for _, o := range slo.Defaults() {
		var good, total float64
		for _, i := range o.Indicators {
			n := sumOf(t, exposition, i.Prometheus.Total)
			total += n
			if i.Prometheus.Good != "" {
				good += sumOf(t, exposition, i.Prometheus.Good)
			} else {
				good += n - sumOf(t, exposition, i.Prometheus.Bad)
			}
		}
		all[o.Name] = [2]float64{good, total}
	}
	return all
}

var (
	selectorForm = regexp.MustCompile(`^(\w+)(?:\{(.*)\})?$`)
	matcherForm  = regexp.MustCompile(`(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"`)
	sampleForm   = regexp.MustCompile(`^(\w+)(?:\{(.*)\})? (\S+)`)
)

// sumOf adds up the series that a vector selector chooses.
func sumOf(t *testing.T, exposition, selector string) (sum float64) {
	t.Helper()
	m := selectorForm.FindStringSubmatch(selector)
	require.NotNil(t, m, selector)
	matchers := matcherForm.FindAllStringSubmatch(m[2], -1)
series:
	for line := range strings.Lines(exposition) {
		sample := sampleForm.FindStringSubmatch(line)
		if sample == nil || sample[1] != m[1] {
			continue
		}
		labels := map[string]string{}
		for _, label := range matcherForm.FindAllStringSubmatch(sample[2], -1) {
			labels[label[1]] = label[3]
		}
		for _, by := range matchers {
			value, err := strconv.Unquote(`"` + by[3] + `"`)
			require.NoError(t, err)
			is := labels[by[1]] == value
			if strings.HasSuffix(by[2], "~") {
				is = regexp.MustCompile("^(?:" + value + ")$").MatchString(labels[by[1]])
			}
			if is == (by[2][0] == '!') {
				continue series
			}
		}
		n, err := strconv.ParseFloat(sample[3], 64)
		require.NoError(t, err)
		sum += n
	}
	return sum
}

// mixed is traffic of every kind: answered, refused and turned away, with
// probes and scrapes between, which count nowhere.
func (s *running) mixed(flagsFile string) {
	d := s.device()
	d.watch(d.create([][]byte{[]byte(heart)}, "questions", "5").SessionID, "", 0)
	for _, path := range []string{"/", "/app.js", "/api/v1/credits", "/api/credits", "/api/v1/quiz/unknown", "/nowhere", "/app.css", "/api/v1/admin/flags", "/health", "/health/live", "/metrics"} {
		_, err := d.try("GET", path, "", nil)
		require.NoError(s.t, err)
	}
	readOnly := func(on bool) {
		require.NoError(s.t, os.WriteFile(flagsFile, fmt.Appendf(nil, "READ_ONLY_MODE=%v\n", on), 0o600))
		require.Eventually(s.t, func() bool {
			return strings.Contains(s.scrape(), map[bool]string{true: `{flag="READ_ONLY_MODE"} 1`, false: `{flag="READ_ONLY_MODE"} 0`}[on])
		}, time.Minute, 50*time.Millisecond)
	}
	readOnly(true)
	status, err := d.tryCreate()
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusServiceUnavailable, status)
	readOnly(false)
}

// agrees waits until the server's own count is what Prometheus has: a request is
// counted after its answer was read, and other replicas' counts come with the ledger.
func (s *running) agrees(want func() tally, why string) {
	s.t.Helper()
	got, wanted := s.reported(), want()
	for range 600 {
		if fmt.Sprint(got) == fmt.Sprint(wanted) {
			break
		}
		time.Sleep(100 * time.Millisecond)
		got, wanted = s.reported(), want()
	}
	require.Equal(s.t, wanted, got, why)
}

func TestHealthAndPrometheusCountTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("replicas learn of one another's counts within 20 seconds")
	}
	provider := aitest.NewServer(t, aitest.Gemini, aitest.Say(heartReply(t)))
	flagsFile := filepath.Join(t.TempDir(), "flags")
	environ := []string{
		"FLAGS_FILE=" + flagsFile, "FREE_PAGES_GUEST=-1", "DATABASE_URL=" + postgres.Database(t), "GEMINI_API_KEY=key", "GEMINI_BASE_URL=" + provider.URL,
	}
	a := start(t, t.TempDir(), environ...)
	a.mixed(flagsFile)
	a.agrees(a.scraped, "one server")
	require.NotZero(t, a.scraped()["availability"][1])
	require.NotZero(t, a.scraped()["quiz-latency-p95"][1])
	require.NotZero(t, a.scraped()["ai-success"][1])
	require.Less(t, a.scraped()["availability"][0], a.scraped()["availability"][1], "somebody was turned away")
	require.Equal(t, a.scraped()["error-rate"][0], a.scraped()["error-rate"][1], "and nothing broke")

	b := start(t, t.TempDir(), environ...) // not before: it might make the first one's quiz
	b.mixed(flagsFile)
	both := func() tally { return a.scraped().plus(b.scraped()) }
	a.agrees(both, "two replicas, as the first tells")
	b.agrees(both, "two replicas, as the second tells")

	before := a.scraped()
	require.NoError(t, a.stop())
	a = start(t, t.TempDir(), environ...)
	a.mixed(flagsFile)
	all := func() tally { return before.plus(a.scraped()).plus(b.scraped()) }
	a.agrees(all, "after a graceful restart")
	b.agrees(all, "and as the other replica tells")
}

// What a kill takes from the count is at most its last ten seconds, and Prometheus
// lacks at most what came after its last scrape.
func TestAKillTakesTheLastSecondsOfTheCountAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("counts are stored every ten seconds")
	}
	environ := []string{"FREE_PAGES_GUEST=-1", "RATE_LIMITS=off"}
	dir := t.TempDir()
	s := start(t, dir, environ...)
	d := s.device()
	var answered atomic.Int64
	address := s.url + "/api/v1/credits"
	calm := crowd(2, func() {
		resp, err := http.Get(address)
		if err != nil {
			return // killed
		}
		_, _ = io.Copy(io.Discard, resp.Body) // cut off where the server is killed
		_ = resp.Body.Close()
		answered.Add(1)
	})
	defer calm()
	// How many were answered at each moment, and what the scrape of that moment says.
	const every = 500 * time.Millisecond
	var at []int64
	var last tally
	var until time.Duration
	for until = 0; until < 25*time.Second; until += every {
		time.Sleep(every)
		at = append(at, answered.Load())
		last = s.scraped()
	}
	require.NoError(t, d.s.cmd.Process.Kill())
	total := answered.Load() + 1 // and the device
	s = start(t, dir, environ...)
	var got tally
	require.Eventually(t, func() bool { got = s.reported(); return got["availability"][1] > 0 }, time.Minute, 50*time.Millisecond, "what was stored is read")
	kept := int64(got["availability"][1])
	stored := at[len(at)-1-int(11*time.Second/every)] // ten seconds before, and one for the exchange itself
	t.Logf("%d answered; %d kept, Prometheus has %.0f", total, kept, last["availability"][1])
	require.GreaterOrEqual(t, kept, stored, "what is older than ten seconds is kept")
	slack := int64(4) // of two callers: answered, and not yet counted by one of us
	require.LessOrEqual(t, kept, total+slack)
	lost := total - stored
	require.InDelta(t, last["availability"][1], got["availability"][1], float64(lost+total-at[len(at)-1]+slack))
}
