// Package offline is an [ai.Model] that needs no key and no network: it reads the
// photos of pages by OCR and makes the quiz by rule, in Arabic and in English.
//
// Its one idea: a question is only worth asking when its sentence stands on the
// page, stands alone, and leaves no second right answer. So the rules are few and
// plain (what a term means, what a thing is called, a number, an opposite, a lone
// noun, a list that says how long it is), the filters are many, and a page that
// gives nine good questions gives nine, not twenty. Every question quotes the
// sentence that it was made of.
//
//	model := offline.New(offline.Config{})
//	prompt := ai.Prompt{
//		Parts: []ai.Part{{Media: &photo}},
//		Data:  quiz.Ask{Pages: []int{1}, Lesson: true, Questions: 20},
//	}
//	for chunk, err := range model.Stream(ctx, prompt) {
//		…
//	}
//
// The reply is the JSON that a language model would be asked for, item by item, so
// whatever stands behind a model works on this one as well. Of a prompt it reads
// the [quiz.Ask] and the media; texts that were read already come in Ask.Texts.
//
// # Reading
//
// How a page is read is the one-method [Reader]. The default, [Tesseract],
// straightens the photo, takes the shadow out and runs the tesseract program. A
// Reader that doubts a word says so in [quiz.Page].Weak, and no question rests on
// a sentence with a word that may be misread.
//
// # What it is not
//
// It understands nothing. It does not sum up, draw conclusions or translate: a
// lesson is sentences of the page, and an English page gives English statements
// even where the quiz is asked for in Arabic.
package offline
