package limit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// redisPrefix stands before all keys, for the database may be shared with others.
const redisPrefix = "learnsnap:limit:"

// Redis counts in a Redis server, for all processes that use it. It is safe for
// concurrent use. Close it.
type Redis struct {
	client *redis.Client
	take   *redis.Script
}

var _ Store = (*Redis)(nil)

// OpenRedis returns the Redis at a URL such as redis://user:password@host:6379/0,
// rediss:// for TLS or unix:///path. It does not connect: a server that is away is
// met by [Redis.Take]. Every call is bounded by its context and is made once.
func OpenRedis(url string) (*Redis, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("no URL such as redis://user:password@host:6379/0") // theirs may quote the password
	}
	// The library's log is one of the process, for text on stderr; what it says there
	// is in the errors, too. Nothing else in this program uses it.
	logging.Disable()
	options.ContextTimeoutEnabled = true // else a silent server holds a call for ReadTimeout
	options.MaxRetries = -1              // a second take could count twice
	options.DialerRetries = 1
	options.DialTimeout = time.Second
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &Redis{client: redis.NewClient(options), take: redis.NewScript(takeScript)}, nil
}

// takeScript takes one. A key without an end would refuse for ever, so that one
// begins anew.
const takeScript = `
local left = redis.call('PTTL', KEYS[1])
local limit = tonumber(ARGV[1])
if left <= 0 then
	if limit < 1 then return {0, 0, tonumber(ARGV[2])} end
	redis.call('SET', KEYS[1], 1, 'PX', ARGV[2])
	return {1, limit - 1, tonumber(ARGV[2])}
end
local taken = tonumber(redis.call('GET', KEYS[1]))
if taken >= limit then return {0, 0, left} end
redis.call('INCR', KEYS[1])
return {1, limit - taken - 1, left}`

// Take implements [Store]. One script does it, which Redis runs alone, so that of
// many processes together no more than the limit is taken.
func (r *Redis) Take(ctx context.Context, key string, limit int, window time.Duration) (Result, error) {
	reply, err := r.take.Run(ctx, r.client, []string{redisPrefix + key}, limit, max(1, window.Milliseconds())).Int64Slice()
	if err != nil {
		return Result{}, fmt.Errorf("take of a limit in Redis: %w", err)
	}
	if len(reply) != 3 {
		return Result{}, fmt.Errorf("take of a limit in Redis: %d values in its answer, want 3", len(reply))
	}
	return Result{Allowed: reply[0] == 1, Limit: limit, Left: int(reply[1]), Window: window, Reset: time.Duration(reply[2]) * time.Millisecond}, nil
}

// Check says whether Redis answers.
func (r *Redis) Check(ctx context.Context) error {
	if err := r.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ask Redis: %w", err)
	}
	return nil
}

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }
