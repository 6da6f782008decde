package learnsnap_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

func TestItemsComeBackAsTheyWere(t *testing.T) {
	parts, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: goodModel()}), learnsnap.Request{Pages: photos(1), Questions: 6})
	require.NoError(t, err)
	for _, it := range itemsOf(parts) {
		kept, err := learnsnap.MarshalItem(it)
		require.NoError(t, err)
		require.Equal(t, it.Seq, kept.Seq)
		require.Equal(t, string(it.Kind), kept.Kind)
		back, err := learnsnap.UnmarshalItem(kept)
		require.NoError(t, err)
		require.Equal(t, it, back)

		body, err := json.Marshal(it)
		require.NoError(t, err)
		var own learnsnap.Item
		require.NoError(t, json.Unmarshal(body, &own))
		require.Equal(t, it, own)
	}
}

func TestWhatALaterVersionAddedIsIgnored(t *testing.T) {
	it, err := learnsnap.UnmarshalItem(storage.Item{Seq: 3, Kind: "video", JSON: []byte("not even JSON")})
	require.NoError(t, err)
	require.Equal(t, learnsnap.Item{Seq: 3, Kind: "video"}, it)

	it, err = learnsnap.UnmarshalItem(storage.Item{Seq: 3, Kind: "page", JSON: []byte(`{"page":{"page":1,"text":"x","mood":"good"},"stars":5}`)})
	require.NoError(t, err)
	require.Equal(t, learnsnap.Item{Seq: 3, Kind: "page", Page: &quiz.Page{Page: 1, Text: "x"}}, it)
}

func TestItemsThatAreNotWhatTheySayAreErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		kept storage.Item
	}{
		{"broken JSON", storage.Item{Seq: 1, Kind: "page", JSON: []byte(`{"page":`)}},
		{"a page without a page", storage.Item{Seq: 1, Kind: "page", JSON: []byte(`{}`)}},
		{"a page and a lesson", storage.Item{Seq: 1, Kind: "page", JSON: []byte(`{"page":{},"lesson":{}}`)}},
		{"a lesson that is a page", storage.Item{Seq: 1, Kind: "lesson", JSON: []byte(`{"page":{}}`)}},
		{"no number", storage.Item{Kind: "page", JSON: []byte(`{"page":{}}`)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := learnsnap.UnmarshalItem(c.kept)
			require.Error(t, err)
		})
	}
	_, err := learnsnap.MarshalItem(learnsnap.Item{Seq: 1, Kind: learnsnap.PageItem})
	require.Error(t, err)
}

func FuzzUnmarshalItem(f *testing.F) {
	f.Add("page", []byte(`{"page":{"page":1,"text":"x"}}`))
	f.Add("question", []byte(`{"question":{"id":"q1","type":"matching","pairs":[{"left":"a","right":"b"}],"correct":{"a":"b"}},"model":"m"}`))
	f.Add("lesson", []byte(`{"lesson":{"steps":[{}]},"seq":9,"kind":"page"}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		it, err := learnsnap.UnmarshalItem(storage.Item{Seq: 1, Kind: kind, JSON: body})
		if err != nil {
			return
		}
		if it.Page == nil && it.Lesson == nil && it.Question == nil {
			return // of a later version
		}
		kept, err := learnsnap.MarshalItem(it)
		require.NoError(t, err)
		again, err := learnsnap.UnmarshalItem(kept)
		require.NoError(t, err)
		twice, err := learnsnap.MarshalItem(again)
		require.NoError(t, err)
		require.Equal(t, kept, twice)
	})
}
