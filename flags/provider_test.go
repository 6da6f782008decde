package flags_test

import (
	"context"
	"testing"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/flags"
)

// client registers a set's provider with an API of its own.
func client(t *testing.T, set *flags.Set) *openfeature.Client {
	t.Helper()
	api := isolated.NewAPI()
	require.NoError(t, api.SetProviderAndWait(t.Context(), set.Provider()))
	t.Cleanup(func() { require.NoError(t, api.Shutdown(context.Background())) })
	return api.NewClient()
}

func TestProviderSaysWhatTheSetSays(t *testing.T) {
	set, err := flags.New(flags.Config{})
	require.NoError(t, err)
	c := client(t, set)
	nobody := openfeature.EvaluationContext{}
	d, err := c.BooleanValueDetails(t.Context(), flags.EnableCaching, false, nobody)
	require.NoError(t, err)
	require.True(t, d.Value)
	require.Equal(t, openfeature.DefaultReason, d.Reason)
	require.Equal(t, "on", d.Variant)
	require.NoError(t, set.Override(t.Context(), turn(flags.EnableCaching, false)))
	d, err = c.BooleanValueDetails(t.Context(), flags.EnableCaching, true, nobody)
	require.NoError(t, err)
	require.False(t, d.Value)
	require.Equal(t, openfeature.StaticReason, d.Reason)
	require.Equal(t, "off", d.Variant)
	source, err := d.FlagMetadata.GetString("source")
	require.NoError(t, err)
	require.Equal(t, "override", source)

	d, err = c.BooleanValueDetails(t.Context(), "NO_SUCH_FLAG", true, nobody)
	require.Error(t, err)
	require.True(t, d.Value, "the caller's default")
	require.Equal(t, openfeature.FlagNotFoundCode, d.ErrorCode)
}

func TestProviderKnowsBooleansOnly(t *testing.T) {
	set, err := flags.New(flags.Config{})
	require.NoError(t, err)
	c := client(t, set)
	nobody := openfeature.EvaluationContext{}
	for flag, code := range map[string]openfeature.ErrorCode{flags.ReadOnlyMode: openfeature.TypeMismatchCode, "NO_SUCH_FLAG": openfeature.FlagNotFoundCode} {
		text, err := c.StringValueDetails(t.Context(), flag, "mine", nobody)
		require.Error(t, err)
		require.Equal(t, "mine", text.Value)
		require.Equal(t, code, text.ErrorCode)
		whole, err := c.IntValueDetails(t.Context(), flag, 7, nobody)
		require.Error(t, err)
		require.EqualValues(t, 7, whole.Value)
		require.Equal(t, code, whole.ErrorCode)
		broken, err := c.FloatValueDetails(t.Context(), flag, 0.5, nobody)
		require.Error(t, err)
		require.Equal(t, 0.5, broken.Value)
		require.Equal(t, code, broken.ErrorCode)
		object, err := c.ObjectValueDetails(t.Context(), flag, "it", nobody)
		require.Error(t, err)
		require.Equal(t, "it", object.Value)
		require.Equal(t, code, object.ErrorCode)
	}
}

func TestProviderTellsOfChanges(t *testing.T) {
	set, err := flags.New(flags.Config{})
	require.NoError(t, err)
	// Nobody listens yet: these are not waited for, and come as one.
	require.NoError(t, set.Override(t.Context(), turn(flags.ReadOnlyMode, true)))
	require.NoError(t, set.Override(t.Context(), turn(flags.DisablePayments, true)))
	require.NoError(t, set.End(t.Context(), flags.ReadOnlyMode, "a", "b"))
	heard := make(chan []string, 8)
	tell := func(d openfeature.EventDetails) { heard <- d.FlagChanges }
	api := isolated.NewAPI()
	api.AddHandler(openfeature.ProviderConfigChange, &tell)
	require.NoError(t, api.SetProviderAndWait(t.Context(), set.Provider()))
	t.Cleanup(func() { require.NoError(t, api.Shutdown(context.Background())) })
	require.Equal(t, []string{flags.ReadOnlyMode, flags.DisablePayments}, receive(t, heard))
	require.NoError(t, set.Override(t.Context(), turn(flags.MaintenanceMode, true)))
	require.Equal(t, []string{flags.MaintenanceMode}, receive(t, heard))
}

func receive(t *testing.T, from <-chan []string) []string {
	t.Helper()
	select {
	case names := <-from:
		return names
	case <-time.After(10 * time.Second):
		t.Fatal("no event came")
		return nil
	}
}

func BenchmarkEnabledThroughOpenFeature(b *testing.B) {
	set, err := flags.New(flags.Config{})
	require.NoError(b, err)
	api := isolated.NewAPI()
	require.NoError(b, api.SetProviderAndWait(b.Context(), set.Provider()))
	defer func() { require.NoError(b, api.Shutdown(context.Background())) }()
	c, nobody := api.NewClient(), openfeature.EvaluationContext{}
	b.ReportAllocs()
	for b.Loop() {
		if c.Boolean(b.Context(), flags.DisableAIGeneration, true, nobody) {
			b.Fatal("on")
		}
	}
}
