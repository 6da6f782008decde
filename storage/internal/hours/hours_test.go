package hours_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/storage/internal/hours"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2031, time.May, 4, 12, 0, 0, 0, time.UTC)

func TestAnHourIsPackedAndUnpacked(t *testing.T) {
	var h hours.Hour
	h[0].Good, h[0].Total, h[59].Good, h[59].Total = 1, math.MaxInt64, -1, 7
	packed := h.Pack()
	require.Len(t, packed, hours.Size)
	got, err := hours.Unpack(packed)
	require.NoError(t, err)
	require.Equal(t, h, got)
	for _, wrong := range [][]byte{nil, packed[1:], append(packed, 0)} {
		_, err := hours.Unpack(wrong)
		require.Error(t, err)
	}
}

func TestRowsAreSortedIntoHours(t *testing.T) {
	changes, err := hours.Gather([]string{"b", "a", "b", "a"},
		[]time.Time{noon.Add(time.Hour), noon.Add(time.Minute), noon, noon.In(time.FixedZone("", 5400)).Add(59 * time.Minute)},
		[]int64{1, 2, 3, 4}, []int64{10, 20, 30, 40})
	require.NoError(t, err)
	require.Len(t, changes, 3)
	require.Equal(t, []string{"a", "b", "b"}, []string{changes[0].Objective, changes[1].Objective, changes[2].Objective})
	require.Equal(t, []time.Time{noon, noon, noon.Add(time.Hour)}, []time.Time{changes[0].Hour, changes[1].Hour, changes[2].Hour})
	h := hours.Hour{}
	h[2].Good = 9
	changes[0].Apply(&h)
	require.EqualValues(t, []int64{0, 2, 9, 4}, []int64{h[0].Good, h[1].Good, h[2].Good, h[59].Good})
}

func TestWrongRowsAreRefused(t *testing.T) {
	one, at := []int64{1}, []time.Time{noon}
	for name, gather := range map[string]func() ([]hours.Change, error){
		"lengths": func() ([]hours.Change, error) { return hours.Gather([]string{"a"}, nil, one, one) },
		"no name": func() ([]hours.Change, error) { return hours.Gather([]string{""}, at, one, one) },
		"a second": func() ([]hours.Change, error) {
			return hours.Gather([]string{"a"}, []time.Time{noon.Add(time.Second)}, one, one)
		},
		"a nano more": func() ([]hours.Change, error) { return hours.Gather([]string{"a"}, []time.Time{noon.Add(1)}, one, one) },
	} {
		_, err := gather()
		require.Error(t, err, name)
	}
}

func TestASumTellsEachMinuteOnce(t *testing.T) {
	type row struct {
		objective   string
		minute      time.Time
		good, total int64
	}
	var got []row
	s := hours.NewSum(noon.Add(time.Minute), func(objective string, minute time.Time, good, total int64) {
		got = append(got, row{objective, minute, good, total})
	})
	var h hours.Hour
	h[0].Total, h[1].Good, h[1].Total, h[9].Total = 5, 1, 2, 3
	for _, objective := range []string{"a", "a", "b"} {
		require.NoError(t, s.Add(objective, noon.Local(), h.Pack()))
	}
	require.Error(t, s.Add("b", noon, nil))
	s.Done()
	s.Done()
	one, nine := noon.Add(time.Minute), noon.Add(9*time.Minute)
	require.Equal(t, []row{{"a", one, 2, 4}, {"a", nine, 0, 6}, {"b", one, 1, 2}, {"b", nine, 0, 3}}, got)
}

func FuzzUnpack(f *testing.F) {
	var h hours.Hour
	h[3].Good = 1
	f.Add(h.Pack())
	f.Add(binary.BigEndian.AppendUint64(nil, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := hours.Unpack(data)
		if err != nil {
			require.Zero(t, h)
			return
		}
		require.Equal(t, data, h.Pack())
	})
}
