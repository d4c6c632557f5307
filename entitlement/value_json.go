package entitlement

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// UnmarshalJSON reads what [Value.MarshalJSON] writes. JSON has fewer types: a number with
// neither fraction nor exponent is an integer, and a dictionary with data or date alone,
// which says so, is data or a date. [Value.As] says more of a value whose kind is known.
func (v *Value) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return err
	}
	got, err := ofJSON(tree)
	*v = got
	return err
}

func ofJSON(tree any) (Value, error) {
	switch t := tree.(type) {
	case nil:
		return Value{}, nil
	case bool:
		return Bool(t), nil
	case string:
		return Str(t), nil
	case json.Number:
		if i, err := t.Int64(); err == nil {
			return Int(i), nil
		}
		f, err := t.Float64()
		return Value{Kind: Real, Real: f}, err
	case []any:
		list := make([]Value, len(t))
		for i, e := range t {
			var err error
			if list[i], err = ofJSON(e); err != nil {
				return Value{}, err
			}
		}
		return List(list...), nil
	}
	object := tree.(map[string]any)
	if v, ok := tagged(object); ok {
		return v, nil
	}
	set := make(Set, len(object))
	for k, e := range object {
		v, err := ofJSON(e)
		if err != nil {
			return Value{}, err
		}
		set[k] = v
	}
	return Value{Kind: Dictionary, Dict: set}, nil
}

// tagged returns the data or the date that an object stands for.
func tagged(object map[string]any) (Value, bool) {
	if len(object) != 1 {
		return Value{}, false
	}
	if null, ok := object["data"]; ok && null == nil {
		return Value{Kind: Data}, true
	}
	if s, ok := object["data"].(string); ok {
		if b, err := base64.StdEncoding.Strict().DecodeString(s); err == nil {
			return Value{Kind: Data, Data: b}, true
		}
	}
	if s, ok := object["date"].(string); ok {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return Value{Kind: Date, Date: t.UTC()}, true
		}
	}
	return Value{}, false
}

// As returns a value that was read from JSON as one of a kind, if it may be.
func (v Value) As(kind Kind) (Value, error) {
	switch {
	case v.Kind == kind:
		return v, nil
	case kind == Real && v.Kind == Integer:
		return Value{Kind: Real, Real: float64(v.Int)}, nil
	case kind == Real && v.Kind == String:
		for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			if w := (Value{Kind: Real, Real: f}); w.Text() == v.String {
				return w, nil
			}
		}
	case kind == Dictionary && v.Kind == Data:
		return Value{Kind: Dictionary, Dict: Set{"data": Str(base64.StdEncoding.EncodeToString(v.Data))}}, nil
	case kind == Dictionary && v.Kind == Date:
		return Value{Kind: Dictionary, Dict: Set{"date": Str(v.Date.Format(time.RFC3339))}}, nil
	}
	return Value{}, fmt.Errorf("a value of kind %s is no %s", v.Kind, kind)
}
