package machotest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Raw is written as it is, XML or DER, where a value is expected.
type Raw string

// Dict is a dictionary as key, value, key, value. XML keeps its order, DER sorts it; duplicate keys stay in both.
type Dict []any

// XML returns a property list whose root is the dictionary of pairs (key, value, key, value), laid out as Core
// Foundation and with it codesign does.
//
// A value is a bool, int, int64, float64, string, []byte, time.Time, []any, map[string]any (its keys are sorted), Dict
// or Raw.
func XML(pairs ...any) []byte { return Plist(Dict(pairs)) }

// Plist returns an XML property list with any root, or with any content when root is Raw.
func Plist(root any) []byte {
	const head = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`
	var x xmlWriter
	x.value(root)
	return []byte(head + x.String() + "</plist>\n")
}

// xmlWriter writes each element on lines of its own, indented by tabs.
type xmlWriter struct {
	strings.Builder
	depth int
}

func (x *xmlWriter) line(s string) {
	x.WriteString(strings.Repeat("\t", x.depth) + s + "\n")
}

func (x *xmlWriter) value(v any) {
	switch v := v.(type) {
	case Raw:
		x.WriteString(string(v))
	case bool:
		x.line("<" + strconv.FormatBool(v) + "/>")
	case int, int64:
		x.line(fmt.Sprintf("<integer>%d</integer>", v))
	case float64:
		x.line("<real>" + strconv.FormatFloat(v, 'g', -1, 64) + "</real>")
	case string:
		x.line("<string>" + escape(v) + "</string>")
	case []byte:
		x.data(v)
	case time.Time:
		x.line("<date>" + v.UTC().Format(time.RFC3339) + "</date>")
	case []any:
		x.container("array", len(v) == 0, func() {
			for _, e := range v {
				x.value(e)
			}
		})
	case map[string]any, Dict:
		pairs := pairsOf(v)
		x.container("dict", len(pairs) == 0, func() {
			for _, p := range pairs {
				x.line("<key>" + escape(p.key) + "</key>")
				x.value(p.value)
			}
		})
	default:
		panic(fmt.Sprintf("machotest: no property list element for %T", v))
	}
}

func (x *xmlWriter) container(tag string, empty bool, content func()) {
	if empty {
		x.line("<" + tag + "/>")
		return
	}
	x.line("<" + tag + ">")
	x.depth++
	content()
	x.depth--
	x.line("</" + tag + ">")
}

// data breaks its lines so that they end before column 76, at 8 columns a tab.
func (x *xmlWriter) data(b []byte) {
	x.line("<data>")
	text := []byte(base64.StdEncoding.EncodeToString(b))
	for l := range slices.Chunk(text, 76-8*min(x.depth, 8)) {
		x.line(string(l))
	}
	x.line("</data>")
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

type pair struct {
	key   string
	value any
}

// pairsOf returns the entries of a Dict in its order, of a map[string]any in the order of its keys.
func pairsOf(v any) []pair {
	var pairs []pair
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, pair{k, v[k]})
		}
	case Dict:
		for kv := range slices.Chunk(v, 2) {
			pairs = append(pairs, pair{kv[0].(string), kv[1]})
		}
	}
	return pairs
}
