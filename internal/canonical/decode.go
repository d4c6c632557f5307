package canonical

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Decode reads JSON into v, whose type knows all of it. The names are those that v is written
// with, in the same case, each once: one that is not known, is missing or stands for nothing
// is an error, so that nobody can take what is read for something else than it is. So is null,
// wherever it stands: what v is written with where there is nothing is an empty list, object or
// text, or no name at all. It takes some times as much memory as b has bytes.
func Decode(b []byte, v any) error {
	text, err := JSON(b)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return wrongType(err)
	}
	again, err := json.Marshal(v)
	if err != nil {
		return err
	}
	got, err := tree(text)
	if err != nil {
		return err
	}
	want, err := tree(again)
	if err != nil {
		return err
	}
	return sameNames("", got, want)
}

// wrongType says in which field something is of another type than it has to be.
func wrongType(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		return fmt.Errorf("%s is a %s, and not what it has to be", t.Field, t.Value)
	}
	return err
}

func tree(b []byte) (v any, err error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	err = dec.Decode(&v)
	return v, err
}

// sameNames reports a name that is in one of two values and not in the other. at is where
// they are, empty for the outermost.
func sameNames(at string, got, want any) error {
	switch got := got.(type) {
	case map[string]any:
		want, ok := want.(map[string]any)
		if !ok {
			return fmt.Errorf("%q is no object", at)
		}
		for _, name := range slices.Sorted(maps.Keys(got)) {
			if _, ok := want[name]; !ok {
				return fmt.Errorf("the name %q is not known%s, or stands for nothing", name, in(at))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if _, ok := got[name]; !ok {
				return fmt.Errorf("%q is missing%s", name, in(at))
			}
			if err := sameNames(join(at, name), got[name], want[name]); err != nil {
				return err
			}
		}
	case []any:
		want, ok := want.([]any)
		if !ok || len(want) != len(got) {
			return fmt.Errorf("%q is no list", at)
		}
		for i := range got {
			if err := sameNames(fmt.Sprintf("%s[%d]", at, i), got[i], want[i]); err != nil {
				return err
			}
		}
	default:
		if got == nil { // whatever v makes of it: want may be null, too
			return fmt.Errorf("%q is null", at)
		}
	}
	return nil
}

func in(at string) string {
	if at == "" {
		return ""
	}
	return " in " + at
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
