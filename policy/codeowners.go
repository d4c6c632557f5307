package policy

import (
	"bytes"
	"slices"
	"strings"
)

// MaxCodeowners bounds a CODEOWNERS file, in bytes: GitHub does not load a larger
// one (https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners).
const MaxCodeowners = 3 << 20

// CodeownersFiles are the places where GitHub looks for the file, from a
// repository's root. The first one that is there counts.
var CodeownersFiles = []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}

// LintOwners returns which of the policy's own exceptions have an owner whom the
// CODEOWNERS file of that name, with the text src, does not name for any path.
func LintOwners(p *Policy, name string, src []byte) []Remark {
	known := map[string]bool{}
	for line := range bytes.Lines(src) {
		fields := strings.Fields(withoutComment(string(line)))
		for _, owner := range fields[min(1, len(fields)):] {
			known[strings.ToLower(owner)] = true
		}
	}
	var remarks []Remark
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		named := slices.ContainsFunc(handles(e.Owner), func(h string) bool { return known[h] })
		if e.Position.File == p.Name && isName(e.Owner) && !named {
			remarks = append(remarks, e.remark(Note, "owner", "owner %s is not among those whom %s names", quote(e.Owner), name))
		}
	}
	return remarks
}

// withoutComment cuts what follows a # that begins a word.
func withoutComment(line string) string {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

// handles returns the handles and e-mail addresses in the name of an owner, in lower
// case.
func handles(owner string) []string {
	words := strings.FieldsFunc(strings.ToLower(owner), func(c rune) bool { return strings.ContainsRune(" \t\n,;<>()", c) })
	return slices.DeleteFunc(words, func(w string) bool { return !strings.Contains(w, "@") })
}
