package resilience

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A memoryReader reads what the process and its container use, and what they may use.
type memoryReader struct {
	files fs.FS
	limit int64     // of the configuration; 0 when there is none
	steps []float64 // shares at which something is done

	// Where the process' cgroup is, looked for once.
	find  sync.Once
	dir   string
	top   string // empty when there is none
	names cgroupFiles

	mu     sync.Mutex
	values []metrics.Sample
}

// What the runtime is asked, in the order in which read takes it.
var memoryMetrics = [...]string{
	"/memory/classes/total:bytes",
	"/memory/classes/heap/released:bytes",
	"/memory/classes/heap/objects:bytes",
	"/memory/classes/heap/unused:bytes",
	"/memory/classes/heap/free:bytes",
	"/gc/heap/live:bytes",
	"/gc/gomemlimit:bytes",
}

func newMemoryReader(files fs.FS, limit int64, steps ...float64) *memoryReader {
	if files == nil {
		files = os.DirFS("/")
	}
	m := &memoryReader{files: files, limit: max(limit, 0), steps: steps, values: make([]metrics.Sample, len(memoryMetrics))}
	for i, name := range memoryMetrics {
		m.values[i].Name = name
	}
	return m
}

// read returns the bytes in use that a collection would not free and their limit.
//
// What was allocated since the last collection may be garbage or not. As long as there
// is room it passes for garbage; when it would make the difference a collection finds
// out, for a burst of live memory would else be seen when it is too late.
func (m *memoryReader) read() (used, limit int64, err error) {
	r, err := m.readings()
	if err != nil {
		return 0, 0, err
	}
	used, limit = r.nearest(r.free + r.fresh)
	worst, of := r.nearest(r.free)
	if slices.ContainsFunc(m.steps, func(step float64) bool { return share(used, limit) < step && step <= share(worst, of) }) {
		runtime.GC()
		if r, err = m.readings(); err != nil {
			return 0, 0, err
		}
		used, limit = r.nearest(r.free + r.fresh)
	}
	return used, limit, nil
}

// A memoryReading is all that is read at a time, in bytes.
type memoryReading struct {
	own, limit int64     // of the process
	container  container // zero without a limit
	free       int64     // of own: what the runtime has to spare, as far as it must give that back in time
	fresh      int64     // of own, as far: what the last collection has not judged
}

func (m *memoryReader) readings() (r memoryReading, err error) {
	goes, free, fresh, soft := m.runtime()
	if r.own, err = m.resident(); err != nil {
		return r, err
	}
	if r.own == 0 { // no /proc here: what the runtime has from the system
		r.own = goes
	}
	r.container = m.container()
	if r.limit = smallest(m.limit, r.container.limit, soft); r.limit == 0 {
		r.limit = m.machine()
	}
	if soft <= r.limit { // else nothing makes the runtime collect before the limit
		r.free, r.fresh = free, fresh
	}
	return r, nil
}

// nearest returns what is used, less what is to spare, and its limit: of the process or
// of its container, whichever is nearer to its limit.
func (r memoryReading) nearest(spare int64) (used, limit int64) {
	used, shared := max(r.own-spare, 0), max(r.container.used-spare, 0)
	if share(shared, r.container.limit) > share(used, r.limit) {
		return shared, r.container.limit
	}
	return used, r.limit
}

func share(used, limit int64) float64 {
	if limit <= 0 {
		return 0
	}
	return float64(used) / float64(limit)
}

// runtime returns the bytes that the runtime has from the system; of them those that it
// has to spare and those that were allocated since the last collection; and the limit
// that it has been told to keep to.
func (m *memoryReader) runtime() (taken, free, fresh, soft int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	metrics.Read(m.values)
	value := func(i int) int64 { return int64(min(m.values[i].Value.Uint64(), math.MaxInt64)) }
	return value(0) - value(1), value(3) + value(4), max(value(2)-value(5), 0), value(6)
}

// smallest returns the smallest of limits that are there.
func smallest(limits ...int64) int64 {
	least := int64(0)
	for _, l := range limits {
		if l > 0 && l < none && (least == 0 || l < least) {
			least = l
		}
	}
	return least
}

// none is where limits begin that are none: cgroup v1 says so with the greatest whole
// page, the runtime with the greatest int64.
const none = 1 << 60

// resident returns the process' resident memory but for pages of files, which the
// kernel takes back by itself; 0 where there is no /proc.
func (m *memoryReader) resident() (int64, error) {
	data, err := fs.ReadFile(m.files, "proc/self/statm")
	if err != nil {
		return 0, nil
	}
	fields := strings.Fields(string(data))
	if len(fields) < 3 {
		return 0, fmt.Errorf("read /proc/self/statm: %d fields, want 3 or more", len(fields))
	}
	resident, err := strconv.ParseInt(fields[1], 10, 48)
	if err != nil {
		return 0, fmt.Errorf("read /proc/self/statm: resident: %w", err)
	}
	ofFiles, err := strconv.ParseInt(fields[2], 10, 48)
	if err != nil {
		return 0, fmt.Errorf("read /proc/self/statm: shared: %w", err)
	}
	return max(resident-ofFiles, 0) * int64(os.Getpagesize()), nil
}

// machine returns the machine's memory, or 0.
func (m *memoryReader) machine() int64 {
	data, err := fs.ReadFile(m.files, "proc/meminfo")
	if err != nil {
		return 0
	}
	kib := value(string(data), "MemTotal:")
	if kib >= none>>10 {
		return 0
	}
	return kib << 10
}

// value finds "name number" among lines; 0 when it is not there.
func value(text, name string) int64 {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == name {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0
			}
			return max(n, 0)
		}
	}
	return 0
}
