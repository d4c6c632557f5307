package seal

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// compile compiles a POSIX extended regular expression, as regcomp(3) of macOS
// does with REG_EXTENDED alone. Package regexp has another syntax, and some
// expressions mean something else in it; so the expression is rewritten.
//
// What POSIX leaves undefined is an error, and so are bounds in braces: without
// them the compiled form is as long as the pattern. No rule that codesign writes
// has any of it.
func compile(pattern string) (*regexp.Regexp, error) {
	t := translator{rest: pattern}
	t.out.WriteString("(?s)") // a period matches a newline
	for t.rest != "" {
		if err := t.next(); err != nil {
			return nil, err
		}
	}
	switch {
	case pattern == "":
		return nil, errors.New("an empty pattern")
	case t.depth > 0:
		return nil, errors.New("a parenthesis that is not closed")
	}
	return regexp.Compile(t.out.String())
}

type translator struct {
	rest  string
	out   strings.Builder
	depth int
	atom  bool // there is something that can be repeated
}

func (t *translator) next() error {
	c, size := utf8.DecodeRuneInString(t.rest)
	t.rest = t.rest[size:]
	repeatable := t.atom
	t.atom = false
	switch c {
	case '^', '$', '|':
		t.out.WriteRune(c)
	case '*', '+', '?':
		if !repeatable {
			return fmt.Errorf("%q repeats nothing", c)
		}
		t.out.WriteRune(c)
	case '(':
		t.depth++
		t.out.WriteString("(?:")
	case ')':
		if t.depth--; t.depth < 0 {
			return errors.New("a parenthesis that was not opened")
		}
		t.out.WriteRune(c)
		t.atom = true
	case '{':
		return errors.New("bounds in braces are not supported")
	case '.':
		t.out.WriteRune(c)
		t.atom = true
	case '[':
		t.atom = true
		return t.bracket()
	case '\\':
		t.atom = true
		return t.escape()
	case utf8.RuneError:
		return errors.New("not UTF-8")
	default:
		t.out.WriteString(regexp.QuoteMeta(string(c)))
		t.atom = true
	}
	return nil
}

// escape takes what follows a backslash: punctuation that stands for itself.
func (t *translator) escape() error {
	if t.rest == "" || !strings.Contains(`!"#$%&()*+,-./:;=?@[\]^_{|}~ `, t.rest[:1]) {
		return errors.New("a backslash before what is not punctuation")
	}
	t.out.WriteString(regexp.QuoteMeta(t.rest[:1]))
	t.rest = t.rest[1:]
	return nil
}

// bracket takes a bracket expression up to its end. In it a backslash is nothing
// special, and a closing bracket that comes first stands for itself.
func (t *translator) bracket() error {
	t.out.WriteByte('[')
	if rest, ok := strings.CutPrefix(t.rest, "^"); ok {
		t.rest = rest
		t.out.WriteByte('^')
	}
	for first := true; first || !strings.HasPrefix(t.rest, "]"); first = false {
		if err := t.member(); err != nil {
			return err
		}
	}
	t.rest = t.rest[1:]
	t.out.WriteByte(']')
	return nil
}

// member takes a character, a range or a class.
func (t *translator) member() error {
	if rest, ok := strings.CutPrefix(t.rest, "[:"); ok {
		class, rest, _ := strings.Cut(rest, ":]")
		if !slices.Contains([]string{
			"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit",
		}, class) {
			return fmt.Errorf("unknown class %.20q", class)
		}
		t.rest = rest
		t.out.WriteString("[:" + class + ":]")
		return nil
	}
	low, err := t.ascii()
	if err != nil {
		return err
	}
	high := low
	if len(t.rest) > 1 && t.rest[0] == '-' && t.rest[1] != ']' {
		t.rest = t.rest[1:]
		if high, err = t.ascii(); err != nil {
			return err
		}
	}
	if high < low {
		return fmt.Errorf("range %q-%q", low, high)
	}
	fmt.Fprintf(&t.out, `\x%02x-\x%02x`, low, high)
	return nil
}

// ascii takes one character of a bracket expression. What is beyond ASCII depends
// on the locale.
func (t *translator) ascii() (byte, error) {
	if t.rest == "" {
		return 0, errors.New("a bracket that is not closed")
	}
	c := t.rest[0]
	if c >= utf8.RuneSelf || c == '[' && len(t.rest) > 1 && strings.IndexByte(":.=", t.rest[1]) >= 0 {
		return 0, errors.New("a bracket expression that depends on the locale")
	}
	t.rest = t.rest[1:]
	return c, nil
}
