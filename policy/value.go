package policy

import (
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/codewarrant/codewarrant/entitlement"
)

// value reads the value that an exception is limited to, or nil after an error.
// What two readers of YAML might take for different things is refused: yes, 010,
// 1_000, an unquoted date.
func (r *reader) value(n *yaml.Node) *entitlement.Value {
	before := r.total()
	v := r.plainValue(n, entitlement.MaxDepth)
	if r.total() > before {
		return nil
	}
	return &v
}

func (r *reader) plainValue(n *yaml.Node, depth int) entitlement.Value {
	switch {
	case depth == 0:
		r.fail(n, "", "value is nested deeper than %d levels", entitlement.MaxDepth)
	case n.Kind == yaml.SequenceNode:
		v := entitlement.List()
		for _, item := range n.Content {
			v.Array = append(v.Array, r.plainValue(item, depth-1))
		}
		return v
	case n.Kind == yaml.MappingNode:
		v := entitlement.Value{Kind: entitlement.Dictionary, Dict: entitlement.Set{}}
		r.entries(n, "value", func(key, value *yaml.Node) {
			r.shows(key, "a key of value")
			v.Dict[key.Value] = r.plainValue(value, depth-1)
		})
		return v
	case n.Kind == yaml.ScalarNode:
		return r.scalarValue(n)
	}
	return entitlement.Value{}
}

func (r *reader) scalarValue(n *yaml.Node) entitlement.Value {
	if !isPlain(n) {
		return entitlement.Str(r.text(n, "value"))
	}
	r.layout.typed.note(n, n.Tag != "!!str")
	switch n.Tag {
	case "!!bool":
		return entitlement.Bool(strings.EqualFold(n.Value, "true"))
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil && strconv.FormatInt(i, 10) == n.Value {
			return entitlement.Int(i)
		}
	case "!!float":
		f, err := strconv.ParseFloat(n.Value, 64)
		if err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) && strings.Contains(n.Value, ".") {
			return entitlement.Value{Kind: entitlement.Real, Real: f}
		}
	case "!!str":
		if !isOldBoolean(n.Value) {
			return entitlement.Str(r.text(n, "value"))
		}
	}
	r.refuseValue(n)
	return entitlement.Value{}
}

// refuseValue says why a plain scalar is not taken for a value.
func (r *reader) refuseValue(n *yaml.Node) {
	const numbers = "write an integer in decimal and a real with a decimal point, and quote what is meant as text"
	digits := strings.TrimLeft(n.Value, "+-")
	switch {
	case n.Tag == "!!null" && n.Value == "":
		r.fail(n, "give it a value, or quotes for text that is empty", "value is empty")
	case n.Tag == "!!null":
		r.fail(n, "give it a value, and quote what is meant as text", "value is null, which no claim can have")
	case digits != "" && strings.Trim(digits, "0123456789") == "" && (digits[0] != '0' || digits == "0") && digits == strings.TrimPrefix(n.Value, "-"):
		r.fail(n, "quote what is meant as text", "value %s is out of range: an integer is from %d to %d", quote(n.Value), math.MinInt64, math.MaxInt64)
	case n.Tag == "!!int" || n.Tag == "!!float":
		r.fail(n, numbers, "value %s could be read in more than one way", quote(n.Value))
	default:
		r.fail(n, "write true or false for a boolean, and quote what is meant as text", "value %s could be read in more than one way", quote(n.Value))
	}
}

// isOldBoolean reports whether YAML 1.1 takes the word for a boolean.
func isOldBoolean(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off":
		return true
	}
	return false
}
