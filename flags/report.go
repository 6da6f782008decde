package flags

import (
	"slices"
	"strings"
	"time"
)

// A Report is what holds of each flag and how the sources are. It names nobody: its
// JSON is what /health/features answers. Who turned a flag and why is in
// [Set.Overrides], for operators.
type Report struct {
	Flags []FlagReport `json:"flags"`
	File  *FileReport  `json:"file,omitempty"` // nil when there is none
	Store StoreReport  `json:"store"`
}

// A FlagReport is what holds of one flag.
type FlagReport struct {
	Name        string    `json:"name"`
	On          bool      `json:"on"`
	Source      Source    `json:"source"`
	Default     bool      `json:"default"`
	Until       time.Time `json:"until,omitzero"` // of the override that holds; zero without one, or without an end
	Description string    `json:"description"`
	Effect      string    `json:"effect"`
}

// A FileReport is how reading the file goes.
type FileReport struct {
	At      time.Time `json:"at,omitzero"`       // when it was last read well; zero when never
	Error   string    `json:"error,omitempty"`   // why it could not be read since; what it said before stands
	Unknown []string  `json:"unknown,omitempty"` // names in it that no flag has
}

// A StoreReport is how reading the store goes.
type StoreReport struct {
	At        time.Time `json:"at,omitzero"`     // when it was last read; zero when never
	Error     string    `json:"error,omitempty"` // why it could not be read since; what it said before stands
	Listening bool      `json:"listening"`       // changes arrive at once; else within two seconds
}

// Report returns what holds now.
func (s *Set) Report() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := *s.snapshot.Load()
	r := Report{
		Flags: []FlagReport{},
		Store: StoreReport{At: s.storeAt.UTC(), Error: text(s.storeErr), Listening: s.listening},
	}
	for _, f := range s.config.Flags {
		one := FlagReport{Name: f.Name, On: now[f.Name].on, Source: now[f.Name].source, Default: f.Default, Description: f.Description, Effect: f.Effect}
		if one.Source == FromOverride {
			one.Until = s.overrides[f.Name].Until
		}
		r.Flags = append(r.Flags, one)
	}
	if s.config.File != "" {
		r.File = &FileReport{At: s.fileAt.UTC(), Error: text(s.fileErr), Unknown: unknown(s.file, s.known)}
	}
	return r
}

// Overrides returns the overrides that have not ended, by name; also those that the
// file has the better of.
func (s *Set) Overrides() []Override {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []Override{}
	for _, o := range s.overrides {
		if o.holds(s.config.Now()) {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b Override) int { return strings.Compare(a.Flag, b.Flag) })
	return all
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
