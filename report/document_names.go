package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// free are the fields whose values have names of their own, as people chose them.
var free = map[string]bool{"value": true}

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
			folded := strings.ToLower(strings.ToUpper(name)) // İ and ſ and K, too
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
