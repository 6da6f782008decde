package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// openStore opens what DATABASE_URL names: Postgres, or SQLite in DATA_DIR.
func openStore(ctx context.Context, c config, log *slog.Logger) (storage.Store, error) {
	if c.DatabaseURL == "" {
		store, err := sqlite.Open(ctx, sqlite.Config{Dir: c.DataDir, Logger: log})
		if err != nil {
			return nil, fmt.Errorf("DATA_DIR %s: %w", c.DataDir, err)
		}
		return store, nil
	}
	store, err := postgres.Open(ctx, postgres.Config{URL: c.DatabaseURL, DirectURL: c.DirectURL, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	return store, nil
}

// deviceSecretName is the value of the store that signs device tokens, where
// DEVICE_TOKEN_SECRET does not.
const deviceSecretName = "device.secret"

// deviceSecret returns the configured keys, or the one that the store keeps, made at
// the first start: every replica and every restart must know the same devices.
func deviceSecret(ctx context.Context, c config, store storage.Values, log *slog.Logger) ([]string, error) {
	if len(c.DeviceSecrets) > 0 {
		return c.DeviceSecrets, nil
	}
	secret, err := store.Value(ctx, deviceSecretName)
	if errors.Is(err, storage.ErrNotFound) {
		if secret, err = newDeviceSecret(c); err != nil {
			return nil, err
		}
		err = store.SetValue(ctx, deviceSecretName, nil, secret)
		if errors.Is(err, storage.ErrConflict) { // another replica was first
			secret, err = store.Value(ctx, deviceSecretName)
		} else if err == nil {
			log.Info("made a secret for device tokens, kept in the database; in production set DEVICE_TOKEN_SECRET")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the secret of device tokens: %w", err)
	}
	return []string{string(secret)}, nil
}

// newDeviceSecret returns a new secret, or the one that an earlier version of this
// program has kept in a file.
func newDeviceSecret(c config) ([]byte, error) {
	kept, err := os.ReadFile(filepath.Join(c.DataDir, "device.secret"))
	switch {
	case err == nil && len(kept) >= shortestSecret:
		return kept, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the device secret: %w", err)
	}
	return []byte(hex.EncodeToString(random(32))), nil
}
