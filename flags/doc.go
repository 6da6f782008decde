// Package flags holds switches that operators turn while a program runs.
//
// # One snapshot
//
// A [Set] gathers what a file, stored overrides, the environment and defaults say of
// each [Flag], in that order, into one snapshot. Asking reads the snapshot and nothing
// else:
//
//	set, err := flags.New(flags.Config{File: "/etc/learnsnap/flags", Store: store, Lookup: os.LookupEnv})
//	life.Add("flags", set.Run) // anything that runs a func(ctx) error
//
//	if set.Enabled(flags.MaintenanceMode) { … }
//
// A switch that stops something must work when all else is broken. So the file comes
// first and is read every second, no source waits for another, and a source that fails
// keeps its last word: a broken file or a database that is away turns nothing.
//
// # Overrides
//
// An [Override] is for all replicas, says who turned the flag and why, and may end by
// itself. Any [Store] keeps it; without one it lives in the process.
//
// # Two doors
//
// [Set.Enabled] is for the path of each request. [Set.Provider] is the same set for
// OpenFeature. Where another OpenFeature provider decides, it stands in front and the
// set's word is its default:
//
//	client.Boolean(ctx, flag, set.Enabled(flag), who)
//
// # What it is not
//
// Flags are on or off for everybody: no targeting, no percentages, no strings. It
// touches OpenFeature's types alone and never its global API.
package flags
