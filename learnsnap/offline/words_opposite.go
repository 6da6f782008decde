package offline

// An opposite is a word that says the contrary of another in the same place.
type opposite struct {
	word      string
	predicate bool // only as what a subject is: "is wide", not "the wide river"
}

// oppositeEN returns the opposite of w; word is empty where there is none.
func oppositeEN(w string) opposite {
	switch w {
	case "increases":
		return opposite{word: "decreases"}
	case "decreases":
		return opposite{word: "increases"}
	case "increase":
		return opposite{word: "decrease"}
	case "decrease":
		return opposite{word: "increase"}
	case "increased":
		return opposite{word: "decreased"}
	case "decreased":
		return opposite{word: "increased"}
	case "attracts":
		return opposite{word: "repels"}
	case "repels":
		return opposite{word: "attracts"}
	case "attract":
		return opposite{word: "repel"}
	case "repel":
		return opposite{word: "attract"}
	case "expands":
		return opposite{word: "contracts"}
	case "contracts":
		return opposite{word: "expands"}
	case "expand":
		return opposite{word: "contract"}
	case "contract":
		return opposite{word: "expand"}
	case "expanded":
		return opposite{word: "contracted"}
	case "contracted":
		return opposite{word: "expanded"}
	case "gains":
		return opposite{word: "loses"}
	case "loses":
		return opposite{word: "gains"}
	case "faster":
		return opposite{word: "slower"}
	case "slower":
		return opposite{word: "faster"}
	case "larger":
		return opposite{word: "smaller"}
	case "smaller":
		return opposite{word: "larger"}
	case "greater":
		return opposite{word: "smaller"}
	case "bigger":
		return opposite{word: "smaller"}
	case "higher":
		return opposite{word: "lower"}
	case "lower":
		return opposite{word: "higher"}
	case "longer":
		return opposite{word: "shorter"}
	case "shorter":
		return opposite{word: "longer"}
	case "warmer":
		return opposite{word: "colder"}
	case "colder":
		return opposite{word: "warmer"}
	case "hotter":
		return opposite{word: "colder"}
	case "stronger":
		return opposite{word: "weaker"}
	case "weaker":
		return opposite{word: "stronger"}
	case "deeper":
		return opposite{word: "shallower"}
	case "shallower":
		return opposite{word: "deeper"}
	case "wider":
		return opposite{word: "narrower"}
	case "narrower":
		return opposite{word: "wider"}
	case "thicker":
		return opposite{word: "thinner"}
	case "thinner":
		return opposite{word: "thicker"}
	case "younger":
		return opposite{word: "older"}
	case "older":
		return opposite{word: "younger"}
	case "richer":
		return opposite{word: "poorer"}
	case "poorer":
		return opposite{word: "richer"}
	case "brighter":
		return opposite{word: "dimmer"}
	case "dimmer":
		return opposite{word: "brighter"}
	case "largest":
		return opposite{word: "smallest"}
	case "smallest":
		return opposite{word: "largest"}
	case "biggest":
		return opposite{word: "smallest"}
	case "highest":
		return opposite{word: "lowest"}
	case "lowest":
		return opposite{word: "highest"}
	case "longest":
		return opposite{word: "shortest"}
	case "shortest":
		return opposite{word: "longest"}
	case "fastest":
		return opposite{word: "slowest"}
	case "slowest":
		return opposite{word: "fastest"}
	case "strongest":
		return opposite{word: "weakest"}
	case "weakest":
		return opposite{word: "strongest"}
	case "hottest":
		return opposite{word: "coldest"}
	case "coldest":
		return opposite{word: "hottest"}
	case "oldest":
		return opposite{word: "youngest"}
	case "youngest":
		return opposite{word: "oldest"}
	case "deepest":
		return opposite{word: "shallowest"}
	case "shallowest":
		return opposite{word: "deepest"}
	case "nearest":
		return opposite{word: "farthest"}
	case "farthest":
		return opposite{word: "nearest"}
	case "quickly":
		return opposite{word: "slowly"}
	case "slowly":
		return opposite{word: "quickly"}
	case "possible":
		return opposite{word: "impossible"}
	case "impossible":
		return opposite{word: "possible"}
	case "northern":
		return opposite{word: "southern"}
	case "southern":
		return opposite{word: "northern"}
	case "eastern":
		return opposite{word: "western"}
	case "western":
		return opposite{word: "eastern"}
	case "outside":
		return opposite{word: "inside"}
	case "inside":
		return opposite{word: "outside"}
	case "upwards":
		return opposite{word: "downwards"}
	case "downwards":
		return opposite{word: "upwards"}
	case "clockwise":
		return opposite{word: "anticlockwise"}
	case "anticlockwise":
		return opposite{word: "clockwise"}
	case "summer":
		return opposite{word: "winter"}
	case "winter":
		return opposite{word: "summer"}
	case "heavier":
		return opposite{word: "lighter"}
	case "heaviest":
		return opposite{word: "lightest"}
	case "lightest":
		return opposite{word: "heaviest"}
	case "earlier":
		return opposite{word: "later"}
	case "later":
		return opposite{word: "earlier"}
	case "cheaper":
		return opposite{word: "more expensive"}
	case "wide":
		return opposite{word: "narrow", predicate: true}
	case "narrow":
		return opposite{word: "wide", predicate: true}
	case "slow":
		return opposite{word: "fast", predicate: true}
	case "fast":
		return opposite{word: "slow", predicate: true}
	case "hot":
		return opposite{word: "cold", predicate: true}
	case "cold":
		return opposite{word: "hot", predicate: true}
	case "warm":
		return opposite{word: "cold", predicate: true}
	case "wet":
		return opposite{word: "dry", predicate: true}
	case "dry":
		return opposite{word: "wet", predicate: true}
	case "strong":
		return opposite{word: "weak", predicate: true}
	case "weak":
		return opposite{word: "strong", predicate: true}
	case "heavy":
		return opposite{word: "light", predicate: true}
	case "light":
		return opposite{word: "heavy", predicate: true}
	case "thick":
		return opposite{word: "thin", predicate: true}
	case "thin":
		return opposite{word: "thick", predicate: true}
	case "steep":
		return opposite{word: "gentle", predicate: true}
	case "gentle":
		return opposite{word: "steep", predicate: true}
	case "visible":
		return opposite{word: "invisible", predicate: true}
	case "invisible":
		return opposite{word: "visible", predicate: true}
	case "easy":
		return opposite{word: "difficult", predicate: true}
	case "difficult":
		return opposite{word: "easy", predicate: true}
	case "rough":
		return opposite{word: "smooth", predicate: true}
	case "smooth":
		return opposite{word: "rough", predicate: true}
	case "large":
		return opposite{word: "small", predicate: true}
	case "small":
		return opposite{word: "large", predicate: true}
	case "rich":
		return opposite{word: "poor", predicate: true}
	case "poor":
		return opposite{word: "rich", predicate: true}
	case "long":
		return opposite{word: "short", predicate: true}
	case "short":
		return opposite{word: "long", predicate: true}
	case "high":
		return opposite{word: "low", predicate: true}
	case "low":
		return opposite{word: "high", predicate: true}
	case "cheap":
		return opposite{word: "expensive", predicate: true}
	case "expensive":
		return opposite{word: "cheap", predicate: true}
	case "safe":
		return opposite{word: "dangerous", predicate: true}
	case "dangerous":
		return opposite{word: "safe", predicate: true}
	case "full":
		return opposite{word: "empty", predicate: true}
	case "empty":
		return opposite{word: "full", predicate: true}
	}
	return opposite{}
}
