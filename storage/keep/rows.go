package keep

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/storage"
)

// A form is how bytes are written.
type form int

const (
	exact    form = iota // in base64: they come back as they were
	readable             // as the JSON that they are, where they are
)

// appendRow appends a row as a line of JSON, its fields in the order of the table's
// columns. Equal rows give equal lines, whatever engine they come from.
func appendRow(line []byte, t storage.Table, row storage.Row, f form) ([]byte, error) {
	if err := t.Fits(row); err != nil {
		return nil, err
	}
	for i, c := range t.Columns {
		before := `,"`
		if i == 0 {
			before = `{"`
		}
		line = append(line, before...)
		line = append(line, c.Name...)
		line = append(line, `":`...)
		value, err := encode(row[i], c, f)
		if err != nil {
			return nil, fmt.Errorf("%s of a row of %s: %w", c.Name, t.Name, err)
		}
		line = append(line, value...)
	}
	return append(line, "}\n"...), nil
}

func encode(v any, c storage.Column, f form) ([]byte, error) {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return nil, errors.New("the text is no UTF-8")
		}
		return plain(v)
	case time.Time:
		if v.IsZero() {
			return []byte("null"), nil
		}
		return plain(v.UTC().Format(time.RFC3339Nano))
	case []byte:
		switch {
		case v == nil:
			return []byte("null"), nil
		case c.Type == storage.AsJSON || f == readable && json.Valid(v):
			return canonical(v)
		}
		return plain(base64.StdEncoding.EncodeToString(v))
	}
	return plain(v)
}

// plain is v as JSON, without the escapes that HTML would need.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// canonical brings JSON into the one form that its meaning has: databases order and
// space it each in their own way.
func canonical(data []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value of JSON")
	}
	return plain(v)
}

// parseRow reads a line. A field that is missing is nothing: the program that wrote it
// did not know it. One that the table has not is refused: what is not understood
// can't be kept.
func parseRow(line []byte, t storage.Table) (storage.Row, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return nil, fmt.Errorf("a row of %s: %w", t.Name, err)
	}
	row := make(storage.Row, len(t.Columns))
	for i, c := range t.Columns {
		value, err := parse(fields[c.Name], c)
		if err != nil {
			return nil, fmt.Errorf("%s of a row of %s: %w", c.Name, t.Name, err)
		}
		row[i] = value
		delete(fields, c.Name)
	}
	for name := range fields {
		return nil, fmt.Errorf("a row of %s has %q, which this program does not know: %w", t.Name, name, errNewer)
	}
	return row, t.Fits(row)
}

func parse(raw json.RawMessage, c storage.Column) (any, error) {
	none := len(raw) == 0 || string(raw) == "null"
	switch c.Type {
	case storage.AsText:
		return decode(raw, none, "")
	case storage.AsInt:
		return decode(raw, none, int64(0))
	case storage.AsTime:
		t, err := decode(raw, none, time.Time{})
		return t.UTC().Truncate(time.Microsecond), err
	case storage.AsJSON:
		if none {
			return []byte(nil), nil
		}
		return []byte(raw), nil
	}
	if none && c.Null {
		return []byte(nil), nil
	}
	return decode(raw, none, []byte{})
}

func decode[T any](raw json.RawMessage, none bool, v T) (T, error) {
	if none {
		return v, nil
	}
	err := json.Unmarshal(raw, &v)
	return v, err
}
