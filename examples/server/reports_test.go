package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type reportPage struct {
	Reports []struct {
		Session, QuestionID, Reason, Comment, Owner string
		Created                                     time.Time
		Question                                    *struct{ ID, Question string }
	}
	Next string
}

func (d device) reports(session, question, comment string) {
	d.s.t.Helper()
	body := `{"questionId":"` + question + `","reason":"wrong","comment":"` + comment + `"}`
	status, _ := d.do("POST", "/api/v1/quiz/"+session+"/report-question", "application/json", strings.NewReader(body), nil)
	require.Equal(d.s.t, 201, status)
}

func TestOperatorsReadWhatLearnersSayAboutQuestions(t *testing.T) {
	for name, database := range map[string]bool{"sqlite": false, "postgres": true} {
		t.Run(name, func(t *testing.T) {
			environ := []string{"JWT_SECRET=" + jwtSecret, "ENABLE_ENCRYPTION=true", "ENCRYPTION_KEY=" + strings.Repeat("22", 32)}
			if database {
				environ = append(environ, "DATABASE_URL="+postgres.Database(t))
			}
			s := start(t, t.TempDir(), environ...)
			var page reportPage
			require.Equal(t, 200, s.operate("GET", "/question-reports", nil, &page))
			require.Empty(t, page.Reports)

			one, two := s.device(), s.device()
			first := one.create([][]byte{[]byte(heart)}, "questions", "5").SessionID
			second := two.create([][]byte{[]byte(heart)}, "questions", "5").SessionID
			one.watch(first, "", 0)
			two.watch(second, "", 0)
			one.reports(first, "q1", "المفتاح خطأ")
			two.reports(second, "q2", "unclear")
			one.reports(first, "q3", "")

			var said []string
			for cursor := ""; ; cursor = page.Next {
				page = reportPage{}
				require.Equal(t, 200, s.operate("GET", "/question-reports?limit=1&cursor="+cursor, nil, &page))
				for _, r := range page.Reports {
					said = append(said, r.Session+" "+r.QuestionID+" "+r.Reason+" "+r.Comment)
					require.Equal(t, r.QuestionID, r.Question.ID)
					require.NotEmpty(t, r.Question.Question)
					require.NotEmpty(t, r.Owner)
					require.False(t, r.Created.IsZero())
				}
				if page.Next == "" {
					break
				}
			}
			require.Equal(t, []string{first + " q3 wrong ", second + " q2 wrong unclear", first + " q1 wrong المفتاح خطأ"}, said)

			var p problemBody
			for _, query := range []string{"?cursor=x", "?cursor=e30", "?limit=0", "?limit=201"} {
				require.Equal(t, 400, s.operate("GET", "/question-reports"+query, nil, &p))
				require.Equal(t, "INVALID_REQUEST", p.Code)
			}
			status, _ := one.do("DELETE", "/api/v1/quiz/"+first, "", nil, nil)
			require.Equal(t, 204, status)
			page = reportPage{}
			require.Equal(t, 200, s.operate("GET", "/question-reports", nil, &page))
			require.Len(t, page.Reports, 1, "what is erased is gone here, too")
		})
	}
}
