package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

const (
	maxToken   = 8 << 10 // bytes
	maxSubject = 255     // bytes, as OpenID Connect has it
	maxRoles   = 64
	maxSeconds = 253402300799 // the end of the year 9999, the last that JSON can write
)

// A form is what can be read from a token before anything in it is proven.
type form struct {
	alg       string
	kid       string // "" where the token does not name its key
	claims    jwt.MapClaims
	signed    string // what the signature is of
	signature []byte
}

// issuer is who the token says made it, "" where it does not say.
func (f form) issuer() string {
	iss, _ := f.claims["iss"].(string)
	return iss
}

// read takes a token apart. The libraries that verify signatures take the last of
// two equal claims, read "EXP" as "exp" into structs and pass over critical
// extensions; here all of that is refused.
func read(token string) (form, error) {
	if len(token) > maxToken {
		return form{}, invalid("it is longer than 8 KiB")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return form{}, invalid("it has not three parts")
	}
	header, err := object(parts[0])
	if err != nil {
		return form{}, invalid("its header can't be read")
	}
	claims, err := object(parts[1])
	if err != nil {
		return form{}, invalid("its claims can't be read")
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return form{}, invalid("its signature can't be read")
	}
	if _, critical := header["crit"]; critical {
		return form{}, invalid("it has critical extensions")
	}
	alg, _ := header["alg"].(string)
	if alg == "" || strings.EqualFold(alg, "none") {
		return form{}, invalid("it is not signed")
	}
	kid, _ := header["kid"].(string)
	return form{alg, kid, claims, token[:len(parts[0])+1+len(parts[1])], signature}, nil
}

// signedBy reports whether one of the keys has signed the token. The caller has
// made sure that alg is one that it takes; a key of another kind fits none.
func (f form) signedBy(keys []jwt.VerificationKey) bool {
	method := jwt.GetSigningMethod(f.alg)
	return method != nil && slices.ContainsFunc(keys, func(key jwt.VerificationKey) bool {
		return method.Verify(f.signed, f.signature, key) == nil
	})
}

// object reads one part of a token: a JSON object without equal names.
func object(part string) (map[string]any, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	fields := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if _, twice := fields[name.(string)]; twice { // a name is a string, or Token had failed
			return nil, errors.New("a name stands there twice")
		}
		fields[name.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if d.InputOffset() != int64(len(bytes.TrimRight(data, " \t\r\n"))) {
		return nil, errors.New("more than an object")
	}
	return fields, nil
}

// Rules are what the claims of a token have to keep, whoever signed it.
type rules struct {
	issuer    string
	anonymous bool // a token that names no issuer is taken for one of issuer
	audience  string
	leeway    time.Duration
	now       func() time.Time
}

// claims returns what a token says whose signature was verified.
func (r rules) claims(m jwt.MapClaims) (Claims, error) {
	for _, name := range []string{"exp", "nbf", "iat"} {
		if seconds, ok := m[name].(float64); ok && (seconds < 0 || seconds > maxSeconds) {
			return Claims{}, invalid("a time in it is out of range")
		}
	}
	options := []jwt.ParserOption{jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithAudience(r.audience), jwt.WithLeeway(r.leeway), jwt.WithTimeFunc(r.now)}
	if _, named := m["iss"]; named || !r.anonymous {
		options = append(options, jwt.WithIssuer(r.issuer))
	}
	if err := jwt.NewValidator(options...).Validate(m); err != nil {
		return Claims{}, invalid(reason(err))
	}
	subject, _ := m["sub"].(string)
	if subject == "" || len(subject) > maxSubject || strings.ContainsFunc(subject, unicode.IsControl) {
		return Claims{}, invalid("its subject can't be used")
	}
	roles, err := rolesOf(m)
	if err != nil {
		return Claims{}, err
	}
	expires, err := m.GetExpirationTime()
	if err != nil || expires == nil {
		return Claims{}, invalid("it does not say when it expires")
	}
	return Claims{Subject: subject, Roles: roles, Expires: expires.UTC(), Issuer: r.issuer}, nil
}

// rolesOf reads "roles", a list, and "role", a single one.
func rolesOf(m jwt.MapClaims) ([]string, error) {
	list, ok := m["roles"].([]any)
	if m["roles"] != nil && !ok || len(list) > maxRoles {
		return nil, invalid("its roles are no list of at most 64")
	}
	if one, there := m["role"]; there && one != nil {
		list = append(list, one)
	}
	var roles []string
	for _, v := range list {
		role, ok := v.(string)
		if !ok || role == "" {
			return nil, invalid("a role of it is no text")
		}
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	return roles, nil
}

// reason says why the library refused claims, without what it adds, which may be a
// part of the token.
func reason(err error) string {
	for _, known := range []error{
		jwt.ErrTokenExpired, jwt.ErrTokenNotValidYet, jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidIssuer,
		jwt.ErrTokenRequiredClaimMissing, jwt.ErrInvalidType,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "its claims can't be used"
}

func invalid(reason string) error { return fmt.Errorf("%w: %s", ErrInvalid, reason) }
