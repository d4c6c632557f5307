package requirement

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// kind tells tokens apart.
type kind uint8

const (
	word     kind = iota + 1 // a keyword, or a string without quotes
	quoted                   // a string in quotes, or in hexadecimal
	hash                     // H"…", as bytes
	number                   // decimal digits
	operator                 // one or two characters
)

// token is one token of the source. The zero token stands for its end.
type token struct {
	kind kind
	text string // what it means: without quotes, as bytes
}

// String quotes a token for a message.
func (t token) String() string {
	if t == (token{}) {
		return "the end"
	}
	return fmt.Sprintf("%.40q", t.text)
}

// is reports whether t is a certain keyword or operator.
func (t token) is(text string) bool { return (t.kind == word || t.kind == operator) && t.text == text }

// isValue reports whether t can stand for a string.
func (t token) isValue() bool {
	return t.kind == quoted || t.kind == word && !slices.Contains(keywords, t.text)
}

// lex splits a source into tokens, without white space and comments.
func lex(source string) ([]token, error) {
	var tokens []token
	for rest := source; rest != ""; {
		t, n, err := scan(rest)
		if err != nil {
			return nil, fmt.Errorf("byte %d: %w", len(source)-len(rest), err)
		}
		if t != (token{}) {
			tokens = append(tokens, t)
		}
		rest = rest[n:]
	}
	return tokens, nil
}

const (
	digits    = "0123456789"
	hexDigits = digits + "abcdefABCDEF"
	letters   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// scan returns the token that s begins with and its length in bytes; the zero token
// for what stands between tokens.
func scan(s string) (token, int, error) {
	switch c := s[0]; {
	case strings.IndexByte(" \t\n", c) >= 0:
		return token{}, 1, nil
	case c == '#', strings.HasPrefix(s, "//"):
		line, _, _ := strings.Cut(s, "\n")
		return token{}, len(line), nil
	case strings.HasPrefix(s, "/*"):
		n, err := comment(s)
		return token{}, n, err
	case strings.HasPrefix(s, `H"`):
		body, _, ok := strings.Cut(s[2:], `"`)
		if !ok {
			return token{}, 0, fmt.Errorf("a hash without end")
		}
		b, err := unhex(body)
		return token{hash, b}, len(body) + 3, err
	case strings.HasPrefix(s, "0x"):
		n := 2 + run(s[2:], hexDigits)
		b, err := unhex(s[2:n])
		return token{quoted, b}, n, err
	case c == '"':
		return scanString(s)
	case run(s, digits) > 0:
		n := run(s, digits)
		return token{number, s[:n]}, n, nil
	case run(s, letters+".") > 0:
		n := run(s, letters+digits+".")
		return token{word, s[:n]}, n, nil
	}
	for _, op := range []string{"<=", ">=", "==", "(", ")", "[", "]", "<", ">", "=", "~", "-", "!", "*", ";"} {
		if strings.HasPrefix(s, op) {
			return token{operator, op}, len(op), nil
		}
	}
	return token{}, 0, fmt.Errorf("%.1q, which begins nothing", s)
}

// comment returns the length of a comment. In it Apple's lexer takes a star together
// with what follows it, unless that is a slash: so /***/ goes on.
func comment(s string) (int, error) {
	for i := 2; i+1 < len(s); i++ {
		switch {
		case s[i] != '*':
		case s[i+1] == '/':
			return i + 2, nil
		default:
			i++
		}
	}
	return 0, errors.New("a comment without end")
}

// run returns how many bytes of the set s begins with.
func run(s, set string) int { return len(s) - len(strings.TrimLeft(s, set)) }

// scanString takes a string in quotes, in which a backslash stands before a quote or
// another backslash.
func scanString(s string) (token, int, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return token{quoted, b.String()}, i + 1, nil
		case c != '\\':
			b.WriteByte(c)
		case i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			return token{}, 0, fmt.Errorf("a backslash that stands before neither a quote nor a backslash")
		}
	}
	return token{}, 0, fmt.Errorf("a string without end")
}
