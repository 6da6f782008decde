package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// devices issues and checks the tokens by which guests are known: an id and its
// HMAC-SHA256, so that nothing has to be stored.
type devices struct {
	keys []string // the first one signs, all are accepted
}

const (
	deviceHeader = "X-Device-Token"
	deviceCookie = "device"
	deviceAge    = 400 * 24 * time.Hour // as long as browsers keep a cookie
	tokenPrefix  = "d1"
	maxToken     = 256
)

var errToken = errors.New("the device token is not one of ours")

// issue returns a new token and the owner that it stands for.
func (d devices) issue() (token, owner string) {
	id := base64.RawURLEncoding.EncodeToString(random(16))
	return tokenPrefix + "." + id + "." + sign(d.keys[0], id), "device:" + id
}

// owner returns who a token stands for.
func (d devices) owner(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(token) > maxToken || len(parts) != 3 || parts[0] != tokenPrefix || len(parts[1]) != base64.RawURLEncoding.EncodedLen(16) {
		return "", errToken
	}
	for _, key := range d.keys {
		if hmac.Equal([]byte(parts[2]), []byte(sign(key, parts[1]))) {
			return "device:" + parts[1], nil
		}
	}
	return "", errToken
}

func sign(key, id string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(tokenPrefix + "." + id))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// tokenOf returns the token of a request, from its header or else its cookie.
func tokenOf(r *http.Request) string {
	if token := r.Header.Get(deviceHeader); token != "" {
		return token
	}
	if cookie, err := r.Cookie(deviceCookie); err == nil {
		return cookie.Value
	}
	return ""
}

// deviceSecret returns the configured keys, or the one that is kept in DATA_DIR,
// made at the first start: a restart must keep every device's identity.
func deviceSecret(c config, log *slog.Logger) ([]string, error) {
	if len(c.DeviceSecrets) > 0 {
		return c.DeviceSecrets, nil
	}
	file := filepath.Join(c.DataDir, "device.secret")
	kept, err := os.ReadFile(file)
	switch {
	case err == nil && len(kept) >= shortestSecret:
		return []string{string(kept)}, nil
	case err == nil:
		return nil, fmt.Errorf("%s is damaged: set DEVICE_TOKEN_SECRET, or remove the file and every guest becomes a new one", file)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the device secret: %w", err)
	}
	secret := hex.EncodeToString(random(32))
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		return nil, fmt.Errorf("keep the device secret: %w", err)
	}
	log.Info("made a secret for device tokens; in production set DEVICE_TOKEN_SECRET", "file", file)
	return []string{secret}, nil
}
