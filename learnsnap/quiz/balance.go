package quiz

import (
	"cmp"
	"slices"
	"strconv"
)

// Balance returns q with its options in another order and its key's letter to
// match, so that over a quiz the four letters are right about equally often and
// the next one cannot be foreseen. It is a pure function of the seed (of the
// session), the number of the item and the questions before it, so a run that
// starts again chooses the same.
//
// Over any number n of questions that were all balanced, the letters' counts differ
// by two at most, so that none is the key more than n/4 + 1.5 times, nor three
// times in a row. Whoever knows the seed can foresee keys: where the session's id
// is shown to learners, mix a secret into the seed.
//
// Only a [MultipleChoice] question that is well formed is changed. The key of a
// [TrueFalse] question cannot be moved, it is what the statement is: ask for both
// kinds instead. Options that sum up the others ("all of the above") stay last,
// and a question whose explanation speaks of a letter stays as it is.
func Balance(q Question, seed string, number int, have []Question) Question {
	key := letterIndex(q.Correct.Text)
	if q.Type != MultipleChoice || len(q.Options) != len(Letters) || key < 0 || namesLetter(q.Explanation) {
		return q
	}
	// The distractors are ordered by what they say: their order carries nothing.
	right := q.Options[key]
	others := slices.Delete(slices.Clone(q.Options), key, key+1)
	slices.SortFunc(others, func(a, b string) int {
		if c := cmp.Compare(catchAllRank(a), catchAllRank(b)); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(hash(seed, a), hash(seed, b)), cmp.Compare(a, b))
	})
	place := chooseKey(seed, number, have)
	switch {
	case isCatchAll(right):
		place = len(Letters) - 1
	case isCatchAll(others[len(others)-1]):
		place = min(place, len(Letters)-2)
	}
	q.Options = slices.Insert(others, place, right)
	q.Correct.Text = Letters[place : place+1]
	return q
}

func catchAllRank(option string) int {
	if isCatchAll(option) {
		return 1
	}
	return 0
}

// chooseKey chooses the place of the next key. Letters that were right least often
// weigh three, those with one more weigh one, the others and a third in a row
// nothing: balanced, but not to be counted out.
func chooseKey(seed string, number int, have []Question) int {
	var counts [len(Letters)]int
	last, row := -1, 0
	for _, q := range have {
		place := letterIndex(q.Correct.Text)
		if q.Type != MultipleChoice || place < 0 {
			continue
		}
		counts[place]++
		if place != last {
			last, row = place, 0
		}
		row++
	}
	least := slices.Min(counts[:])
	var weights [len(Letters)]uint64
	var sum uint64
	for i, n := range counts {
		switch {
		case i == last && row >= 2:
		case n == least:
			weights[i] = 3
		case n == least+1:
			weights[i] = 1
		}
		sum += weights[i]
	}
	if sum == 0 {
		return slices.Index(counts[:], least) // the questions before were not balanced here
	}
	ticket := hash(seed, "key", strconv.Itoa(number)) % sum
	for i, w := range weights {
		if ticket < w {
			return i
		}
		ticket -= w
	}
	return 0
}

// hash mixes texts into a number that is the same on every machine: FNV-1a, and
// the finish of splitmix64, for FNV leaves its bits weak on short texts.
func hash(texts ...string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	x := uint64(offset)
	for _, s := range texts {
		for i := range len(s) {
			x = (x ^ uint64(s[i])) * prime
		}
		x = (x ^ uint64(len(s)) ^ 0xFF00) * prime // "ab","c" is not "a","bc"
	}
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
