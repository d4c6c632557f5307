package source

import (
	"strings"
)

// scripts tells of scripts in a project that sign with entitlements: what they sign with
// only a build knows.
func (p *project) scripts(objects *node) {
	if objects == nil {
		return
	}
	for _, o := range objects.pairs {
		for _, key := range []string{"shellScript", "script", "buildArgumentsString"} {
			at := o.value.pair(key)
			if at == nil {
				continue
			}
			text := at.value.string()
			if at.value.kind == sequence {
				text = joined(at.value)
			}
			if signsWith(text) {
				p.r.problem(Problem{Unresolved, p.doc.at(at.offset), "a script of the project signs with entitlements, and which is not known", scriptSignsHint})
			}
		}
	}
}

const scriptSignsHint = "have Xcode sign, with CODE_SIGN_ENTITLEMENTS, or check what is signed"

// signsWith reports whether a script calls codesign with entitlements.
func signsWith(script string) bool {
	return strings.Contains(unquoted(script), "codesign") && hasEntitlements(script)
}

// hasEntitlements reports whether arguments of codesign give or keep entitlements;
// getopt_long(3) takes the beginning of an option for it.
func hasEntitlements(arguments string) bool {
	arguments = unquoted(arguments)
	return strings.Contains(arguments, "--ent") || strings.Contains(arguments, "entitlements")
}

// unquoted takes off what a shell does.
func unquoted(s string) string { return strings.NewReplacer(`"`, "", "'", "", `\`, "").Replace(s) }

func joined(n *node) string {
	var parts []string
	for _, item := range n.items {
		parts = append(parts, item.string())
	}
	return strings.Join(parts, " ")
}
