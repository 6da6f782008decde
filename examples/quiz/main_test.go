package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const page = `The Heart
The heart is a muscle that pumps blood through the body. It beats about 100000 times a day.
Artery: a vessel that carries blood away from the heart.
Vein: a vessel that carries blood back to the heart.
Capillary: a very thin vessel that joins arteries and veins.
Plasma: the liquid part of the blood.
The human heart has four chambers. In 1628 the doctor William Harvey described how blood circulates in the body.
`

func TestQuizOfATextOnStandardInput(t *testing.T) {
	var out, progress bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-json", "-n", "8"}, strings.NewReader(page), &out, &progress))
	var made quiz.Quiz
	require.NoError(t, json.Unmarshal(out.Bytes(), &made))
	require.GreaterOrEqual(t, len(made.Questions), 5)
	require.Contains(t, progress.String(), "pages 1/1, questions 5/8")
	for _, q := range made.Questions {
		require.Contains(t, page, strings.Split(q.Evidence.Text, "\n")[0][:10])
	}
}

func TestQuizOfAFolder(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "1.txt"), []byte(page), 0o600))
	var out, progress bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-answers", dir}, nil, &out, &progress))
	require.Contains(t, out.String(), "→")
	require.Contains(t, out.String(), "p. 1: “")
}

func TestQuizSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		stdin string
		want  string
	}{
		"no such file":    {[]string{"missing.jpg"}, "", "missing.jpg"},
		"not a page":      {nil, "<html>", "send a photo"},
		"too many wanted": {[]string{"-n", "99"}, page, "50"},
		"too little text": {nil, "Water is wet.", "too"},
		"unknown flag":    {[]string{"-x"}, "", "not defined"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, progress bytes.Buffer
			err := run(t.Context(), c.args, strings.NewReader(c.stdin), &out, &progress)
			require.ErrorContains(t, err, c.want)
			require.Empty(t, out.String())
		})
	}
}
