package flags

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// maxFile bounds FLAGS_FILE in bytes.
const maxFile = 64 << 10

// readFile reads the switches of a file. One that is not there has none: taking it
// away is how an operator takes back what it said.
func readFile(name string) (values map[string]bool, err error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a regular file") // a pipe would be waited for, for ever
	}
	if err != nil {
		return nil, fmt.Errorf("read flags: %w", err)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read flags: %w", err)
	}
	defer f.Close() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("more than %d bytes", maxFile)
	}
	if err == nil {
		values, err = parseFile(string(data))
	}
	if err != nil {
		return nil, fmt.Errorf("read flags from %s: %w", name, err)
	}
	return values, nil
}

// parseFile reads lines of NAME=value. Empty lines and those that begin with # say
// nothing; quotes around a value and export before a name are allowed, since shells
// read such files too. What cannot be read makes the whole file wrong: half of it
// might be the wrong half.
func parseFile(text string) (map[string]bool, error) {
	values := map[string]bool{}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(strings.TrimPrefix(name, "export "))
		if !ok || name == "" {
			return nil, fmt.Errorf("line %d: want NAME=true or NAME=false", number)
		}
		if _, twice := values[name]; twice {
			return nil, fmt.Errorf("line %d: %s is there twice", number, name)
		}
		on, err := parseValue(strings.Trim(strings.TrimSpace(value), `"'`))
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", number, name, err)
		}
		values[name] = on
	}
	return values, nil
}

// unknown lists the names that no flag has, in order.
func unknown(values map[string]bool, known map[string]Flag) []string {
	var names []string
	for name := range values {
		if _, ok := known[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
