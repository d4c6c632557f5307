package entitlement_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

func TestReadDERReadsBothForms(t *testing.T) {
	want := Set{
		"com.apple.security.cs.allow-jit": Bool(true),
		"com.example.array":               List(Str("a"), Str("b")),
		"com.example.dict":                {Kind: Dictionary, Dict: Set{"k": Int(-129)}},
		"com.example.false":               Bool(false),
		"com.example.int":                 Int(1 << 40),
	}
	pairs := []any{
		"com.apple.security.cs.allow-jit", true,
		"com.example.array",
		[]any{"a", "b"},
		"com.example.dict",
		map[string]any{"k": -129},
		"com.example.false", false,
		"com.example.int", 1 << 40,
	}
	for name, row := range map[string]struct {
		blob []byte
		form Form
	}{
		"the current form": {machotest.DER(pairs...), VNext},
		"the older form":   {machotest.OldDER(pairs...), V0},
	} {
		t.Run(name, func(t *testing.T) {
			got, form, err := ReadDER(row.blob)
			if err != nil || form != row.form {
				t.Fatalf("form %v, error %v", form, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadDERReadsDataAndDates(t *testing.T) {
	date := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	got, _, err := ReadDER(machotest.DER("d", []byte("hi"), "e", date))
	want := Set{"d": {Kind: Data, Data: []byte("hi")}, "e": {Kind: Date, Date: date}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// tlv writes one element with a short length.
func tlv(tag byte, content ...[]byte) []byte { return machotest.TLV(tag, content...) }

// root frames the pairs of the current form.
func root(pairs ...[]byte) []byte { return tlv(0x70, tlv(0x02, []byte{1}), tlv(0xb0, pairs...)) }

func pair(key string, value []byte) []byte { return tlv(0x30, tlv(0x0c, []byte(key)), value) }

func TestReadDERRefuses(t *testing.T) {
	yes := tlv(0x01, []byte{0xff})
	good := root(pair("a", yes))
	for _, row := range []struct {
		name string
		blob []byte
		want string
	}{
		{"nothing", nil, "cut short"},
		{"XML", []byte("<?xml version"), "bytes are left"},
		{"another element", tlv(0x30), "tag 0x30"},
		{"bytes after the end", append(bytes.Clone(good), 0), "after the end"},
		{"an end inside the header", good[:1], "cut short"},
		{"an end inside the content", good[:len(good)-1], "bytes are left"},
		{"another version", tlv(0x70, tlv(0x02, []byte{2}), tlv(0xb0)), "version"},
		{"no version", tlv(0x70, tlv(0xb0)), "version"},
		{"two dictionaries", tlv(0x70, tlv(0x02, []byte{1}), tlv(0xb0), tlv(0xb0)), "one dictionary"},
		{"a set where the dictionary belongs", tlv(0x70, tlv(0x02, []byte{1}), tlv(0x31)), "one dictionary"},
		{"keys out of order", root(pair("b", yes), pair("a", yes)), "order"},
		{"a key twice", root(pair("a", yes), pair("a", yes)), "twice"},
		{"older form out of order", tlv(0x31, pair("bb", yes), pair("a", yes)), "order"},
		{"a pair that is no sequence", root(tlv(0x31, tlv(0x0c, []byte("a")), yes)), "pair belongs"},
		{"a key that is no string", root(tlv(0x30, tlv(0x04, []byte("a")), yes)), "not a string"},
		{"an empty key", root(pair("", yes)), "not a string"},
		{"a NUL in a key", root(pair("a\x00b", yes)), "NUL"},
		{"a NUL in a string", root(pair("a", tlv(0x0c, []byte("x\x00")))), "NUL"},
		{"invalid UTF-8", root(pair("a", tlv(0x0c, []byte("\xff")))), "UTF-8"},
		{"a pair with a third element", root(tlv(0x30, tlv(0x0c, []byte("a")), yes, yes)), "after the value"},
		{"a pair without a value", root(tlv(0x30, tlv(0x0c, []byte("a")))), "cut short"},
		{"a boolean of two bytes", root(pair("a", tlv(0x01, []byte{0, 0xff}))), "boolean"},
		{"a boolean of no bytes", root(pair("a", tlv(0x01))), "boolean"},
		{"a boolean of another value", root(pair("a", tlv(0x01, []byte{2}))), "boolean"},
		{"an integer of nine bytes", root(pair("a", tlv(0x02, bytes.Repeat([]byte{1}, 9)))), "integer"},
		{"an integer with a needless byte", root(pair("a", tlv(0x02, []byte{0, 1}))), "shortest"},
		{"a length that is not the shortest", root(pair("a", []byte{0x01, 0x81, 0x01, 0xff})), "shortest"},
		{"an indefinite length", []byte{0x70, 0x80, 0, 0}, "indefinite"},
		{"a length of 2^32-1", []byte{0x70, 0x84, 0xff, 0xff, 0xff, 0xff}, "bytes are left"},
		{"a length of eight bytes", []byte{0x70, 0x88, 1, 1, 1, 1, 1, 1, 1, 1}, "over 32 bits"},
		{"a high tag number", []byte{0x7f, 0x10, 0}, "tag number"},
		{"an inner length that reaches into the next pair", root(
			[]byte{0x30, 0x06, 0x0c, 0x01, 'a', 0x01, 0x02, 0xff, 0x30, 0x06, 0x0c, 0x01, 'b', 0x01, 0x01, 0xff}), "bytes are left"},
		{"an unknown tag", root(pair("a", tlv(0x05))), "value belongs"},
		{"the older form's dictionary in the current form", root(pair("a", tlv(0x31))), "other form"},
		{"deep nesting", machotest.DER("a", machotest.Raw(nest(17))), "deeper"},
		{"nesting without end", machotest.DER("a", machotest.Raw(nest(5000))), "deeper"},
		{"a key that is too long", root(pair(strings.Repeat("k", MaxKey+1), yes)), "a key of more than 1024 bytes"},
		{"more values than there can be", root(pair("a", tlv(0x30, bytes.Repeat(yes, 2001)))), "more than 1000 values"},
		{"a blob over the limit", root(pair("a", tlv(0x04, make([]byte, MaxSize)))), "1 MiB"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := ReadDER(row.blob)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want one with %q", err, row.want)
			}
		})
	}
}

// nest returns n arrays inside one another.
func nest(n int) string {
	b := tlv(0x30)
	for range n {
		b = tlv(0x30, b)
	}
	return string(b)
}

// FuzzReadDER asserts that the reader never panics, and that what it accepts in
// the current form comes out of the writer as the same bytes: nothing was passed
// over.
func FuzzReadDER(f *testing.F) {
	f.Add(machotest.DER("a", true, "b", []any{"x", 1}, "c", map[string]any{"k": false}))
	f.Add(machotest.OldDER("a", true, "bb", "c"))
	f.Add(root(pair("b", tlv(0x01, []byte{0xff})), pair("a", tlv(0x01, []byte{0xff}))))
	f.Fuzz(func(t *testing.T, b []byte) {
		set, form, err := ReadDER(b)
		if err != nil || form != VNext {
			return
		}
		var pairs []any
		for _, k := range set.Keys() {
			pairs = append(pairs, k, plain(set[k]))
		}
		again, _, err := ReadDER(machotest.DER(pairs...))
		if err != nil || !again.Equal(set) {
			t.Fatalf("%x reads as %v, and written and read again as %v (%v)", b, set, again, err)
		}
	})
}

// plain turns a value into what the writer takes.
func plain(v Value) any {
	switch v.Kind {
	case Boolean:
		return v.Bool
	case Integer:
		return int(v.Int)
	case String:
		return v.String
	case Data:
		return v.Data
	case Date:
		return v.Date
	case Array:
		list := []any{}
		for _, e := range v.Array {
			list = append(list, plain(e))
		}
		return list
	default:
		m := map[string]any{}
		for k, e := range v.Dict {
			m[k] = plain(e)
		}
		return m
	}
}
