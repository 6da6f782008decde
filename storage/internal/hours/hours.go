// Package hours packs the counts of an hour's minutes into one value, as the engines
// keep them: a month of minutes is read in a few thousand rows, not in hundreds of
// thousands.
package hours

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	minutes = 60
	pair    = 16 // bytes of a minute: good and total, big-endian

	// Size is that of a packed hour, in bytes.
	Size = minutes * pair
)

// An Hour is the counts of its minutes. The zero value has counted nothing.
type Hour [minutes]struct{ Good, Total int64 }

// Unpack reads a packed hour.
func Unpack(data []byte) (h Hour, err error) {
	if len(data) != Size {
		return h, fmt.Errorf("an hour of counts has %d bytes, want %d", len(data), Size)
	}
	for i := range h {
		at := data[i*pair:]
		h[i].Good, h[i].Total = int64(binary.BigEndian.Uint64(at)), int64(binary.BigEndian.Uint64(at[8:]))
	}
	return h, nil
}

// Pack is the inverse of [Unpack].
func (h *Hour) Pack() []byte {
	data := make([]byte, 0, Size)
	for _, m := range h {
		data = binary.BigEndian.AppendUint64(data, uint64(m.Good))
		data = binary.BigEndian.AppendUint64(data, uint64(m.Total))
	}
	return data
}

// A Change is what is to be set in one hour of one objective.
type Change struct {
	Objective string
	Hour      time.Time // whole, in UTC
	set       []setting
}

type setting struct {
	minute      int
	good, total int64
}

// Apply sets the minutes of a change in an hour.
func (c Change) Apply(h *Hour) {
	for _, s := range c.set {
		h[s.minute].Good, h[s.minute].Total = s.good, s.total
	}
}

// Gather sorts rows into hours. The changes come in an order that is the same for the
// same hours, so that two who lock them do not wait for each other.
func Gather(objectives []string, at []time.Time, good, total []int64) ([]Change, error) {
	if len(at) != len(objectives) || len(good) != len(objectives) || len(total) != len(objectives) {
		return nil, errors.New("the lists of counts have different lengths")
	}
	type key struct {
		objective string
		hour      int64
	}
	found := map[key]*Change{}
	for i, objective := range objectives {
		if objective == "" {
			return nil, errors.New("counts need the name of an objective")
		}
		minute := at[i].UTC()
		if minute.Truncate(time.Minute) != minute.Round(0) {
			return nil, fmt.Errorf("counts of %s: that is no whole minute", minute.Format(time.RFC3339Nano))
		}
		hour := minute.Truncate(time.Hour)
		k := key{objective, hour.Unix()}
		if found[k] == nil {
			found[k] = &Change{Objective: objective, Hour: hour}
		}
		found[k].set = append(found[k].set, setting{minute.Minute(), good[i], total[i]})
	}
	changes := make([]Change, 0, len(found))
	for _, c := range found {
		changes = append(changes, *c)
	}
	slices.SortFunc(changes, func(a, b Change) int {
		if order := a.Hour.Compare(b.Hour); order != 0 {
			return order
		}
		return strings.Compare(a.Objective, b.Objective)
	})
	return changes, nil
}

// A Sum adds up hours that come sorted by hour and objective. Make it with [NewSum].
type Sum struct {
	since     time.Time
	each      func(objective string, minute time.Time, good, total int64)
	objective string
	hour      time.Time
	counts    Hour
}

// NewSum returns a sum that tells each of the minutes from since on in which something
// was counted.
func NewSum(since time.Time, each func(objective string, minute time.Time, good, total int64)) *Sum {
	return &Sum{since: since, each: each}
}

// Add adds one packed hour of one replica.
func (s *Sum) Add(objective string, hour time.Time, packed []byte) error {
	h, err := Unpack(packed)
	if err != nil {
		return err
	}
	if objective != s.objective || !hour.Equal(s.hour) {
		s.Done()
		s.objective, s.hour, s.counts = objective, hour, Hour{}
	}
	for i, m := range h {
		s.counts[i].Good += m.Good
		s.counts[i].Total += m.Total
	}
	return nil
}

// Done tells of the last hour.
func (s *Sum) Done() {
	for i, m := range s.counts {
		if m.Good == 0 && m.Total == 0 {
			continue
		}
		if at := s.hour.Add(time.Duration(i) * time.Minute).UTC(); !at.Before(s.since) {
			s.each(s.objective, at, m.Good, m.Total)
		}
	}
	s.counts = Hour{}
}
