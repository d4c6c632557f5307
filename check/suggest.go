package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// suggestion writes the exception that would cover a claim, and in every slice of
// the binary that makes it under the same identity, with the fields that people have to fill in left empty. Its id is put in by
// numberSuggestions. It is empty where no policy can hold such an exception: code may claim
// com.acme.*, or call itself so, and in a policy that would be a glob.
func suggestion(t policy.Target, key string, v entitlement.Value) string {
	s := draft(t, key, v)
	texts := append([]string{key, t.Identifier, t.TeamID}, t.Paths...)
	if v.Kind == entitlement.Boolean && !slices.ContainsFunc(texts, func(s string) bool { return s != "" && !isPlain(s) }) {
		return s // which spares reading nearly all of them
	}
	if _, err := policy.Parse("", []byte("version: 1\nexceptions:\n"+strings.Replace(s, idMark, "EXC", 1))); err != nil {
		return ""
	}
	return s
}

// isPlain reports whether a policy holds a text in whatever field.
func isPlain(s string) bool {
	const most = 200 // bytes, of the 256 and more that the fields take
	return len(s) <= most && fs.ValidPath(s) && s != "." && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("./-_", r)
	})
}

func draft(t policy.Target, key string, v entitlement.Value) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- id: %s\n  entitlement: %s\n", idMark, yamlString(key))
	writeValue(&b, v)
	b.WriteString("  applies-to:\n")
	writePaths(&b, t.Paths)
	if isPrintable(t.Identifier) {
		fmt.Fprintf(&b, "    identifier: %s\n", yamlString(t.Identifier))
	}
	if isPrintable(t.TeamID) {
		fmt.Fprintf(&b, "    team-id: %s\n", yamlString(t.TeamID))
	}
	b.WriteString(`  category: ""         # the kind of need, such as javascript-engine or other
  justification: ""    # why the code needs it, and what doing without would cost
  owner: ""            # who answers for it
  approved-by: []      # who approved it
  approved-on: ""      # YYYY-MM-DD
  expires: ""          # YYYY-MM-DD, the last day it holds
`)
	return b.String()
}

// writeValue limits a suggestion to the value as claimed, as far as a policy can
// hold it; of an array, to its elements, so that a claim to fewer stays covered.
func writeValue(w io.Writer, v entitlement.Value) {
	if s, ok := yamlValue(v); ok {
		fmt.Fprintf(w, "  value: %s\n", s)
		return
	}
	const most = 100 // values of one exception
	if v.Kind != entitlement.Array || len(v.Array) > most {
		return
	}
	var items []string
	for _, element := range v.Array {
		s, ok := yamlValue(element)
		if !ok {
			return
		}
		if !slices.Contains(items, s) {
			items = append(items, s)
		}
	}
	if len(items) == 0 {
		fmt.Fprintln(w, "  value: []")
		return
	}
	fmt.Fprintln(w, "  values:")
	for _, s := range items {
		fmt.Fprintf(w, "    - %s\n", s)
	}
}

// yamlValue writes a simple value, and reports whether a policy can hold it.
func yamlValue(v entitlement.Value) (string, bool) {
	switch v.Kind {
	case entitlement.Boolean, entitlement.Integer:
		return v.Text(), true
	case entitlement.String:
		return yamlString(v.String), isPrintable(v.String)
	}
	return "", false
}

func writePaths(w io.Writer, paths []string) {
	if len(paths) == 1 {
		fmt.Fprintf(w, "    path: %s\n", yamlString(literalGlob(paths[0])))
		return
	}
	fmt.Fprintln(w, "    path:")
	for _, p := range paths {
		fmt.Fprintf(w, "      - %s\n", yamlString(literalGlob(p)))
	}
}

// literalGlob makes a path a glob that matches it: what globs give a meaning to, or
// a policy does not take, becomes a ?, which stands for any one character. Where
// there is more of that than a policy takes, whole names become a *.
func literalGlob(path string) string {
	const most = 16 // wildcards in a glob
	names := strings.Split(path, "/")
	wild := 0
	for i, name := range names {
		names[i] = strings.Map(func(r rune) rune {
			if strings.ContainsRune(`*?[]{}\!^`, r) || !isSeen(r) {
				return '?'
			}
			return r
		}, name)
	}
	last := len(names) - 1 // of a path a policy takes no blank at either end
	if rest, ok := strings.CutPrefix(names[0], " "); ok {
		names[0] = "?" + rest
	}
	if rest, ok := strings.CutSuffix(names[last], " "); ok {
		names[last] = rest + "?"
	}
	for _, name := range names {
		wild += strings.Count(name, "?")
	}
	for i, name := range names {
		if wild > most && strings.Contains(name, "?") {
			names[i] = "*"
		}
	}
	return strings.Join(names, "/")
}

// isPrintable reports whether there is something that a policy can hold and a
// reader can see.
func isPrintable(s string) bool {
	return s != "" && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return !isSeen(r) })
}

// isSeen reports whether a policy can hold the character, and a reader see it.
func isSeen(r rune) bool {
	return r != unicode.ReplacementChar && unicode.IsPrint(r) && policy.IsShown(r)
}

// yamlString writes a string as policies have it. The mark of a runner's command is
// broken, wherever the suggestion is printed.
func yamlString(s string) string {
	const mark = "##["
	if !strings.Contains(s, mark) {
		return policy.Scalar(s)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b) // JSON's strings are a subset of YAML's
	enc.SetEscapeHTML(false)
	enc.Encode(s) // a string always encodes
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), mark, `##\u005b`)
}

// idMark stands for the id of a suggested exception until all are known.
const idMark = "EXC-?"

// numberSuggestions gives each suggestion of the sorted findings an id that the
// policy does not have yet.
func (e *evaluation) numberSuggestions() {
	taken := map[string]bool{}
	for _, ex := range e.in.Policy.Exceptions {
		taken[ex.ID] = true
	}
	for _, p := range e.in.Pending {
		taken[p.ID] = true
	}
	n := 0
	for i := range e.report.Findings {
		f := &e.report.Findings[i]
		if f.Suggestion == "" {
			continue
		}
		id := ""
		for id == "" || taken[id] {
			n++
			id = fmt.Sprintf("EXC-%.4s-%03d", e.in.At, n)
		}
		f.Suggestion = strings.Replace(f.Suggestion, idMark, id, 1)
	}
}
