package quiz

import "slices"

// The words of the rules in instruction.go, in normal form.

func isOneOf(word string, words ...string) bool { return slices.Contains(words, word) }

func isDisregard(w clauseWord) bool {
	return isOneOf(w.text, "ignore", "disregard", "forget", "override", "bypass", "discard")
}

func isArabicDisregard(w clauseWord) bool {
	return isOneOf(w.stem, "تجاهل", "تجاهلوا", "تجاهلي", "انس", "انسي", "اهمل", "اهملوا", "تخط")
}

func isNegation(word string) bool { return isOneOf(word, "not", "never", "don't") }

func isOrderNoun(w clauseWord) bool {
	return isOneOf(w.text, "instruction", "instructions", "prompt", "prompts", "directive", "directives", "guidelines") ||
		isOneOf(w.stem, "تعليمات", "تعليماتك", "اوامر", "توجيهات", "ارشادات")
}

func isEarlier(w clauseWord) bool {
	return isOneOf(w.text, "previous", "previously", "prior", "above", "earlier", "preceding", "اعلاه", "سبق") ||
		isOneOf(w.stem, "سابق", "سابقه")
}

func isSweeping(w clauseWord) bool {
	return isOneOf(w.text, "all", "any", "every", "your", "these", "those")
}

func isMachine(w clauseWord) bool {
	return isOneOf(w.text, "ai", "assistant", "chatbot", "llm", "gpt", "bot") || isOneOf(w.stem, "مساعد", "روبوت")
}

// isOrderVerb knows verbs that tell somebody to write or choose. In Arabic it
// leaves out those whose past tense is spelled the same (حدد, استخدم).
func isOrderVerb(w clauseWord) bool {
	return isKeyVerb(w) ||
		isOneOf(w.text, "write", "say", "give", "tell", "return", "respond", "reply", "generate", "create", "produce",
			"include", "insert", "append", "repeat", "answer", "change", "use", "show", "put") ||
		isOneOf(w.stem, "اكتب", "اكتبوا", "اجب", "اجيبوا", "اعرض", "انشئ", "اعط", "اضف")
}

// isKeyVerb knows those that decide what an answer is.
func isKeyVerb(w clauseWord) bool {
	return isOneOf(w.text, "mark", "set", "make", "label", "choose", "pick", "select", "output", "print", "reveal") ||
		isOneOf(w.stem, "اجعل", "اجعلوا", "ضع", "ضعوا", "اختر", "اختاروا", "اطبع", "اكشف")
}

func isAskVerb(w clauseWord) bool { return w.text == "ask" || isOrderVerb(w) }

func isForbiddenAct(w clauseWord) bool {
	return isOneOf(w.text, "تكتب", "تكتبوا", "تنشئ", "تنشئوا", "تضع", "تضعوا", "تسال", "تسالوا", "تطرح", "تطرحوا", "تجب")
}

func isQuantifier(w clauseWord) bool {
	return isOneOf(w.text, "all", "every", "each", "any", "كل", "جميع", "لكل", "لجميع", "اي")
}

func isAlways(w clauseWord) bool { return isOneOf(w.text, "always", "دائما") }

func isKey(w clauseWord) bool { return isOneOf(w.text, "a", "b", "c", "d", "true", "correct") }

func isQuestionNoun(w clauseWord) bool {
	return isOneOf(w.stem, "question", "questions", "سؤال", "اسئله")
}

func isQuizNoun(w clauseWord) bool {
	return isQuestionNoun(w) ||
		isOneOf(w.text, "answer", "answers", "quiz", "quizzes", "option", "options", "instruction", "instructions",
			"json", "password", "api") ||
		isOneOf(w.stem, "اجابه", "اجابات", "اجابتك", "جواب", "اجوبه", "خيار", "خيارات", "اختبار", "تعليماتك")
}
