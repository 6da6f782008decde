// Package ai asks language models for things and hands over each thing as soon
// as it is whole.
//
// # A generation is a fold over items
//
// A model's reply is a stream of items: questions, words, rows. An item that was
// accepted is final: it can be stored, shown and counted at once. So every attempt
// (the first call, the rest after a token limit, another provider after one broke in
// mid-stream, a new process after a crash) is the same operation: given the items
// already accepted, produce the rest. [Run] is that operation. There is no retry to
// write and nothing to clean up after one.
//
// A [Task] says how to ask for what is missing, and judges what comes:
//
//	task := ai.Task[Word]{
//		Prompt: func(done []Word) ai.Prompt { return ask(20-len(done), done) },
//		Accept: func(e ai.Element, done []Word) (Word, error) {
//			var w Word
//			err := json.Unmarshal(e.JSON, &w)
//			return w, err
//		},
//		Done: func(done []Word) bool { return len(done) == 20 },
//	}
//	for word, err := range ai.Run(ctx, model, task, saved) {
//		…
//	}
//
// The reply asked for is one JSON object whose arrays and objects hold the items:
// {"words":[{…},{…}]}. An item is yielded with its closing brace, before the rest of
// the reply is read.
//
// # Models make models
//
// A [Model] is two methods, a name and a stream of chunks. The adapters in
// ai/gemini, ai/openai and ai/anthropic are models, and so is what wraps them:
//
//	model := ai.Failover(
//		ai.Traced(ai.Guard(gemini, gateOfGemini), tracer),
//		ai.Traced(ai.Guard(claude, gateOfClaude), tracer),
//		offline,
//	)
//
// [Failover] asks the next model while the one before has yielded nothing; what
// breaks later is for [Run] to continue. [Guard] puts a [resilience.Gate] before a
// model: a circuit breaker, a limiter, a quota. [Traced] is the seam for metrics and
// traces. [Check] asks whether a model would answer, through all of these.
//
// # What it costs
//
// [Prices] turn the [Usage] of a call into money. A [Meter] counts that usage while a
// reply streams, and estimates what the provider has not told of; [Traced] passes
// its count on. A [Budget] bounds what a day of calls may cost.
//
// # Errors
//
// A call ends in an [*Error] whose [Kind] is itself an error, so errors.Is(err,
// ai.RateLimited) works through every wrapper, and resilience.RetryAfter(err) says
// when to come back. A run that no model can go on with ends in an
// [*ExhaustedError]; the items before it stay.
//
// # What it is not
//
// It is no chat framework: no tools, no memory, no templates. It uploads nothing
// twice on its own account: [Media] is opened for each attempt and streamed, so a
// prompt should leave out what is no longer needed. It imports the standard library
// and package resilience; only adapters need more.
package ai
