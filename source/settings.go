package source

import (
	"path"
	"slices"
	"strings"
)

const (
	// maxExpansion bounds the value of a setting, in bytes, and maxReferences how many
	// others it may take to know it: a few settings that name one another twice would
	// else take forever.
	maxExpansion  = 1 << 12
	maxReferences = 200

	// maxValues bounds the values that one setting may have in one configuration. Real
	// ones have one for each architecture.
	maxValues = 100

	// maxWork bounds what is assigned, looked at and referred to in all configurations of a
	// tree. A project of 50 targets with three configurations of 300 assignments has 90,000.
	maxWork = 2_000_000

	// workForConfiguration is what one configuration of one target takes of it, even if it
	// assigns nothing.
	workForConfiguration = 50
)

// settings are the build settings of a target in a configuration: what each name is
// assigned. As in swift-build's MacroValueAssignmentTable, of those whose conditions hold
// the last counts.
type settings struct {
	by             map[string][]assignment
	configurations []string          // the names of the target's and the project's
	builtin        map[string]string // what Xcode sets, and nothing else does as a rule
	work           *int              // what is left of maxWork
}

// push puts assignments after those that are there already, which count less.
func (s *settings) push(list []assignment) {
	for _, a := range list {
		if *s.work--; *s.work < 0 {
			return
		}
		s.by[a.name] = append(s.by[a.name], a)
	}
}

// setting is a value that a name may have.
type setting struct {
	text  string
	known bool // the text is the value; else it is what is written, and the value is not known
	place Place
}

// values returns the values that a setting may have, each once: one, if no condition leaves
// that open; none, if nothing assigns it. Where there are more than are looked at, no work
// is left.
func (s *settings) values(name string) []setting {
	type value struct {
		text  string
		known bool
	}
	var list []setting
	seen, written := map[value]bool{}, map[string]bool{}
	for i, a := range slices.Backward(s.by[name]) {
		if *s.work--; *s.work < 0 {
			break
		}
		holds := s.holds(a.conditions)
		if holds == no {
			continue
		}
		if written[a.value] && holds == maybe && !strings.Contains(a.value, "inherited") && !strings.Contains(a.value, name) {
			continue // it becomes the same
		}
		written[a.value] = true
		text, known := s.expand(a.value, name, i, new(int))
		if !known {
			text = a.value
		}
		switch v := (value{text, known}); {
		case seen[v]:
		case len(list) == maxValues:
			*s.work = -1
			return list
		default:
			seen[v] = true
			list = append(list, setting{text, known, a.place})
		}
		if holds == yes {
			break
		}
	}
	return list
}

// value returns the one value of a setting, if there is one and it is known.
func (s *settings) value(name string) (setting, bool) {
	if list := s.values(name); len(list) == 1 && list[0].known && s.certain(name) {
		return list[0], true
	}
	return setting{}, false
}

// certain reports whether no condition leaves open which assignment counts.
func (s *settings) certain(name string) bool {
	for _, a := range slices.Backward(s.by[name]) {
		*s.work--
		switch s.holds(a.conditions) {
		case yes:
			return true
		case maybe:
			return false
		}
	}
	return true
}

// closed reports whether one of the assignments of a setting counts whatever is built: else
// it may be that none does.
func (s *settings) closed(name string) bool {
	return slices.ContainsFunc(s.by[name], func(a assignment) bool { *s.work--; return s.holds(a.conditions) == yes })
}

type answer uint8

const (
	no answer = iota
	yes
	maybe
)

// holds says whether conditions hold in a build for the Mac.
func (s *settings) holds(conditions []condition) answer {
	all := yes
	for _, c := range conditions {
		switch c.parameter {
		case "sdk":
			switch {
			case matches(c.pattern, "macosx") && matches(c.pattern, "macosx99.9"):
			case mayBeMac(c.pattern):
				all = maybe // of a certain version
			default:
				return no
			}
		case "config":
			other := func(name string) bool { return !matches(c.pattern, name) }
			switch {
			case strings.ContainsAny(c.pattern, `[\`):
				all = maybe // which fnmatch(3) and path.Match read differently
			case !slices.ContainsFunc(s.configurations, other):
			case len(s.configurations) > 1 && other(s.configurations[0]) != other(s.configurations[1]):
				all = maybe
			default:
				return no
			}
		default: // an architecture or a variant, of which there may be several in one build
			if c.pattern != "*" {
				all = maybe
			}
		}
	}
	return all
}

// mayBeMac reports whether a pattern may match an SDK that is used in a build for the Mac:
// what is before its first wildcard is the beginning of one, or begins with one.
func mayBeMac(pattern string) bool {
	if i := strings.IndexAny(pattern, `*?[\`); i >= 0 {
		pattern = pattern[:i]
		return strings.HasPrefix(pattern, "macosx") || strings.HasPrefix("macosx", pattern) || strings.HasPrefix(pattern, "driverkit") || strings.HasPrefix("driverkit", pattern)
	}
	return strings.HasPrefix(pattern, "macosx") || strings.HasPrefix(pattern, "driverkit")
}

// matches reports whether a pattern with *, ? and [] matches all of a text.
func matches(pattern, text string) bool {
	noSlash := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") } // for path.Match, * ends at one
	ok, err := path.Match(noSlash(pattern), noSlash(text))
	return err == nil && ok
}

// may reports whether a boolean may be YES.
func (s *settings) may(name string) bool {
	return slices.ContainsFunc(s.values(name), func(v setting) bool { return !v.known || isTrue(v.text) })
}

// expand replaces the references in a text. Those to the setting itself, and
// $(inherited), are to the first n assignments of it.
func (s *settings) expand(text, name string, n int, used *int) (string, bool) {
	var out strings.Builder
	for {
		i := strings.IndexByte(text, '$')
		if i < 0 || i+1 == len(text) {
			out.WriteString(text)
			return out.String(), out.Len() <= maxExpansion
		}
		out.WriteString(text[:i])
		text = text[i+1:]
		if text[0] == '$' { // $$ is a dollar
			out.WriteByte('$')
			text = text[1:]
			continue
		}
		reference, rest, ok := cutReference(text)
		if !ok {
			return "", false
		}
		value, known := s.refer(reference, name, n, used)
		if !known || out.Len()+len(value) > maxExpansion {
			return "", false
		}
		out.WriteString(value)
		text = rest
	}
}

// cutReference takes (NAME), {NAME} or NAME off the beginning of a text.
func cutReference(text string) (reference, rest string, ok bool) {
	closing := map[byte]byte{'(': ')', '{': '}'}[text[0]]
	if closing == 0 {
		n := 0
		for n < len(text) && isName(text[n]) {
			n++
		}
		return text[:n], text[n:], n > 0
	}
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case text[0]:
			depth++
		case closing:
			if depth--; depth == 0 {
				return text[1:i], text[i+1:], true
			}
		}
	}
	return "", "", false
}

// refer returns the value of a reference such as PRODUCT_NAME:rfc1034identifier.
func (s *settings) refer(reference, name string, n int, used *int) (string, bool) {
	*used++
	*s.work -= 1 + len(reference)>>6
	if *used > maxReferences || *s.work < 0 {
		return "", false
	}
	reference, known := s.expand(reference, name, n, used) // $(A_$(B))
	if !known {
		return "", false
	}
	word, operators, _ := strings.Cut(reference, ":")
	value, known := s.lookUp(word, name, n, used)
	for operator := range strings.SplitSeq(operators, ":") {
		fallback, isDefault := strings.CutPrefix(operator, "default=")
		switch {
		case operator == "":
		case isDefault && !known: // what nothing assigns may be Xcode's, or of the environment
			return "", false
		case isDefault && value == "":
			value = fallback
		case isDefault:
		case operator == "rfc1034identifier" && isSimple(value, " _-"):
			value = strings.NewReplacer(" ", "-", "_", "-").Replace(value)
		case operator == "c99extidentifier" && isSimple(value, " _-") && !isDigit((value + "_")[0]):
			value = strings.NewReplacer(" ", "_", "-", "_").Replace(value)
		case operator == "lower":
			value = strings.ToLower(value)
		case operator == "upper":
			value = strings.ToUpper(value)
		default:
			return "", false
		}
	}
	return value, known
}

func (s *settings) lookUp(word, name string, n int, used *int) (string, bool) {
	inherited := word == "inherited" || word == name
	if inherited {
		word = name
	} else {
		n = len(s.by[word])
	}
	if _, ok := s.builtin[word]; n > 0 && (ok || !inherited && overridden(word)) {
		return "", false // what the project sets may not be what counts
	}
	for i, a := range slices.Backward(s.by[word][:n]) {
		*s.work--
		switch s.holds(a.conditions) {
		case yes:
			return s.expand(a.value, word, i, used)
		case maybe:
			return "", false
		}
	}
	if inherited {
		return "", true // there is nothing to inherit
	}
	value, ok := s.builtin[word]
	return value, ok
}

// isSimple reports whether a text has ASCII letters, digits and those others only: what
// becomes of them in an identifier is certain.
func isSimple(s, others string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune(others, r) && (r >= 0x80 || !isName(byte(r)))
	})
}

// isTrue reads a boolean as swift-build does, which reads it as NSString's boolValue.
func isTrue(text string) bool {
	text = strings.TrimLeft(strings.TrimSpace(text), "+-0")
	return text != "" && strings.IndexByte("123456789yYtT", text[0]) >= 0
}
