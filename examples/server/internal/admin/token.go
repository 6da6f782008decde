package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// token prints a token and nothing else, so that a shell can take it. It opens no
// store: the database may be what the operator is up for.
func token(_ context.Context, c *call, args []string) error {
	subject := c.flags.String("subject", "", "whom the token is for; the audit has this name")
	role := c.flags.String("role", "admin", "what it allows")
	ttl := c.flags.Duration("ttl", time.Hour, "how long it holds, at least a second")
	if err := c.parse(args, 0, 0); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(*subject) == "":
		c.flags.Usage()
		return usage("-subject is needed")
	case *role == "":
		return usage("-role names nothing")
	case *ttl < time.Second:
		return usage("-ttl is at least 1s")
	case c.Sign == nil:
		return errors.New("JWT_SECRET is not set: there is nothing to sign a token with")
	}
	signed, err := c.Sign(*subject, *role, *ttl)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.stdout, signed)
	return err
}
