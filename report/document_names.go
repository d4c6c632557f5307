package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/codewarrant/codewarrant/internal/canonical"
)

// free are the fields whose values have names of their own, as people chose them.
var free = map[string]bool{"value": true}

// fold returns what is equal for names that differ in nothing but case, by any reader's rules.
func fold(name string) string {
	return strings.ToLower(strings.ToUpper(name)) // İ and ſ and K, too
}

// object are the fields of one by their names as they are written, in no other case.
type object map[string]json.RawMessage

// readObject reads an object that all readers take for the same: no two of its names differ in
// nothing but case.
func readObject(raw []byte) (o object, err error) {
	text, err := canonical.JSON(raw)
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(text, &o) != nil || o == nil {
		return nil, errors.New("not an object")
	}
	return o, exact(text)
}

// read reads a field, which has to be there.
func (o object) read(name string, v any) error {
	raw, ok := o[name]
	if !ok || string(raw) == "null" {
		return fmt.Errorf("%q is missing", name)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	return nil
}

// exact reports an object in which two names differ in nothing but case.
func exact(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return exactNext(dec)
}

func exactNext(dec *json.Decoder) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		for dec.More() {
			if err := exactNext(dec); err != nil {
				return err
			}
		}
		_, err = dec.Token()
	case json.Delim('{'):
		names := map[string]string{}
		for dec.More() {
			token, err := dec.Token()
			if err != nil {
				return err
			}
			name := token.(string)
			folded := fold(name)
			if other, ok := names[folded]; ok {
				return fmt.Errorf("not a report: %q and %q are in one object", other, name)
			}
			names[folded] = name
			if free[name] {
				err = skip(dec)
			} else {
				err = exactNext(dec)
			}
			if err != nil {
				return err
			}
		}
		_, err = dec.Token()
	}
	return err
}

// skip passes over a value.
func skip(dec *json.Decoder) error {
	depth := 0
	for {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
