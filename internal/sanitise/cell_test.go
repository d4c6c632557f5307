package sanitise

import "testing"

func TestCell(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"words stay", "claims com.apple.security.cs.allow-jit", "claims com.apple.security.cs.allow-jit"},
		{"nothing stays nothing", "", ""},
		{"a formula is none", `=HYPERLINK("https://e.example","x")`, `'=HYPERLINK("https://e.example","x")`},
		{"nor is a name of a library", "@rpath/libz.dylib", "'@rpath/libz.dylib"},
		{"nor a number with a sign", "-1", "'-1"},
		{"lines become one", "a\r\n=b", `a\r\n=b`},
		{"a tab is no way around", "\t=b", `\t=b`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := Cell(row.in); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}
