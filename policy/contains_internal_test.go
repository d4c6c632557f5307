package policy

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/entitlement"
)

func TestAPatternContainsAnother(t *testing.T) {
	for _, tt := range []struct {
		p, q Pattern
		want bool
	}{
		{"com.apple.*", "com.apple.security.*", true},
		{"com.apple.security.*", "com.apple.*", false},
		{"*", "*", true},
		{"a*", "a", true},
		{"a", "a*", false},
		{"*a*", "*ba*", true},
		{"*a", "*a*", false},
		{"a*c", "a*b*c", true},
		{"a*b*c", "a*c", false},
	} {
		if got := tt.p.contains(tt.q); got != tt.want {
			t.Errorf("%s contains %s = %v", tt.p, tt.q, got)
		}
	}
}

func TestAGlobContainsAnother(t *testing.T) {
	for _, tt := range []struct {
		p, q string
		want bool
	}{
		{"**", "Acme.app/**", true},
		{"/*", "/**", false},
		{"Acme.app/**", "Acme.app/Contents/MacOS/*", true},
		{"Acme.app/Contents/MacOS/*", "Acme.app/**", false},
		{"Acme.app/**", "/build/Acme.app/**", true},
		{"/Acme.app/**", "Acme.app/**", false},
		{"a/**/b", "a/b", true},
		{"a/*/b", "a/**/b", false},
		{"lib?.dylib", "lib[a-z].dylib", true},
		{"lib[a-z].dylib", "libz.dylib", true},
		{"lib[a-z].dylib", "lib9.dylib", false},
		{"lib[a-z].dylib", "lib?.dylib", false},
		{"?*", "*", false},
		{"*.dylib", "lib*.dylib", true},
		{"é?", "éß", true},
	} {
		if got := new(containment).glob(apart(tt.p), apart(tt.q)); got != tt.want {
			t.Errorf("%s contains %s = %v", tt.p, tt.q, got)
		}
	}
}

// What is said to contain another matches whatever that one does.
func TestContainsIsNeverWronglySaid(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	pick := func(n int, pieces ...string) string {
		var b strings.Builder
		for range 1 + random.IntN(n) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	globs, held := 0, 0
	for range 200_000 {
		p, q := pick(6, "a", "b", "*", "?", "[ab]", "/", "/**/"), pick(6, "a", "b", "*", "?", "[ab]", "/", "/**/")
		path := pick(6, "a", "b", "c", "/")
		if checkGlob(p) != nil || checkGlob(q) != nil || strings.Trim(path, "/") != path || strings.Contains(path, "//") {
			continue
		}
		globs++
		if new(containment).glob(apart(p), apart(q)) && compile(q).match(path) {
			held++
			if !compile(p).match(path) {
				t.Fatalf("%s is said to contain %s, and does not match %s", p, q, path)
			}
		}
	}
	if held < globs/100 {
		t.Errorf("only %d of %d say anything", held, globs)
	}
}

func TestARangeOfVersionsContainsAnother(t *testing.T) {
	for _, tt := range []struct {
		p, q string
		want bool
	}{
		{">=3", ">=3.2 <4", true},
		{">=3.2 <4", ">=3", false},
		{">3", ">=3", false},
		{">=3", ">3", true},
		{"<4", "<=4", false},
		{"<=4", "<4.0", true},
		{">=3 <4", "3.1.2", true},
		{"3", "3.0", true},
		{"3", ">=3 <=3", false}, // so nobody writes it
		{">=3", "<4", false},
	} {
		p, err := parseVersionRange(tt.p)
		q, err2 := parseVersionRange(tt.q)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if got := p.contains(q); got != tt.want {
			t.Errorf("%s contains %s = %v", tt.p, tt.q, got)
		}
	}
}

func TestAnExceptionContainsAnother(t *testing.T) {
	yes, no, word := entitlement.Bool(true), entitlement.Bool(false), entitlement.Str("group.acme.one")
	id := Scope{Identifier: []string{"a", "b"}}
	any := Exception{AppliesTo: id}
	for _, tt := range []struct {
		name string
		e, o Exception
		want bool
	}{
		{"the same", any, any, true},
		{"for another entitlement", any, Exception{Entitlement: "x", AppliesTo: id}, false},
		{"one of two identifiers", any, Exception{AppliesTo: Scope{Identifier: []string{"b"}}}, true},
		{"an identifier more", any, Exception{AppliesTo: Scope{Identifier: []string{"a", "c"}}}, false},
		{"a field more", any, Exception{AppliesTo: Scope{Identifier: []string{"a"}, Arch: []string{"arm64"}}}, true},
		{"another field", any, Exception{AppliesTo: Scope{Arch: []string{"arm64"}}}, false},
		{"any value contains one", any, Exception{Value: &yes, AppliesTo: id}, true},
		{"one value does not contain any", Exception{Value: &yes, AppliesTo: id}, any, false},
		{"another value", Exception{Value: &yes, AppliesTo: id}, Exception{Value: &no, AppliesTo: id}, false},
		{"a value of a list", Exception{Matches: []Pattern{"group.acme.*"}, AppliesTo: id}, Exception{Value: &word, AppliesTo: id}, true},
		{"a list within patterns", Exception{Matches: []Pattern{"group.*"}, AppliesTo: id}, Exception{Values: []entitlement.Value{word}, Matches: []Pattern{"group.acme.*"}, AppliesTo: id}, true},
		{"a wider pattern", Exception{Matches: []Pattern{"group.acme.*"}, AppliesTo: id}, Exception{Matches: []Pattern{"group.*"}, AppliesTo: id}, false},
		{"a value that is not a pattern", Exception{Values: []entitlement.Value{word}, AppliesTo: id}, Exception{Matches: []Pattern{"group.acme.*"}, AppliesTo: id}, false},
	} {
		if got := new(containment).exception(&tt.e, &tt.o); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// However many globs there are, and however long: the questions end, and what was not
// told is not said to be contained.
func TestContainmentIsBounded(t *testing.T) {
	long := func(n int, tail string) Scope {
		var s Scope
		for i := range n {
			s.Path = append(s.Path, strings.Repeat("a/", 400)+"x"+strings.Repeat("y", i)+"*/**"+strings.Repeat("/b*", 10)+tail)
		}
		return s
	}
	reversed := func(s Scope) Scope {
		slices.Reverse(s.Path)
		return s
	}
	for _, tt := range []struct {
		name    string
		s, o    Scope
		want    bool
		unclear bool
	}{
		{"the same globs in another order take no steps", long(100, ""), reversed(long(100, "")), true, false},
		{"a few others are compared", long(5, ""), reversed(long(5, "c")), true, false},
		{"many others are not compared to the end", long(300, "c*"), long(300, ""), false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c containment
			got := c.scope(tt.s.extent(), tt.o.extent())
			if got != tt.want || c.unclear != tt.unclear || c.steps > maxSteps {
				t.Errorf("contains %v, unclear %v, after %d steps", got, c.unclear, c.steps)
			}
		})
	}
}
