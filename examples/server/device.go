package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
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
