package main_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
)

func TestAPhotoIsSentToAProviderOnceWhileCachingIsOn(t *testing.T) {
	text, err := json.Marshal(heart)
	require.NoError(t, err)
	rest := heartReply(t)
	for value, images := range map[string][]int{"true": {1, 0}, "false": {1, 1}} {
		t.Run(value, func(t *testing.T) {
			provider := aitest.NewServer(t, aitest.Chat, aitest.Answer(func(r aitest.Request) aitest.Step {
				if r.Images == 0 {
					return aitest.Say(rest)
				}
				return aitest.Say(`{"pages":[{"page":1,"text":` + string(text) + `}],` + strings.TrimPrefix(rest, "{"))
			}))
			s := start(t, t.TempDir(), "FREE_PAGES_GUEST=-1", "OPENAI_API_KEY=key", "OPENAI_BASE_URL="+provider.URL, "ENABLE_CACHING="+value)
			d := s.device()
			sent := photo(t, rand.New(rand.NewPCG(1, 2)))
			for range images {
				require.Equal(t, []any{nil, nil, nil, nil, nil}, d.quizOf(string(sent)), "by the model")
			}
			var got []int
			for _, r := range provider.Requests() {
				got = append(got, r.Images)
			}
			require.Equal(t, images, got)
		})
	}
}
