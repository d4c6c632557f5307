package entitlement

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of a [Value]: the property-list types.
type Kind uint8

// The kinds of value. The zero Kind is Unknown: a claim whose value could not be
// read, or was read in more than one way.
const (
	Unknown Kind = iota
	Boolean
	Integer
	Real
	String
	Data
	Date
	Array
	Dictionary
)

var kindNames = [...]string{"unknown", "boolean", "integer", "real", "string", "data", "date", "array", "dictionary"}

// String returns the kind's name in lower case, such as "boolean".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// ParseKind returns the kind of that lower-case name, and whether there is one.
func ParseKind(name string) (Kind, bool) {
	i := slices.Index(kindNames[:], name)
	return Kind(max(i, 0)), i > 0
}

// Value is the value of one entitlement. Only the field that Kind names is set.
// The zero Value is of kind Unknown.
type Value struct {
	Kind   Kind
	Bool   bool
	Int    int64
	Real   float64
	String string
	Data   []byte
	Date   time.Time // UTC, whole seconds
	Array  []Value
	Dict   Set
}

// Set is a dictionary of values by key; at the root, the entitlements of one
// code signature by name.
type Set map[string]Value

// Bool returns a boolean value.
func Bool(b bool) Value { return Value{Kind: Boolean, Bool: b} }

// Int returns an integer value.
func Int(i int64) Value { return Value{Kind: Integer, Int: i} }

// Str returns a string value.
func Str(s string) Value { return Value{Kind: String, String: s} }

// List returns an array value.
func List(v ...Value) Value { return Value{Kind: Array, Array: v} }

// Grants reports whether a claim of the value grants anything. Only an exact
// boolean false does not: zero, an empty string or an unreadable value might be
// taken as a grant by the system, so they count as one.
func (v Value) Grants() bool { return v.Kind != Boolean || v.Bool }

// Equal reports whether two values are of one kind and equal throughout. The
// order of an array counts. An Unknown value equals nothing, not even itself.
func (v Value) Equal(w Value) bool {
	if v.Kind != w.Kind {
		return false
	}
	switch v.Kind {
	case Boolean:
		return v.Bool == w.Bool
	case Integer:
		return v.Int == w.Int
	case Real:
		return math.Float64bits(v.Real) == math.Float64bits(w.Real)
	case String:
		return v.String == w.String
	case Data:
		return bytes.Equal(v.Data, w.Data)
	case Date:
		return v.Date.Equal(w.Date)
	case Array:
		return slices.EqualFunc(v.Array, w.Array, Value.Equal)
	case Dictionary:
		return v.Dict.Equal(w.Dict)
	default:
		return false
	}
}

// Equal reports whether two sets hold the same keys with equal values.
func (s Set) Equal(t Set) bool { return maps.EqualFunc(s, t, Value.Equal) }

// Keys returns the keys in ascending order.
func (s Set) Keys() []string { return slices.Sorted(maps.Keys(s)) }

// Union returns every claim of both sets. Where they hold one key with different
// values the claim is kept with a value of kind Unknown, which grants.
func Union(a, b Set) Set {
	u := make(Set, len(a)+len(b))
	maps.Copy(u, a)
	for k, v := range b {
		if w, ok := u[k]; ok && !v.Equal(w) {
			v = Value{}
		}
		u[k] = v
	}
	return u
}

// realText writes a real with a fraction, so that 1.0 is not taken for the integer 1.
func realText(f float64) string {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if strings.Contains(text, ".") || math.IsInf(f, 0) || math.IsNaN(f) {
		return text
	}
	digits, exponent, ok := strings.Cut(text, "e")
	if ok {
		exponent = "e" + exponent
	}
	return digits + ".0" + exponent
}

// Text returns the value on one line as a person would write it: true, 42, 1.0,
// "text", [a, b], {k: v}. Strings are quoted as in Go, so that control
// characters show. It is for reading, not for parsing.
func (v Value) Text() string {
	switch v.Kind {
	case Boolean:
		return strconv.FormatBool(v.Bool)
	case Integer:
		return strconv.FormatInt(v.Int, 10)
	case Real:
		return realText(v.Real)
	case String:
		return strconv.Quote(v.String)
	case Data:
		return "data:" + base64.StdEncoding.EncodeToString(v.Data)
	case Date:
		return v.Date.Format(time.RFC3339)
	case Array:
		parts := make([]string, len(v.Array))
		for i, e := range v.Array {
			parts[i] = e.Text()
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case Dictionary:
		parts := make([]string, 0, len(v.Dict))
		for _, k := range v.Dict.Keys() {
			parts = append(parts, strconv.Quote(k)+": "+v.Dict[k].Text())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return "(unclear)"
	}
}

// MarshalJSON writes booleans, numbers, strings, arrays and dictionaries as
// JSON's own; data as {"data": base64}, dates as {"date": RFC 3339}, and a value
// that is not known as null.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.Kind {
	case Boolean:
		return json.Marshal(v.Bool)
	case Integer:
		return json.Marshal(v.Int)
	case Real:
		if math.IsNaN(v.Real) || math.IsInf(v.Real, 0) {
			return json.Marshal(v.Text())
		}
		return json.Marshal(v.Real)
	case String:
		return json.Marshal(v.String)
	case Data:
		return json.Marshal(map[string][]byte{"data": v.Data})
	case Date:
		return json.Marshal(map[string]string{"date": v.Date.Format(time.RFC3339)})
	case Array:
		if v.Array == nil {
			return []byte("[]"), nil
		}
		return json.Marshal(v.Array)
	case Dictionary:
		return json.Marshal(v.Dict)
	default:
		return []byte("null"), nil
	}
}
