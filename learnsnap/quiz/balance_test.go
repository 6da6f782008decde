package quiz_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// balanced returns n questions that were balanced one after the other, all with
// their key under A before.
func balanced(seed string, n int) []quiz.Question {
	var have []quiz.Question
	for i := range n {
		q := choice()
		q.Options = []string{fmt.Sprint("right ", i), fmt.Sprint("b", i), fmt.Sprint("c", i), fmt.Sprint("d", i)}
		q.Correct.Text = "A"
		have = append(have, quiz.Balance(q, seed, i+1, have))
		if i%3 == 0 { // other types do not disturb it
			have = append(have, trueFalse())
		}
	}
	return slices.DeleteFunc(have, func(q quiz.Question) bool { return q.Type != quiz.MultipleChoice })
}

func keys(questions []quiz.Question) string {
	var b strings.Builder
	for _, q := range questions {
		b.WriteString(q.Correct.Text)
	}
	return b.String()
}

func TestBalanceUsesEachLetterAboutEquallyOften(t *testing.T) {
	for s := range 200 {
		seed := fmt.Sprint("session ", s)
		all := keys(balanced(seed, 50))
		for n := 1; n <= len(all); n++ {
			for _, letter := range quiz.Letters {
				most := (n+3)/4 + 1
				require.LessOrEqual(t, strings.Count(all[:n], string(letter)), most, "%s in %s", string(letter), all[:n])
			}
		}
		for _, letter := range quiz.Letters {
			require.NotContains(t, all, strings.Repeat(string(letter), 3), "no letter three times in a row")
		}
	}
}

func TestBalanceCannotBeForeseenByCounting(t *testing.T) {
	// Over many sessions, after any two keys each of the four letters but the one
	// that was twice in a row comes next, and none of them nearly always.
	next := map[string]map[byte]int{}
	for s := range 500 {
		all := keys(balanced(fmt.Sprint("session ", s), 20))
		for i := 2; i < len(all); i++ {
			before := all[i-2 : i]
			if next[before] == nil {
				next[before] = map[byte]int{}
			}
			next[before][all[i]]++
		}
	}
	require.Len(t, next, 16, "every pair of letters occurs")
	for before, letters := range next {
		sum := 0
		for _, n := range letters {
			sum += n
		}
		for letter, n := range letters {
			require.Less(t, n, sum/2, "%c after %s", letter, before)
		}
	}
}

func TestBalanceIsAFunctionOfItsArguments(t *testing.T) {
	require.Equal(t, balanced("one", 20), balanced("one", 20))
	require.NotEqual(t, keys(balanced("one", 20)), keys(balanced("two", 20)))
}

func TestBalanceKeepsTheRightOptionRight(t *testing.T) {
	for i, q := range balanced("seed", 40) {
		require.NoError(t, q.Validate())
		place := strings.Index(quiz.Letters, q.Correct.Text)
		require.Equal(t, fmt.Sprint("right ", i), q.Options[place])
		sorted := slices.Sorted(slices.Values(q.Options))
		require.Equal(t, []string{fmt.Sprint("b", i), fmt.Sprint("c", i), fmt.Sprint("d", i), fmt.Sprint("right ", i)}, sorted)
	}
}

func TestBalanceLeavesAloneWhatMustNotMove(t *testing.T) {
	explained := choice()
	explained.Explanation = "The answer is B because arteries lead away."
	explainedArabic := choice()
	explainedArabic.Explanation = "الإجابة الصحيحة هي (ب) لأن الشرايين تنقل الدم."
	unfinished := choice()
	unfinished.Options = unfinished.Options[:3]
	for name, q := range map[string]quiz.Question{
		"an explanation that names a letter": explained, "an Arabic one": explainedArabic, "a form that is broken": unfinished,
		"true or false": trueFalse(), "a gap": fillBlank(), "pairs": matching(),
	} {
		t.Run(name, func(t *testing.T) {
			for number := range 20 {
				require.Equal(t, q, quiz.Balance(q, "seed", number, nil))
			}
		})
	}
}

func TestBalanceKeepsAllOfTheAboveLast(t *testing.T) {
	for _, option := range []string{"All of the above", "جميع ما سبق"} {
		for key := range 4 {
			for number := range 20 {
				q := choice()
				q.Options = []string{"one", option, "two", "three"}
				q.Correct.Text = quiz.Letters[key : key+1]
				got := quiz.Balance(q, "seed", number, nil)
				require.Equal(t, option, got.Options[3])
				require.Equal(t, q.Options[key], got.Options[strings.Index(quiz.Letters, got.Correct.Text)])
			}
		}
	}
}

func TestBalanceGoesOnBehindQuestionsThatWereNotBalanced(t *testing.T) {
	var have []quiz.Question
	for range 9 {
		have = append(have, choice()) // all B
	}
	got := quiz.Balance(choice(), "seed", 10, have)
	require.NotEqual(t, "B", got.Correct.Text)
	for _, letter := range []string{"A", "A", "A", "C", "C", "C", "D", "D", "D", "B", "B"} {
		q := choice()
		q.Correct.Text = letter
		have = append(have, q)
	}
	require.NoError(t, quiz.Balance(choice(), "seed", 21, have[:0]).Validate())
	require.NoError(t, quiz.Balance(choice(), "seed", 21, have).Validate())
}
