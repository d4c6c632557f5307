package runner

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseCommand(t *testing.T) {
	tests := []struct {
		name string
		line string
		want *Command // nil when the line is text
	}{
		{
			"a command at the start of the line", "::error::it broke",
			&Command{Name: "error", Data: "it broke"},
		},
		{
			"a command after spaces, tabs and a no-break space", " \t\u00a0::error::it broke",
			&Command{Name: "error", Data: "it broke"},
		},
		{"a command after text is text", "x ::error::it broke", nil},
		{"a name that is no command is text", "::oops::it broke", nil},
		{"a command with no second mark is text", "::error it broke", nil},
		{"a C++ name is text", "std::vector::size", nil},
		{
			"names of commands and properties have no case", "::ERROR File=a::x",
			&Command{Name: "error", Properties: map[string]string{"file": "a"}, Data: "x"},
		},
		{
			"properties are unescaped", "::error file=a%3Ab%2Cc,line=3,title=100%25::x",
			&Command{Name: "error", Properties: map[string]string{"file": "a:b,c", "line": "3", "title": "100%"}, Data: "x"},
		},
		{
			"data is unescaped once", "::error::a%0Ab%0Dc%25%3A%250A",
			&Command{Name: "error", Data: "a\nb\rc%%3A%0A"},
		},
		{
			"a property without a value is dropped", "::error file=,=b,line,col=4::x",
			&Command{Name: "error", Properties: map[string]string{"col": "4"}, Data: "x"},
		},
		{
			"data may hold the mark", "::error::a::b",
			&Command{Name: "error", Data: "a::b"},
		},
		{
			"the older form counts anywhere in the line", "Foo##[error]it broke",
			&Command{Name: "error", Data: "it broke"},
		},
		{
			"the older form's properties are set off by semicolons", "##[error file=a,b;line=3]x%5D%3B",
			&Command{Name: "error", Properties: map[string]string{"file": "a,b", "line": "3"}, Data: "x];"},
		},
		{"of the older form the first mark alone counts", "##[oops]##[error]x", nil},
		{
			"an unknown command of the newer form leaves the line to the older", "::oops::##[error]x",
			&Command{Name: "error", Data: "x"},
		},
		{"the older form without its end is text", "##[error it broke", nil},
		{"an empty line is text", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := parseCommand(tt.line, isCommand)
			if ok != (tt.want != nil) {
				t.Fatalf("parseCommand(%q) = %v, %t", tt.line, got, ok)
			}
			if ok {
				if diff := cmp.Diff(*tt.want, got); diff != "" {
					t.Errorf("parseCommand(%q) (-want +got):\n%s", tt.line, diff)
				}
			}
		})
	}
}
