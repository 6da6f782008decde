// Package aitest plays models, so that what stands on them can be tested without a
// key, a network or luck.
//
// # In the process
//
// [NewScripted] is a model that does what a test says: it cuts its text anywhere,
// breaks, stalls, repeats itself without end, and keeps the prompts it was given.
// It is what a test of prompts, of a judge or of failover needs:
//
//	first := aitest.NewScripted("a", aitest.Broken(`{"words":[{"word":"sun"},`, ai.Timeout))
//	second := aitest.NewScripted("b", aitest.Complete(`{"words":[{"word":"moon"}]}`))
//	for word, err := range ai.Run(ctx, ai.Failover(first, second), task, nil) {
//		…
//	}
//
// # On the wire
//
// [NewServer] is a provider: it speaks the wire format of one of them, and limits,
// stalls and cuts as providers do. It is what a test of an adapter, or of a whole
// program, needs.
//
// # The contract
//
// [Run] asks of a Model what [ai.Model] promises, for who writes an adapter or wraps
// models:
//
//	aitest.Run(t, func(t *testing.T) ai.Model { return open(t) }, ai.Prompt{Parts: []ai.Part{{Text: "…"}}})
//
// The package imports the standard library and this module alone.
package aitest
