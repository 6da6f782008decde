package offline

// English words in normal form, by what they do in a sentence.

// isFunctionEN knows the words that hold a sentence together: none of them is a
// key or a term.
func isFunctionEN(w string) bool {
	return isDeterminerEN(w) || isPrepositionEN(w) || isPronounEN(w) || isAuxiliaryEN(w) || isLinkEN(w)
}

func isDeterminerEN(w string) bool {
	switch w {
	case "a", "an", "the", "this", "that", "these", "those", "each", "every", "all", "both", "some", "any", "no", "most",
		"many", "much", "few", "several", "other", "another", "such", "its", "their", "his", "her", "our", "your", "my", "same", "own", "half":
		return true
	}
	return false
}

func isArticleEN(w string) bool { return w == "a" || w == "an" || w == "the" }

func isPrepositionEN(w string) bool {
	switch w {
	case "of", "in", "on", "at", "by", "for", "from", "with", "to", "into", "onto", "through", "over", "under", "between", "among",
		"across", "along", "around", "about", "above", "below", "near", "inside", "outside", "during", "without", "within", "against",
		"towards", "toward", "upon", "per", "behind", "beyond", "beside", "beneath", "throughout", "until", "since", "after", "before", "as", "than", "via", "like":
		return true
	}
	return false
}

func isPronounEN(w string) bool {
	switch w {
	case "it", "they", "them", "he", "him", "she", "we", "us", "you", "i", "me", "who", "whom", "whose", "which", "what",
		"itself", "themselves", "himself", "herself", "ours", "yours", "theirs", "one", "ones", "others", "something", "everything",
		"nothing", "anything", "everyone", "someone", "anyone", "nobody":
		return true
	}
	return false
}

func isAuxiliaryEN(w string) bool {
	switch w {
	case "is", "are", "was", "were", "be", "been", "being", "am", "has", "have", "had", "do", "does", "did", "can", "could", "may", "might",
		"will", "would", "shall", "should", "must", "cannot", "not", "never":
		return true
	}
	return false
}

// isLinkEN knows conjunctions and the adverbs that stand between clauses.
func isLinkEN(w string) bool {
	switch w {
	case "and", "or", "but", "nor", "so", "yet", "because", "when", "where", "while", "whereas", "if", "although", "though", "unless",
		"whether", "how", "why", "then", "also", "only", "too", "very", "more", "less", "most", "least", "just", "even", "still",
		"again", "always", "often", "usually", "sometimes", "now", "here", "there", "together", "away", "up", "down", "out", "off", "back", "once", "later", "earlier", "ago":
		return true
	}
	return false
}

// isGenericEN knows nouns that say too little to be asked for.
func isGenericEN(w string) bool {
	switch w {
	case "time", "times", "way", "ways", "part", "parts", "place", "places", "thing", "things", "people", "person", "number", "numbers", "kind",
		"kinds", "type", "types", "example", "examples", "day", "days", "year", "years", "end", "ends", "side", "use", "uses", "work",
		"order", "case", "form", "forms", "process", "cycle", "change", "changes", "amount", "group", "groups", "name", "names", "fact",
		"result", "results", "reason", "reasons", "problem", "problems", "idea", "ideas", "question", "answer", "page", "figure", "lot", "point",
		"points", "hand", "hands", "level", "area", "areas", "line", "set", "term", "terms", "word", "words", "purpose", "cause", "effect", "difference",
		"advantage", "aim", "step", "steps", "stage", "stages", "rest", "top", "bottom", "middle", "beginning", "start", "addition", "general",
		"past", "future", "present", "world", "country", "countries", "life", "nature", "humans", "city", "town", "presence", "limit", "rate", "function", "functions", "job", "jobs", "role", "size", "shape", "others", "century", "centuries",
		"direction", "directions", "manner", "piece", "pieces", "bit", "means", "members", "member", "order's", "value", "long", "short", "first", "second", "third", "last", "next":
		return true
	}
	return false
}

// isDanglingEN knows first words that lean on what stands before the sentence.
func isDanglingEN(w string) bool {
	switch w {
	case "it", "they", "this", "that", "these", "those", "he", "she", "his", "her", "its", "their", "such", "both", "another", "others",
		"here", "then", "so", "thus", "but", "and", "or", "also", "yet", "instead", "afterwards", "meanwhile", "similarly", "likewise",
		"otherwise", "next", "finally", "later", "therefore", "hence", "however", "still", "neither", "either", "again", "moreover", "furthermore",
		"each", "one", "some", "many", "most", "none", "few", "several", "two", "three", "four", "secondly", "firstly", "thirdly", "first", "second", "third", "nor", "too", "unlike", "because":
		return true
	}
	return false
}

// isImperativeEN knows verbs in the form that opens an order. Words that as often
// open a statement (light, work, water) are left out.
func isImperativeEN(w string) bool {
	switch w {
	case "write", "find", "draw", "copy", "complete", "answer", "explain", "describe", "discuss", "calculate", "choose", "circle",
		"underline", "fill", "match", "read", "look", "think", "imagine", "remember", "note", "notice", "consider", "compare", "list", "name",
		"make", "use", "keep", "ask", "tell", "give", "show", "solve", "work", "try", "check", "label", "colour", "color", "cut", "take", "put",
		"ignore", "print", "mark", "suppose", "let", "let's", "do", "don't", "please", "turn", "see", "study", "observe", "record", "measure",
		"identify", "state", "define", "prepare", "collect", "search", "visit", "suggest", "justify", "mention", "arrange", "add", "subtract", "divide",
		"multiply", "simplify", "place", "repeat", "learn", "listen", "say", "go", "watch", "avoid", "always", "never", "research", "design", "create", "join", "open", "pour", "mix", "wash", "brush":
		return true
	}
	return false
}

// isExerciseEN knows words that head a task, a note or a chapter, not a term.
func isExerciseEN(w string) bool {
	switch w {
	case "activity", "activities", "exercise", "exercises", "discuss", "discussion", "think", "check", "question", "questions", "review", "practice",
		"practise", "task", "tasks", "try", "quiz", "test", "homework", "assignment", "project", "experiment", "investigate", "explore", "your", "now", "warm-up", "reflect", "objectives", "objective",
		"goals", "revision", "do":
		return true
	}
	return false
}

// isLabelEN knows first words of a line that names no term before its colon.
func isLabelEN(w string) bool {
	switch w {
	case "chapter", "unit", "lesson", "section", "part", "figure", "fig", "table", "page", "note", "notes", "example", "examples", "remember", "key",
		"important", "warning", "tip", "hint", "source", "sources", "did", "summary", "answer", "answers", "step", "rule", "author", "date", "by", "in",
		"for", "on", "at", "from", "to", "as", "with", "to-do", "materials", "tools", "vocabulary", "definition", "definitions", "caution", "attention", "system", "there", "these", "here", "map", "photo", "picture", "diagram", "topic", "theme", "conclusion", "introduction", "result", "results", "method", "procedure", "observation", "aim", "fact", "facts", "reason", "cause", "causes", "problem", "solution", "what", "why", "how", "who", "when", "where", "which":
		return true
	}
	return isExerciseEN(w)
}

// isConnectiveEN knows what may be taken off the front of a sentence together with
// its comma without a loss.
func isConnectiveEN(phrase string) bool {
	switch phrase {
	case "however", "therefore", "thus", "moreover", "furthermore", "in addition", "as a result", "for this reason", "in fact", "of course",
		"for example", "for instance", "in general", "generally", "hence", "consequently", "also", "in short", "in other words", "finally":
		return true
	}
	return false
}

// numberEN returns the value of a number word, or 0.
func numberEN(w string) int {
	for i, name := range numberNamesEN() {
		if w == name {
			return i + 2
		}
	}
	return 0
}

// numberNamesEN are the number words from two on: "one" is a pronoun more often.
func numberNamesEN() []string {
	return []string{"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
}

// ordinalNamesEN are the ordinals from second on.
func ordinalNamesEN() []string {
	return []string{"second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth",
		"fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"}
}
