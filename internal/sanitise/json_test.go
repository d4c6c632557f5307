package sanitise

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestJSON(t *testing.T) {
	in := "{\n  \"a##[error]\": \"\u202e\U000e0041 é \x7f ##\\\\[\"\n}"
	want := "{\n  \"a##\\u005berror]\": \"\\u202e\\udb40\\udc41 é \\u007f ##\\\\[\"\n}"
	if got := string(JSON([]byte(in))); got != want {
		t.Errorf("JSON(%s) = %s, want %s", in, got, want)
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		encoded, err := json.Marshal(map[string][]string{s: {s}})
		if err != nil {
			t.Fatal(err)
		}
		got := JSON(encoded)
		if strings.ContainsFunc(string(got), hidden) || bytes.Contains(got, []byte("##[")) || !utf8.Valid(got) {
			t.Errorf("JSON(%q) = %q", encoded, got)
		}
		var before, after any
		if err := json.Unmarshal(encoded, &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatalf("JSON(%q) = %q: %v", encoded, got, err)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("JSON(%q) changes the meaning (-before +after):\n%s", encoded, diff)
		}
	})
}

func TestMessage(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain text stays", "claims [a] (b) {c}", "claims [a] (b) {c}"},
		{"a link is broken", "[a](https://example.com)", "[a] (https://example.com)"},
		{"a placeholder is broken", "{0} {{12}}", "{ 0} {{ 12}}"},
		{"a line break shows", "a\nb", `a\nb`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Message(tt.in); got != tt.want {
				t.Errorf("Message(%q) = %s, want %s", tt.in, got, tt.want)
			}
		})
	}
}
