package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// judge returns what is wrong with a justification that is there, each as the end of a
// sentence that begins with the word. It cannot tell a good reason from a bad one; it
// refuses what is no reason at all: too little, words left to fill in, and words that
// every exception could carry.
func judge(text, key string, least int) []string {
	var problems []string
	if n := length(text); n < least {
		problems = append(problems, fmt.Sprintf("is too short: %d of at least %d characters", n, least))
	}
	if p := placeholder(text, key, least); p != "" {
		problems = append(problems, p)
	}
	return problems
}

// length counts the characters of a text as a reader sees them: white space is
// collapsed, and marks that combine or do not show count for nothing.
func length(text string) int {
	n := 0
	for _, c := range strings.Join(strings.Fields(text), " ") {
		if unicode.IsGraphic(c) && !unicode.Is(unicode.Mn, c) && !strings.ContainsRune(blanks, c) {
			n++
		}
	}
	return n
}

// blanks are letters and symbols that show nothing: the Braille blank and the
// fillers of Hangul.
const blanks = "\u2800\u115f\u1160\u3164\uffa0"

// isName reports whether a text can name somebody: there is a letter or a digit to
// see in it, and it does not say that the name is still missing.
func isName(text string) bool {
	seen := strings.ContainsFunc(text, func(c rune) bool {
		return (unicode.IsLetter(c) || unicode.IsNumber(c)) && !strings.ContainsRune(blanks, c)
	})
	switch strings.ToLower(strings.Trim(text, " @.<>")) {
	case "todo", "tbd", "tba", "fixme", "xxx", "n/a", "na", "none", "nobody", "unknown":
		return false
	}
	return seen
}

// placeholder returns why the text is no reason, or nothing. Every test but those
// for markers of unfinished text asks whether anything is left when what says
// nothing is taken away, so a word of any language that means something is enough.
func placeholder(text, key string, least int) string {
	if isUnfinished(text) {
		return "is a placeholder: say what the code does that needs the entitlement"
	}
	if rest, cut := withoutTemplates(text); cut && length(rest) < least {
		return "has text in <angle brackets> left to fill in"
	}
	prose, links := withoutLinks(text)
	words := wordsOf(prose)
	if isRepeated(words) || len(words) == 1 && isRepeated([]rune(words[0])) {
		return "repeats itself"
	}
	says := func(known []string) bool {
		return slices.ContainsFunc(words, func(w string) bool {
			return !slices.Contains(known, w) && !isNumber(w) && !isFiller(w)
		})
	}
	switch {
	case says(wordsOf(key)):
		return ""
	case links:
		return "is only a link: say here what the code does that needs the entitlement"
	case says(nil):
		return "only repeats the entitlement: say what the code does that needs it"
	default:
		return "is a placeholder: say what the code does that needs the entitlement"
	}
}

// isUnfinished reports whether a text says of itself that it is not written yet.
// A to-do list may be what the code is about, so only the marks that people leave
// for themselves count.
func isUnfinished(text string) bool {
	lower := strings.ToLower(text)
	first := strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) })
	if len(first) > 0 && slices.Contains([]string{"TODO", "FIXME", "TBD", "TBA", "XXX"}, first[0]) {
		return true
	}
	for _, mark := range []string{"todo:", "fixme:", "tbd:", "lorem ipsum"} {
		if strings.Contains(lower, mark) {
			return true
		}
	}
	return false
}

// withoutTemplates cuts each <run of text> out, and reports whether there was one.
func withoutTemplates(text string) (rest string, cut bool) {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, "<")
		b.WriteString(before)
		if !ok {
			return b.String(), cut
		}
		end := strings.IndexAny(after, "<>")
		if end > 0 && after[end] == '>' && isTemplate(after[:end]) {
			text, cut = after[end+1:], true
		} else {
			b.WriteByte('<')
			text = after
		}
	}
}

// isTemplate reports whether the text between angle brackets is words, not a link.
func isTemplate(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(first) && !strings.Contains(text, "://")
}

// withoutLinks cuts each URL out, and reports whether there was one.
func withoutLinks(text string) (rest string, cut bool) {
	fields := strings.Fields(text)
	kept := slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return strings.Contains(f, "://") })
	return strings.Join(kept, " "), len(kept) < len(fields)
}

// wordsOf returns the runs of letters, marks and digits in lower case.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsMark(c) && !unicode.IsNumber(c)
	})
}

// isRepeated reports whether s is one run of elements two times or more, the last
// time perhaps not to its end. It is Knuth, Morris and Pratt's failure function:
// the shortest period of s is its length less that of its longest border.
func isRepeated[E comparable](s []E) bool {
	border := make([]int, len(s)+1)
	for i, k := 1, 0; i < len(s); i++ {
		for k > 0 && s[i] != s[k] {
			k = border[k]
		}
		if s[i] == s[k] {
			k++
		}
		border[i+1] = k
	}
	return len(s) > 1 && 2*(len(s)-border[len(s)]) <= len(s)
}

func isNumber(word string) bool {
	return !strings.ContainsFunc(word, func(c rune) bool { return !unicode.IsNumber(c) })
}

// isFiller reports whether a word is one that is in justifications without
// justifying: "needed", "the app requires this to work", "see the ticket".
func isFiller(word string) bool { return strings.Contains(fillers, " "+word+" ") }

const fillers = " a an the this that these it its we our us i my you your is are be been was will would can " +
	"could may might must should do does did has have had not no nor and or but so as at by for from in " +
	"into of on to with without if then than when while which what why who how there here just also all " +
	"any some only very please n na none nil null nothing tbd tba todo fixme xxx later temp temporary " +
	"temporarily wip test testing placeholder dummy foo bar asdf need needs needed needing require requires " +
	"required requiring requirement requirements necessary necessarily mandatory essential important because " +
	"since reason reasons reasoned justification justified justify explanation explain approve approved " +
	"approval exception exempt allow allows allowed permit permits permitted enable enables enabled grant " +
	"granted use uses used using usage want wants wanted work works working run runs running function " +
	"functions functioning properly correctly otherwise fail fails failing break breaks broken crash crashes " +
	"app apps application applications program software product binary code entitlement entitlements " +
	"permission permissions security policy apple macos mac os system runtime hardened see ticket issue link " +
	"details above below per request requested machine machines computer computers device devices user users " +
	"customer customers everybody everyone everywhere every each both always platform platforms version versions " +
	"release releases build builds production environment environments proper correct normal normally " +
	"fine well good start starts starting launch launches open opens support supports supported feature features " +
	"functionality purpose purposes order make makes get gets make expected intended "
