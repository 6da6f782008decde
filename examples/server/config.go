package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/cors"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit"
	"github.com/learnsnap/learnsnap-go/flags"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
)

// A config is what the environment says, checked.
type config struct {
	Host, Port               string
	DataDir                  string
	DatabaseURL              string // of Postgres; empty: SQLite in DataDir
	DirectURL                string // past a pooler
	LogLevel                 slog.Level
	DeviceSecrets            []string // the first one signs, all are accepted
	MemoryLimitMB            int
	ShutdownTimeout          time.Duration
	FreePages                int // of a guest; −1: pages are not counted
	FreePagesUser            int
	EarlyAdopters            int // users, who get EarlyAdopterPages instead
	EarlyAdopterPages        int
	OIDCIssuer, OIDCClientID string     // of users' tokens
	Providers                []provider // in the order in which they are asked
	Verify                   provider   // answers questions to verify them; without a name: none
	AIConcurrency            int        // 0: not set
	AIDailyUSD               float64    // 0: not bounded
	AIQuizUSD                float64    // 0: not bounded
	AIPrices                 ai.Prices  // instead of the built-in ones of the same models

	PaylinkAPIID, PaylinkKey   string // empty: nothing is sold
	PaylinkURL                 string
	PaylinkHeader, PaylinkHMAC string // that tell Paylink's messages from forged ones
	AppURL                     string // where buyers come back to

	EncryptionKeys []sealed.Key // the first one seals, all open
	BackupDir      string
	BackupEvery    time.Duration
	BackupKeep     int

	FlagsFile  string
	LogDir     string
	SentryDSN  string
	Flags      map[string]string // that the environment sets
	JWTSecrets []string          // of operators' tokens: the first one signs, all are accepted

	Origins        []string // whose pages may use the server from a browser, beside its own
	RateLimits     bool
	RedisURL       string
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed

	limitMemory bool // GOMEMLIMIT is not set by hand
}

// A provider is a language model that was configured.
type provider struct {
	name                string // gemini, openai or anthropic
	key, model, baseURL string
}

// environment reads variables and gathers what is wrong with them.
type environment struct {
	values map[string]string
	wrong  []error
}

func (e *environment) text(name, otherwise string) string {
	if v := e.values[name]; v != "" {
		return v
	}
	return otherwise
}

func (e *environment) refuse(name, want string) {
	shown := strconv.Quote(e.values[name])
	if strings.Contains(name, "SECRET") || strings.Contains(name, "KEY") || strings.Contains(name, "URL") {
		shown = "its value"
	}
	e.wrong = append(e.wrong, fmt.Errorf("%s: %s can't be used (want %s)", name, shown, want))
}

func (e *environment) number(name string, otherwise, least, most int) int {
	v := e.values[name]
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		e.refuse(name, fmt.Sprintf("a whole number from %d to %d", least, most))
		return otherwise
	}
	return n
}

func (e *environment) duration(name string, otherwise, least, most time.Duration) time.Duration {
	v := e.values[name]
	if v == "" {
		return otherwise
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < least || d > most {
		e.refuse(name, fmt.Sprintf("a time from %v to %v, such as 30s", least, most))
		return otherwise
	}
	return d
}

// dollars reads an amount above 0; 0 means that none is set.
func (e *environment) dollars(name string) float64 {
	v := e.values[name]
	if v == "" {
		return 0
	}
	const most = 1_000_000
	usd, err := strconv.ParseFloat(v, 64)
	if err != nil || !(usd > 0 && usd <= most) {
		e.refuse(name, "US dollars above 0, such as 2.50; none at all for no bound")
		return 0
	}
	return usd
}

// prices reads AI_PRICES.
func (e *environment) prices(c *config) {
	v := e.values["AI_PRICES"]
	if v == "" {
		return
	}
	var err error
	if c.AIPrices, err = ai.ParsePrices([]byte(v)); err != nil {
		e.refuse("AI_PRICES", `US dollars per million tokens, as {"openai/gpt-6-luna":{"input":0.1,"output":0.5}}`)
	}
}

// readConfig reads the environment. Its error has a line for each mistake.
func readConfig(environ []string) (config, error) {
	e := environment{values: map[string]string{}}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			e.values[name] = strings.TrimSpace(value)
		}
	}
	c := config{
		Host:              e.text("HOST", ""),
		Port:              strconv.Itoa(e.number("PORT", 5000, 0, 65535)),
		DataDir:           e.text("DATA_DIR", "data"),
		MemoryLimitMB:     e.number("MEMORY_LIMIT_MB", 512, 128, 1<<20),
		ShutdownTimeout:   e.duration("SHUTDOWN_TIMEOUT", 30*time.Second, time.Second, 10*time.Minute),
		FreePages:         e.number("FREE_PAGES_GUEST", 2, -1, 1_000_000),
		FreePagesUser:     e.number("FREE_PAGES_USER", 2, 1, 1_000_000),
		EarlyAdopters:     e.number("EARLY_ADOPTERS", 30, 0, 1_000_000),
		EarlyAdopterPages: e.number("EARLY_ADOPTER_PAGES", 50, 1, 1_000_000),
		OIDCIssuer:        e.values["OIDC_ISSUER"],
		OIDCClientID:      e.values["OIDC_CLIENT_ID"],
		AIConcurrency:     e.number("AI_CONCURRENCY", 0, 1, 1000),
		AIDailyUSD:        e.dollars("AI_DAILY_USD"),
		AIQuizUSD:         e.dollars("AI_QUIZ_USD"),
		BackupDir:         e.values["BACKUP_DIR"],
		BackupEvery:       e.duration("BACKUP_EVERY", 24*time.Hour, time.Minute, 31*24*time.Hour),
		BackupKeep:        e.number("BACKUP_KEEP", 7, 1, 10_000),
		FlagsFile:         e.values["FLAGS_FILE"],
		LogDir:            e.values["LOG_DIR"],
		Flags:             map[string]string{},
		limitMemory:       e.values["GOMEMLIMIT"] == "",
	}
	for _, f := range flags.Defaults() {
		if v := e.values[f.Name]; v != "" {
			c.Flags[f.Name] = v
		}
	}
	if e.values["FREE_PAGES_GUEST"] == "0" {
		e.refuse("FREE_PAGES_GUEST", "1 or more, or -1 for pages that are not counted")
	}
	if err := c.LogLevel.UnmarshalText([]byte(e.text("LOG_LEVEL", "info"))); err != nil {
		e.refuse("LOG_LEVEL", "debug, info, warn or error")
	}
	e.database(&c)
	e.secrets(&c)
	if (c.OIDCIssuer == "") != (c.OIDCClientID == "") {
		e.refuse("OIDC_ISSUER", "a URL, together with OIDC_CLIENT_ID")
	}
	e.limits(&c)
	e.payments(&c)
	e.providers(&c)
	e.verify(&c)
	e.prices(&c)
	return c, errors.Join(e.wrong...)
}

// database takes DATABASE_URL and DATABASE_DIRECT_URL.
func (e *environment) database(c *config) {
	const want = "postgres://user:password@host:5432/name, or sqlite:///path/of/a/folder"
	switch v := e.values["DATABASE_URL"]; {
	case v == "":
	case isPostgres(v):
		c.DatabaseURL = v
	default:
		u, err := url.Parse(v)
		if err != nil || u.Scheme != "sqlite" || u.Host+u.Path == "" {
			e.refuse("DATABASE_URL", want)
			return
		}
		c.DataDir = u.Host + u.Path
	}
	switch v := e.values["DATABASE_DIRECT_URL"]; {
	case v == "":
	case c.DatabaseURL == "" || !isPostgres(v):
		e.refuse("DATABASE_DIRECT_URL", "postgres://…, beside a DATABASE_URL that leads through a pooler")
	default:
		c.DirectURL = v
	}
}

// isPostgres looks at the scheme alone: a URL of several hosts is none that
// [url.Parse] takes.
func isPostgres(v string) bool {
	return strings.HasPrefix(v, "postgres://") || strings.HasPrefix(v, "postgresql://")
}

// system is the database's name in traces.
func (c config) system() string {
	if c.DatabaseURL != "" {
		return "postgresql"
	}
	return "sqlite"
}

// databaseName says what kind of database is used, for the log.
func (c config) databaseName() string {
	if c.DatabaseURL != "" {
		return "postgres"
	}
	return "sqlite in " + c.DataDir
}

// payments takes the account at Paylink.
func (e *environment) payments(c *config) {
	c.PaylinkAPIID, c.PaylinkKey = e.values["PAYLINK_API_ID"], e.values["PAYLINK_SECRET_KEY"]
	c.PaylinkURL, c.AppURL = e.values["PAYLINK_BASE_URL"], e.values["APP_URL"]
	c.PaylinkHeader, c.PaylinkHMAC = e.values["PAYLINK_WEBHOOK_HEADER"], e.values["PAYLINK_WEBHOOK_SECRET"]
	if (c.PaylinkAPIID == "") != (c.PaylinkKey == "") {
		e.refuse("PAYLINK_API_ID", "an id, together with PAYLINK_SECRET_KEY")
	}
	for _, name := range []string{"PAYLINK_BASE_URL", "APP_URL"} {
		v := e.values[name]
		if u, err := url.Parse(v); v != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			e.refuse(name, "a URL such as https://host")
		}
	}
	if c.PaylinkAPIID != "" && c.AppURL == "" {
		e.refuse("APP_URL", "the address that buyers come back to, such as https://quiz.example")
	}
}

// limits takes what concerns how often a caller may ask.
func (e *environment) limits(c *config) {
	switch v := strings.ToLower(e.text("RATE_LIMITS", "on")); v {
	case "on", "off":
		c.RateLimits = v == "on"
	default:
		e.refuse("RATE_LIMITS", "on or off")
	}
	c.RedisURL = e.values["REDIS_URL"]
	for origin := range strings.SplitSeq(e.values["CORS_ORIGINS"], ",") {
		if origin = strings.TrimSpace(origin); origin != "" {
			c.Origins = append(c.Origins, origin)
		}
	}
	if _, err := cors.New(cors.Config{Origins: c.Origins}); err != nil {
		e.refuse("CORS_ORIGINS", "origins with commas, such as https://app.example.com")
	}
	var err error
	if c.TrustedProxies, err = limit.ParseProxies(e.values["TRUSTED_PROXIES"]); err != nil {
		e.refuse("TRUSTED_PROXIES", "addresses and prefixes with commas, such as 10.0.0.0/8")
	}
}

const shortestSecret = 32

func (e *environment) secrets(c *config) {
	c.DeviceSecrets = e.secretList("DEVICE_TOKEN_SECRET")
	c.JWTSecrets = e.secretList("JWT_SECRET")
	var err error
	if c.EncryptionKeys, err = sealed.ParseKeys(e.values["ENCRYPTION_KEY"]); err != nil {
		e.refuse("ENCRYPTION_KEY", "32 random bytes in base64, as openssl rand -base64 32 makes them; several with commas, the first one encrypts")
	}
}

// secretList reads secrets with commas between them.
func (e *environment) secretList(name string) (all []string) {
	for secret := range strings.SplitSeq(e.values[name], ",") {
		if secret = strings.TrimSpace(secret); secret == "" {
			continue
		}
		if len(secret) < shortestSecret {
			e.refuse(name, fmt.Sprintf("at least %d characters; several with commas, the first one signs", shortestSecret))
		}
		all = append(all, secret)
	}
	return all
}

// providers takes the providers that have a key, in the order of AI_PROVIDERS.
func (e *environment) providers(c *config) {
	for name := range strings.SplitSeq(e.text("AI_PROVIDERS", strings.Join(known(), ",")), ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(known(), name) {
			e.refuse("AI_PROVIDERS", "some of gemini, openai, anthropic, with commas")
			continue
		}
		p, ok := e.provider(name)
		switch {
		case !ok:
		case p.key != "":
			c.Providers = append(c.Providers, p)
		case e.values["AI_PROVIDERS"] != "":
			e.refuse("AI_PROVIDERS", "only providers with a key; "+strings.ToUpper(name)+"_API_KEY is not set")
		}
	}
}

func known() []string { return []string{"gemini", "openai", "anthropic"} }

// provider takes what is set for a provider; ok is false where that can't be used.
func (e *environment) provider(name string) (p provider, ok bool) {
	prefix := strings.ToUpper(name)
	p = provider{name: name, key: e.values[prefix+"_API_KEY"], model: e.values[prefix+"_MODEL"], baseURL: e.values[prefix+"_BASE_URL"]}
	if u, err := url.Parse(p.baseURL); p.baseURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		e.refuse(prefix+"_BASE_URL", "a URL such as https://host/v1")
		return p, false
	}
	return p, true
}

// verify takes AI_VERIFY: a provider that has a key, and a model of its if that is
// to be another.
func (e *environment) verify(c *config) {
	v := e.values["AI_VERIFY"]
	if v == "" {
		return
	}
	name, model, _ := strings.Cut(v, "/")
	name = strings.ToLower(strings.TrimSpace(name))
	if !slices.Contains(known(), name) || e.values[strings.ToUpper(name)+"_API_KEY"] == "" {
		e.refuse("AI_VERIFY", "gemini, openai or anthropic, with its key set; or with a model, such as openai/gpt-6-luna")
		return
	}
	p, ok := e.provider(name)
	if !ok {
		return
	}
	p.model = cmp.Or(strings.TrimSpace(model), p.model)
	c.Verify = p
}

// prices are the built-in prices and, before them, those of AI_PRICES.
func (c config) prices() ai.Prices {
	prices := ai.DefaultPrices()
	maps.Copy(prices, c.AIPrices)
	return prices
}

// attrs are the configuration for the log. Secrets are not among them.
func (c config) attrs() []slog.Attr {
	var names []string
	for _, p := range c.Providers {
		names = append(names, p.name)
	}
	return []slog.Attr{
		slog.String("host", c.Host), slog.String("port", c.Port), slog.String("database", c.databaseName()), slog.String("logLevel", c.LogLevel.String()),
		slog.Int("memoryLimitMB", c.MemoryLimitMB), slog.Duration("shutdownTimeout", c.ShutdownTimeout), slog.Int("freePagesGuest", c.FreePages),
		slog.Any("providers", append(names, "offline")), slog.String("verify", c.Verify.name), slog.Float64("aiDailyUSD", c.AIDailyUSD), slog.Float64("aiQuizUSD", c.AIQuizUSD), slog.Int("ownPrices", len(c.AIPrices)), slog.Bool("deviceSecretSet", len(c.DeviceSecrets) > 0), slog.Int("encryptionKeys", len(c.EncryptionKeys)), slog.String("backupDir", c.BackupDir), slog.Bool("payments", c.PaylinkAPIID != ""), slog.Bool("jwtSecretSet", len(c.JWTSecrets) > 0), slog.String("oidcIssuer", c.OIDCIssuer), slog.String("flagsFile", c.FlagsFile), slog.Any("flags", c.Flags),
	}
}
