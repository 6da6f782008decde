package telemetry_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

func TestScrubTakesOutWhatMustNotLeave(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJlX29mX3RoZV90b2tlbg"
	for _, c := range []struct{ name, text, want string }{
		{"assignment", "call https://x/?token=hunter2&page=3", "call https://x/?token=[redacted]&page=3"},
		{"assignment with spaces", "api_key = hunter2", "api_key = [redacted]"},
		{"JSON", `{"apiKey":"hunter 2","page":3}`, `{"apiKey":"[redacted]","page":3}`},
		{"JSON, later quotations", `{"token":"x","question":"what is a leaf made of"}`, `{"token":"[redacted]","question":"[text]"}`},
		{"header", "Authorization: Bearer hunter2.x", "Authorization: Bearer [redacted]"},
		{"header of a key", "X-Api-Key: hunter2 refused", "X-Api-Key: [redacted] refused"},
		{"header as Go prints it", "map[Authorization:[Basic aHVudGVy]]", "map[Authorization:[Basic [redacted]]]"},
		{"bearer alone", "refused bearer hunter2", "refused bearer [redacted]"},
		{"prose about secrets", "JWT_SECRET: too short (want 32 bytes)", "JWT_SECRET: too short (want 32 bytes)"},
		{"prose about tokens", "invalid token: expired", "invalid token: expired"},
		{"prose about addresses", `DATABASE_URL: unknown scheme "mysql"`, `DATABASE_URL: unknown scheme "mysql"`},
		{"user and password", "open postgres://app:hunter2@db:5432/quiz: refused", "open postgres://[redacted]@db:5432/quiz: refused"},
		{"password with a slash", "postgres://app:hun/ter2@db/quiz", "postgres://[redacted]@db/quiz"},
		{"address with a port", "http://db:5432/a@b", "http://db:5432/a@b"},
		{"JWT", "got " + jwt + ".", "got [redacted]."},
		{"OpenAI", "key sk-proj-abcdefghijkl refused", "key [redacted] refused"},
		{"Google, OAuth", "ya29.a0AfHabcdefghijk", "[redacted]"},
		{"Google", "AIzaSyA1234567890abcdefg", "[redacted]"},
		{"drawn by lot", "mac q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ", "mac [redacted]"},
		{"drawn by lot, standard alphabet", "q83vEjRW/JCrze8SN+Z4kKvN7xI0VniQ=", "[redacted]"},
		{"device token", "of d1.7n2zTm02WgFmcvp0ceCVoQ.1f7glAWwaj0zhlqnhfVdzfJUFYMtPxIM18cB_AjIUB4 here", "of d1.7n2zTm02WgFmcvp0ceCVoQ.[redacted] here"},
		{"session", "session UMQNLX4YD2KQH7ZTBWJ3FAVE5R", "session UMQNLX4YD2KQH7ZTBWJ3FAVE5R"},
		{"session in a path", "/api/v1/quiz/UMQNLX4YD2KQH7ZTBWJ3FAVE5R/events", "/api/v1/quiz/UMQNLX4YD2KQH7ZTBWJ3FAVE5R/events"},
		{"UUID", "0512ab10-7e1f-4b62-9f3e-966512345678", "0512ab10-7e1f-4b62-9f3e-[redacted]"},
		{"trace", "4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4736"},
		{"stack", "net/http.(*conn).serve(0xc000123456, {0x9e3b40, 0xc0001a2b40})", "net/http.(*conn).serve(0xc000123456, {0x9e3b40, 0xc0001a2b40})"},
		{"file", "/root/go/pkg/mod/github.com/riverqueue/river@v0.51.2/internal/jobexecutor/job_executor.go:219", "/root/go/pkg/mod/github.com/riverqueue/river@v0.51.2/internal/jobexecutor/job_executor.go:219"},
		{"e-mail", "from Sara.Ali+x@mail.example.com.", "from [redacted]."},
		{"e-mail in a query", "?to=sara%40example.com&x=1", "?to=[redacted]&x=1"},
		{"no e-mail", "user@host", "user@host"},
		{"Saudi, at home", "call 0512345678 now", "call [redacted] now"},
		{"Saudi, spaced", "call 05 1234 5678.", "call [redacted]."},
		{"Saudi, abroad", "+966 51 234 5678", "[redacted]"},
		{"Saudi, zeros", "00966512345678", "[redacted]"},
		{"Saudi, bare", "966512345678", "[redacted]"},
		{"after a sign", "tel-0512345678", "tel-[redacted]"},
		{"Egypt", "+20 (10) 1234-5678", "[redacted]"},
		{"United States", "(555) 123-4567", "[redacted]"},
		{"Eastern digits", "٠٥١٢٣٤٥٦٧٨", "[text]"},
		{"time", "2026-11-27T06:32:38.512345678Z 1764225158000", "2026-11-27T06:32:38.512345678Z 1764225158000"},
		{"amounts", "took 0.512345678s, 1234567890 bytes, 120µs", "took 0.512345678s, 1234567890 bytes, 120µs"},
		{"Arabic", "decode: النص هو «ما هي عاصمة مصر؟ 1990» at 3", "decode: [text]» at 3"},
		{"Arabic and Latin", "سؤال about DNA جواب", "[text] about DNA [text]"},
		{"long quotation", `drop "The leaf makes sugar from light": no evidence`, `drop "[text]": no evidence`},
		{"cut quotation", `drop "The leaf makes sugar from`, `drop "[text]`},
		{"short quotation", `unknown scheme "mysql" (want "postgres" or "sqlite" here, or none)`, `unknown scheme "mysql" (want "postgres" or "sqlite" here, or none)`},
		{"page 3 of 20", "page 3 of 20: unexpected EOF", "page 3 of 20: unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, telemetry.Scrub(c.text))
			require.Equal(t, c.want, telemetry.Scrub(c.want), "a scrubbed text stays as it is")
		})
	}
}

func TestScrubOfHarmlessTextAllocatesNothing(t *testing.T) {
	text := "page 3 of 20: read tcp 127.0.0.1:5432: i/o timeout after 120ms (session UMQNLX4YD2KQH7ZTBWJ3FAVE5R)"
	require.Zero(t, testing.AllocsPerRun(100, func() { telemetry.Scrub(text) }))
}

func FuzzScrub(f *testing.F) {
	for _, s := range []string{"", `{"token":"x y","q":"a b c d"}`, "postgres://a:b@c/d", "+966 51", "“a b c d e", "token=[redacted]", "Bearer ", "a@b.cd%40", "سؤال 1 x", `"\`} {
		f.Add(s, s)
	}
	secrets := []string{"sk-live-0123456789abcdef", "0512345678", "+966512345678", "sara@example.com", "token=hunter2", "مدرسة"}
	f.Fuzz(func(t *testing.T, before, after string) {
		once := telemetry.Scrub(before)
		require.Equal(t, once, telemetry.Scrub(once))
		for _, secret := range secrets {
			got := telemetry.Scrub(before + "\n" + secret + "\n" + after)
			if !strings.Contains(before+after, secret) {
				require.NotContains(t, got, secret)
			}
		}
	})
}
