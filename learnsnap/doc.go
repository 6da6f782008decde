// Package learnsnap makes quizzes out of textbook pages: each question quotes the
// sentence of the page that it rests on.
//
//	model := offline.New(offline.Config{}) // or any ai.Model, or an ai.Failover of several
//	engine, err := learnsnap.New(learnsnap.Config{Model: model})
//	if err != nil {
//		return err
//	}
//	made, err := engine.Generate(ctx, learnsnap.Request{Pages: photos, Questions: 10})
//	if err != nil {
//		return err
//	}
//	for _, q := range made.Questions {
//		fmt.Println(q.ID, q.Question, q.Evidence.Text)
//	}
//
// # One idea
//
// A generation is a fold over items: the text of each page, the lesson, then the
// questions. An [Item] that was accepted is final. Whatever happens (a model
// breaks off, another takes over, the process is killed) the same thing follows:
// given the items that are there, produce the rest. To go on after anything, ask
// again with the items in [Request].Have.
//
// # Two doors
//
// An [Engine] needs no store: [Engine.Stream] yields items as they are accepted,
// [Engine.Generate] waits for the whole quiz.
//
// A [Service] keeps quizzes as sessions in a storage.Store: it counts pages, works
// in the background and goes on after a restart, makes every item durable before
// anybody sees it, shows a growing quiz to any number of watchers, and grades the
// answers. [Service.Run] works until its context ends.
//
// Every error is an [*Error] with a [Code] that a program or a translator can rely
// on.
package learnsnap
