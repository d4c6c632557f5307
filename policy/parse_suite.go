package policy

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

// ParseSuite reads a file of cases, as strictly as [Parse] reads a policy. On failure
// the suite is nil and the error is of type [Errors].
func ParseSuite(name string, src []byte, words Words) (*Suite, error) {
	r := &suiteReader{reader{file: name, what: "file of cases"}, words}
	s := &Suite{Name: name}
	if root := r.document(src); root != nil {
		r.refuse(root)
		r.suite(root, s)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return s, nil
}

type suiteReader struct {
	reader
	words Words
}

func (r *suiteReader) suite(n *yaml.Node, s *Suite) {
	lines := map[string]int{}
	r.mapping(n, "the file of cases", []field{
		{"version", true, func(n *yaml.Node) { r.integer(n, "version", version, version) }},
		{"policy", false, func(n *yaml.Node) {
			s.Policy = r.word(n, "policy")
			if preset, ok := strings.CutPrefix(s.Policy, PresetPrefix); ok {
				pick(&r.reader, n, "policy", preset, PresetNames())
			} else {
				r.check(n, "policy", checkFile(s.Policy))
			}
		}},
		{"cases", true, func(n *yaml.Node) {
			r.list(n, "cases", func(n *yaml.Node) {
				c := r.testCase(n)
				if first, ok := lines[c.Name]; ok && c.Name != "" {
					r.fail(n, "", "duplicate case %s, first given on line %d", quote(c.Name), first)
				} else {
					lines[c.Name] = n.Line
				}
				s.Cases = append(s.Cases, c)
			})
		}},
	})
}

func (r *suiteReader) testCase(n *yaml.Node) Case {
	c := Case{Position: r.position(n)}
	r.mapping(n, "a case", []field{
		{"name", true, func(n *yaml.Node) { c.Name = r.word(n, "name") }},
		{"given", true, func(n *yaml.Node) { c.Given = r.given(n) }},
		{"expect", true, func(n *yaml.Node) { c.Expect = r.expect(n) }},
	})
	return c
}

func (r *suiteReader) given(n *yaml.Node) Given {
	g := Given{
		Entitlements: entitlement.Set{}, Path: "program", Arch: "arm64", Type: "execute",
		Signed: r.words.Signed[0], SecureTimestamp: true, HardenedRuntime: true, Stage: DefaultStage,
	}
	word := func(name string, to *string) field {
		return field{name, false, func(n *yaml.Node) { *to = r.word(n, name) }}
	}
	g.Fields = r.mapping(n, "given", []field{
		{"entitlements", false, func(n *yaml.Node) { g.Entitlements = r.claims(n) }},
		{"path", false, func(n *yaml.Node) {
			if g.Path = r.word(n, "path"); strings.HasPrefix(g.Path, "/") {
				r.fail(n, "remove the / at its start", "path %s is inside of the artifact", quote(g.Path))
			}
		}},
		word("identifier", &g.Identifier),
		word("team-id", &g.TeamID),
		word("arch", &g.Arch),
		{"type", false, func(n *yaml.Node) { g.Type = choice(&r.reader, n, "type", types) }},
		{"bundle-kind", false, func(n *yaml.Node) { g.BundleKind = choice(&r.reader, n, "bundle-kind", bundleKinds) }},
		{"version", false, func(n *yaml.Node) {
			if g.Version = r.word(n, "version"); !dotted.MatchString(g.Version) {
				r.fail(n, "write one to four dotted numbers, such as 3.2.1", "%s is not a version", quote(g.Version))
			}
		}},
		{"cdhash", false, func(n *yaml.Node) {
			if g.CDHash = r.word(n, "cdhash"); !hex40.MatchString(g.CDHash) {
				r.fail(n, "", "cdhash %s is not 40 hexadecimal digits in lower case", quote(g.CDHash))
			}
		}},
		{"signed", false, func(n *yaml.Node) { g.Signed = choice(&r.reader, n, "signed", r.words.Signed) }},
		{"secure-timestamp", false, func(n *yaml.Node) { g.SecureTimestamp = r.boolean(n, "secure-timestamp") }},
		{"hardened-runtime", false, func(n *yaml.Node) { g.HardenedRuntime = r.boolean(n, "hardened-runtime") }},
		{"runtime-version", false, func(n *yaml.Node) {
			if g.RuntimeVersion = r.word(n, "runtime-version"); !runtimeVersion.MatchString(g.RuntimeVersion) {
				r.fail(n, "write two or three dotted numbers, such as 13.0", "%s is not a version", quote(g.RuntimeVersion))
			}
		}},
		word("stage", &g.Stage),
		{"at", false, func(n *yaml.Node) { g.At = r.day(n, "at") }},
	})
	return g
}

// claims reads the entitlements that code claims, with their values.
func (r *suiteReader) claims(n *yaml.Node) entitlement.Set {
	set := entitlement.Set{}
	r.entries(n, "entitlements", func(key, value *yaml.Node) {
		r.check(key, "entitlement", checkClaim(key.Value))
		if v := r.value(value); v != nil {
			set[key.Value] = *v
		}
	})
	return set
}

// checkClaim returns what is wrong with a key that code is said to claim.
func checkClaim(key string) error {
	if !Pattern(key).isExact() {
		return errors.New("code claims whole entitlements, not a glob")
	}
	return checkPattern(key)
}

// expect reads a result alone, or a mapping of all that is expected.
func (r *suiteReader) expect(n *yaml.Node) Expectation {
	var e Expectation
	result := func(n *yaml.Node) { e.Result = choice(&r.reader, n, "result", r.words.Results) }
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		result(n)
		return e
	}
	given := r.mapping(n, "expect", []field{
		{"result", false, result},
		{"findings", false, func(n *yaml.Node) {
			e.IsExact = true
			r.list(n, "findings", func(n *yaml.Node) { e.Findings = append(e.Findings, r.expectedFinding(n)) })
		}},
		{"verdicts", false, func(n *yaml.Node) { e.Verdicts = r.verdicts(n) }},
	})
	if given != nil && len(given) == 0 {
		r.fail(n, "valid: "+strings.Join(r.words.Results, ", ")+", or a mapping of result, findings, verdicts", "expect expects nothing")
	}
	return e
}

func (r *suiteReader) expectedFinding(n *yaml.Node) ExpectedFinding {
	f := ExpectedFinding{Position: r.position(n)}
	r.mapping(n, "a finding", []field{
		{"rule", true, func(n *yaml.Node) { f.Rule = choice(&r.reader, n, "rule", r.words.Rules) }},
		{"entitlement", false, func(n *yaml.Node) { f.Entitlement = r.word(n, "entitlement") }},
		{"level", false, func(n *yaml.Node) { f.Level = choice(&r.reader, n, "level", levels) }},
		{"exception", false, func(n *yaml.Node) { f.Exception = r.word(n, "exception") }},
	})
	return f
}

// verdicts reads by entitlement a verdict, or a verdict and the exception behind it.
func (r *suiteReader) verdicts(n *yaml.Node) []ExpectedVerdict {
	var list []ExpectedVerdict
	r.entries(n, "verdicts", func(key, value *yaml.Node) {
		v := ExpectedVerdict{Entitlement: key.Value, Position: r.position(key)}
		verdict := func(n *yaml.Node) { v.Verdict = choice(&r.reader, n, "verdict", r.words.Verdicts) }
		if value.Kind == yaml.MappingNode {
			r.mapping(value, "a verdict", []field{
				{"verdict", true, verdict},
				{"exception", false, func(n *yaml.Node) { v.Exception = r.word(n, "exception") }},
			})
		} else {
			verdict(value)
		}
		list = append(list, v)
	})
	inorder.By(list, func(a, b ExpectedVerdict) int { return strings.Compare(a.Entitlement, b.Entitlement) })
	return list
}
