package flags

import (
	"context"
	"slices"
	"sync"

	"github.com/open-feature/go-sdk/openfeature"
)

// A Provider is the set as OpenFeature sees it: boolean flags, with the source as
// metadata, and an event for each change. Register it with one API only, by preference
// one of openfeature/isolated. It has no life of its own: it is as fresh as the set,
// and shutting it down ends nothing.
//
// An evaluation through OpenFeature costs far more than [Set.Enabled]; ask the set
// where every request asks.
type Provider struct {
	set    *Set
	mu     sync.Mutex // one writer at a time of events
	events chan openfeature.Event
}

var (
	_ openfeature.FeatureProvider = (*Provider)(nil)
	_ openfeature.EventHandler    = (*Provider)(nil)
)

const providerName = "learnsnap-flags"

func newEvents() chan openfeature.Event { return make(chan openfeature.Event, 1) }

// Provider returns the set's provider, always the same one.
func (s *Set) Provider() *Provider { return s.provider }

// Metadata names the provider.
func (p *Provider) Metadata() openfeature.Metadata { return openfeature.Metadata{Name: providerName} }

// Hooks returns none.
func (p *Provider) Hooks() []openfeature.Hook { return nil }

// EventChannel returns the channel of changes.
func (p *Provider) EventChannel() <-chan openfeature.Event { return p.events }

// changed tells of flags that have turned. Events that nobody has taken yet become one,
// so nobody is waited for and no name is lost.
func (p *Provider) changed(changes []Change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	select {
	case waiting := <-p.events:
		names = waiting.FlagChanges
	default:
	}
	for _, c := range changes {
		if !slices.Contains(names, c.Flag) {
			names = append(names, c.Flag)
		}
	}
	p.events <- openfeature.Event{ // there is room: only we send
		ProviderName: providerName,
		EventType:    openfeature.ProviderConfigChange,
		ProviderEventDetails: openfeature.ProviderEventDetails{
			Message:     "flags turned",
			FlagChanges: names,
		},
	}
}

// BooleanEvaluation answers with what holds of a flag; nothing depends on the context.
// A flag that the set does not know gets the default and FLAG_NOT_FOUND.
func (p *Provider) BooleanEvaluation(_ context.Context, flag string, defaultValue bool, _ openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
	st, ok := (*p.set.snapshot.Load())[flag]
	if !ok {
		return openfeature.BoolResolutionDetail{Value: defaultValue, ProviderResolutionDetail: p.refuse(flag)}
	}
	detail := openfeature.ProviderResolutionDetail{
		Reason:       openfeature.StaticReason,
		Variant:      "off",
		FlagMetadata: openfeature.FlagMetadata{"source": string(st.source)},
	}
	if st.on {
		detail.Variant = "on"
	}
	if st.source == FromDefault {
		detail.Reason = openfeature.DefaultReason
	}
	return openfeature.BoolResolutionDetail{Value: st.on, ProviderResolutionDetail: detail}
}

// StringEvaluation refuses: the set's flags are boolean.
func (p *Provider) StringEvaluation(_ context.Context, flag string, defaultValue string, _ openfeature.FlattenedContext) openfeature.StringResolutionDetail {
	return openfeature.StringResolutionDetail{Value: defaultValue, ProviderResolutionDetail: p.refuse(flag)}
}

// FloatEvaluation refuses: the set's flags are boolean.
func (p *Provider) FloatEvaluation(_ context.Context, flag string, defaultValue float64, _ openfeature.FlattenedContext) openfeature.FloatResolutionDetail {
	return openfeature.FloatResolutionDetail{Value: defaultValue, ProviderResolutionDetail: p.refuse(flag)}
}

// IntEvaluation refuses: the set's flags are boolean.
func (p *Provider) IntEvaluation(_ context.Context, flag string, defaultValue int64, _ openfeature.FlattenedContext) openfeature.IntResolutionDetail {
	return openfeature.IntResolutionDetail{Value: defaultValue, ProviderResolutionDetail: p.refuse(flag)}
}

// ObjectEvaluation refuses: the set's flags are boolean.
func (p *Provider) ObjectEvaluation(_ context.Context, flag string, defaultValue any, _ openfeature.FlattenedContext) openfeature.InterfaceResolutionDetail {
	return openfeature.InterfaceResolutionDetail{Value: defaultValue, ProviderResolutionDetail: p.refuse(flag)}
}

// refuse says why there is no answer: the flag is not there, or is not of that type.
func (p *Provider) refuse(flag string) openfeature.ProviderResolutionDetail {
	err := openfeature.NewFlagNotFoundResolutionError("no flag " + flag)
	if _, ok := p.set.known[flag]; ok {
		err = openfeature.NewTypeMismatchResolutionError(flag + " is boolean")
	}
	return openfeature.ProviderResolutionDetail{ResolutionError: err, Reason: openfeature.ErrorReason}
}
