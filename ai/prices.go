package ai

// DefaultPrices returns what current models of Gemini, OpenAI and Anthropic took
// when this was written; each price says when. Prices change: treat the table as a
// start and overwrite what you know better.
//
// It holds the providers' list prices of the standard tier. Where two sources
// differed in a cache rate the higher one stands; OpenAI's writes to a cache are
// 1.25 times the input rate from gpt-5.6 on. A model whose sources disagreed about
// more, and a name that stands for changing models ("-latest"), is not in it.
func DefaultPrices() Prices {
	const summer = "2026-08-19"
	return Prices{
		// An introductory price, announced until 2026-12-31.
		"gemini/gemini-3.8-flash":       {Rates: Rates{Input: 0.75, Output: 3.75, CacheRead: 0.075}, AsOf: "2026-10-07"},
		"gemini/gemini-3.7-flash":       {Rates: Rates{Input: 0.75, Output: 3.75, CacheRead: 0.075}, AsOf: summer},
		"gemini/gemini-3.6-flash":       {Rates: Rates{Input: 1.5, Output: 7.5, CacheRead: 0.15}, AsOf: summer},
		"gemini/gemini-3.5-flash":       {Rates: Rates{Input: 1.5, Output: 9, CacheRead: 0.15}, AsOf: summer},
		"gemini/gemini-3.5-flash-lite":  {Rates: Rates{Input: 0.3, Output: 2.5, CacheRead: 0.03}, AsOf: summer},
		"gemini/gemini-3.1-flash-lite":  {Rates: Rates{Input: 0.25, Output: 1.5, CacheRead: 0.025}, AsOf: summer},
		"gemini/gemini-3-flash-preview": {Rates: Rates{Input: 0.5, Output: 3, CacheRead: 0.05}, AsOf: summer},
		"gemini/gemini-3.1-pro-preview": {
			Rates: Rates{Input: 2, Output: 12, CacheRead: 0.2},
			Over:  200_000, Long: Rates{Input: 4, Output: 18, CacheRead: 0.4}, AsOf: summer,
		},

		"openai/gpt-6.1-terra": {
			Rates: Rates{Input: 1, Output: 5, CacheRead: 0.05, CacheWrite: 1.25},
			Over:  272_000, Long: Rates{Input: 2, Output: 7.5, CacheRead: 0.1, CacheWrite: 2.5}, AsOf: "2026-10-27",
		},
		"openai/gpt-6.1-sol": {Rates: Rates{Input: 2, Output: 10, CacheRead: 0.1, CacheWrite: 2.5}, AsOf: "2026-10-26"},
		"openai/gpt-6-sol":   {Rates: Rates{Input: 2, Output: 10, CacheWrite: 2.5}, AsOf: "2026-09-22"},
		"openai/gpt-6-luna":  {Rates: Rates{Input: 0.1, Output: 0.5, CacheRead: 0.01, CacheWrite: 0.13}, AsOf: "2026-10-13"},
		// Its long-context tier is dearer; nobody has quoted it.
		"openai/gpt-6-astra": {Rates: Rates{Input: 10, Output: 50, CacheRead: 1, CacheWrite: 12.5}, Over: 272_000, AsOf: "2026-09-05"},
		"openai/gpt-5.6-sol": {
			Rates: Rates{Input: 5, Output: 30, CacheRead: 0.5, CacheWrite: 6.25},
			Over:  272_000, Long: Rates{Input: 10, Output: 45, CacheRead: 1, CacheWrite: 12.5}, AsOf: summer,
		},
		"openai/gpt-5.5": {Rates: Rates{Input: 5, Output: 30, CacheRead: 0.5}, AsOf: summer},
		"openai/gpt-5.4": {
			Rates: Rates{Input: 2.5, Output: 15, CacheRead: 0.25},
			Over:  272_000, Long: Rates{Input: 5, Output: 22.5, CacheRead: 0.5}, AsOf: summer,
		},
		"openai/gpt-5.4-mini": {Rates: Rates{Input: 0.75, Output: 4.5, CacheRead: 0.075}, AsOf: summer},
		"openai/gpt-5.4-nano": {Rates: Rates{Input: 0.2, Output: 1.25, CacheRead: 0.02}, AsOf: summer},
		"openai/gpt-5-mini":   {Rates: Rates{Input: 0.25, Output: 2, CacheRead: 0.025}, AsOf: summer},
		"openai/gpt-5-nano":   {Rates: Rates{Input: 0.05, Output: 0.4, CacheRead: 0.005}, AsOf: summer},

		"anthropic/claude-haiku-5-5": {
			Rates: Rates{Input: 0.1, Output: 0.5, CacheRead: 0.01, CacheWrite: 0.125},
			Over:  100_000, Long: Rates{Input: 0.5, Output: 2.5, CacheRead: 0.05, CacheWrite: 0.625}, AsOf: "2026-11",
		},
		"anthropic/claude-sonnet-5-5": {Rates: Rates{Input: 2, Output: 10, CacheRead: 0.2, CacheWrite: 2.5}, AsOf: "2026-11"},
		"anthropic/claude-opus-5-5":   {Rates: Rates{Input: 4, Output: 20, CacheRead: 0.2, CacheWrite: 5}, AsOf: "2026-11"},
		"anthropic/claude-opus-5":     {Rates: Rates{Input: 5, Output: 25, CacheRead: 0.5, CacheWrite: 6.25}, AsOf: summer},
		"anthropic/claude-sonnet-5":   {Rates: Rates{Input: 3, Output: 15, CacheRead: 0.3, CacheWrite: 3.75}, AsOf: "2026-09-01"},
		"anthropic/claude-haiku-4-5":  {Rates: Rates{Input: 1, Output: 5, CacheRead: 0.1, CacheWrite: 1.25}, AsOf: summer},
		"anthropic/claude-sonnet-4-6": {Rates: Rates{Input: 3, Output: 15, CacheRead: 0.3, CacheWrite: 3.75}, AsOf: summer},
	}
}
