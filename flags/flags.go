package flags

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// LearnSnap's flags. They are plain strings, so that [Set.Enabled] is the
// func(string) bool that packages ask for which do not know this one.
const (
	MaintenanceMode       = "MAINTENANCE_MODE"
	ReadOnlyMode          = "READ_ONLY_MODE"
	DisableAIGeneration   = "DISABLE_AI_GENERATION"
	DisablePayments       = "DISABLE_PAYMENTS"
	DisableRegistration   = "DISABLE_REGISTRATION"
	ReducedAIConcurrency  = "REDUCED_AI_CONCURRENCY"
	EnableDebugEndpoints  = "ENABLE_DEBUG_ENDPOINTS"
	EnableCaching         = "ENABLE_CACHING"
	EnableAsyncProcessing = "ENABLE_ASYNC_PROCESSING"
	EnableEncryption      = "ENABLE_ENCRYPTION"
)

// A Flag is one switch.
type Flag struct {
	Name        string // capital letters, digits and underscores: also the name in the environment and in the file
	Default     bool   // what holds when nobody says anything
	Description string // what it stops or starts, for operators
	Effect      string // what a learner or teacher sees of it
}

// Defaults returns LearnSnap's flags. docs/FLAGS.md has them as a table.
func Defaults() []Flag {
	return []Flag{
		{
			Name:        MaintenanceMode,
			Description: "Every request but health and admin is turned away; running quizzes go on.",
			Effect:      "503 with Retry-After: a page that says so in a browser, problem+json elsewhere.",
		}, {
			Name:        ReadOnlyMode,
			Description: "Nothing is written: no new quiz, answers, reports, devices or payments.",
			Effect:      "Quizzes that are there can be read and exported; all else answers 503.",
		}, {
			Name:        DisableAIGeneration,
			Description: "No new quiz is taken, and those in the queue wait; none is lost.",
			Effect:      "Creating a quiz answers 503; ready quizzes are as ever.",
		}, {
			Name:        DisablePayments,
			Description: "No checkout is begun. Webhooks and the reconcile job go on, so that what was paid is credited.",
			Effect:      "Buying pages answers 503; pages in hand can be used.",
		}, {
			Name:        DisableRegistration,
			Description: "No new account and no new device.",
			Effect:      "Newcomers are turned away with 503; whoever is known goes on.",
		}, {
			Name:        ReducedAIConcurrency,
			Description: "Fewer calls of providers at a time, to spare a quota or a bill.",
			Effect:      "Quizzes take longer to begin.",
		}, {
			Name:        EnableDebugEndpoints,
			Description: "Profiles under /debug/pprof, for admins alone.",
			Effect:      "None.",
		}, {
			Name: EnableCaching, Default: true,
			Description: "A photo that its owner had read in a quiz of the last 24 hours takes that text and is not read again. Off rules that out as a cause.",
			Effect:      "Off: quizzes of photos that were sent before begin later and cost more.",
		}, {
			Name: EnableAsyncProcessing, Default: true,
			Description: "Quizzes are made in the background. Off: the request that creates one waits for it.",
			Effect:      "Off: no progress is shown until the quiz is there.",
		}, {
			Name:        EnableEncryption,
			Description: "What names a person is stored encrypted with ENCRYPTION_KEY. Off leaves what is encrypted readable.",
			Effect:      "None.",
		},
	}
}

// check reports all that is wrong with flags, joined.
func check(all []Flag) error {
	form := regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)
	var errs []error
	seen := map[string]bool{}
	for _, f := range all {
		if !form.MatchString(f.Name) {
			errs = append(errs, fmt.Errorf("flag %q: the name must be 1 to 64 capital letters, digits and underscores", f.Name))
		}
		if seen[f.Name] {
			errs = append(errs, fmt.Errorf("flag %q: there are two of this name", f.Name))
		}
		seen[f.Name] = true
	}
	return errors.Join(errs...)
}

// parseValue reads what people write for a switch.
func parseValue(text string) (on bool, err error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "on", "yes", "1":
		return true, nil
	case "false", "off", "no", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}
