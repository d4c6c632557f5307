package docs_test

import (
	"bytes"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/policy"
)

// The heads of the tables of the pages on frameworks.
const (
	claimsHead     = "| code | claims | why | source |"
	debugHead      = "| code of a debug build | claims | why | source |"
	overclaimsHead = "| where | over-claimed | why not | finding |"
	notesHead      = "| note | of | why |"
)

// frameworkPage is a page on what the apps of a framework claim.
type frameworkPage struct {
	name       string
	text       string
	layout     []piece
	policy     *policy.Policy
	claims     map[string][]string
	debug      map[string][]string // of a build for development; nil: the same
	overclaims [][]string
	notes      []string // that remain, by rule
}

func frameworkPages(t *testing.T) (list []frameworkPage) {
	t.Helper()
	names, err := filepath.Glob("frameworks/*.md")
	if err != nil || len(names) < 6 {
		t.Fatalf("%d pages: %v", len(names), err)
	}
	for _, name := range names {
		p := frameworkPage{name: name, text: read(t, name)}
		all := blocks(t, p.text)
		layouts, policies := texts(all, "text"), texts(all, "yaml")
		if len(layouts) != 1 || len(policies) != 1 || len(all) != 2 {
			t.Fatalf("%s: %d layouts, %d policies and %d blocks", name, len(layouts), len(policies), len(all))
		}
		p.layout = layoutOf(t, layouts[0])
		if p.policy, err = policy.Parse("codewarrant.yml", []byte(policies[0])); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p.claims = p.claimsOf(t, claimsHead)
		if strings.Contains(p.text, debugHead) {
			p.debug = p.claimsOf(t, debugHead)
		}
		p.overclaims = table(t, p.text, overclaimsHead)
		if strings.Contains(p.text, notesHead) {
			for _, row := range table(t, p.text, notesHead) {
				p.notes = append(p.notes, ruleOf(t, row[0]))
			}
			slices.Sort(p.notes)
		}
		list = append(list, p)
	}
	return list
}

// claimsOf reads what each piece of code claims. A cell names code by how its path ends,
// or by its kind, and each program has to be there.
func (p frameworkPage) claimsOf(t *testing.T, head string) map[string][]string {
	t.Helper()
	claims := map[string][]string{}
	told := map[string]bool{}
	for _, row := range table(t, p.text, head) {
		for code := range strings.SplitSeq(row[0], "`, `") {
			for _, name := range p.find(t, code) {
				told[name] = true
				if row[1] != "nothing" {
					claims[name] = append(claims[name], strings.Split(row[1], "`, `")...)
				}
			}
		}
	}
	for _, f := range p.layout {
		if codeTypes[f.what] != 0 && !told[f.path] {
			t.Errorf("%s: not said what %s claims", p.name, f.path)
		}
	}
	return claims
}

// find returns the paths of code that a cell names.
func (p frameworkPage) find(t *testing.T, code string) (list []string) {
	t.Helper()
	for _, f := range p.layout {
		isNamed := strings.HasSuffix("/"+f.path, "/"+code)
		if code == "libraries" {
			isNamed = codeTypes[f.what] != 0 && f.what != "program"
		}
		if isNamed {
			list = append(list, f.path)
		}
	}
	if len(list) == 0 || code != "libraries" && len(list) != 1 {
		t.Fatalf("%s: %d pieces of code are %q", p.name, len(list), code)
	}
	return list
}

// linkText is the text of a link in a cell.
var linkText = regexp.MustCompile("\\[`(.*)`\\]\\(")

// ruleOf returns the rule that a link in a cell leads to.
func ruleOf(t *testing.T, cell string) string {
	t.Helper()
	found := linkText.FindStringSubmatch(cell)
	if found == nil {
		t.Fatalf("no rule in %q", cell)
	}
	return found[1]
}

// findings are what is told of an app in a stage, by its folder or an archive.
func (p frameworkPage) findings(t *testing.T, by *signing, a app, stage, name string) []check.Finding {
	t.Helper()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	found, err := scan.Run(t.Context(), []string{filepath.Join(a.dir, name)}, scan.Options{Depth: scan.Full, Now: at})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Binaries) != len(a.code) {
		t.Errorf("%s: %d pieces of code, and %d were found in %s", p.name, len(a.code), len(found.Binaries), name)
	}
	in := check.Input{Binaries: found.Binaries, Unread: found.Unread, Remarks: found.Remarks, Empty: found.Empty, Policy: p.policy, At: today(t)}
	if in.Stage, err = p.policy.Stage(stage); err != nil {
		t.Fatal(err)
	}
	if !by.adHoc {
		in.Preflight = check.Notarization
		by.verify(t, a, in.Binaries, at)
	}
	return check.Evaluate(in).Findings
}

func today(t *testing.T) policy.Date {
	t.Helper()
	day, err := policy.ParseDate("2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// inside is where in the app a finding is.
func (a app) inside(paths []string) string {
	if len(paths) == 0 {
		return ""
	}
	return paths[0][strings.Index(paths[0], a.root+"/"):]
}

// verify verifies who signed, up to the tests' own root in the place of Apple's.
func (s *signing) verify(t *testing.T, a app, binaries []check.Binary, now time.Time) {
	t.Helper()
	v := codesign.NewVerifier(codesign.NewAnchors(s.root.Certificate), now)
	for _, b := range binaries {
		code := bytes.NewReader(a.code[a.inside(b.Paths)])
		for i := range b.Slices {
			sig, err := v.Read(t.Context(), code, b.Slices[i].Slice)
			if err != nil {
				t.Fatal(err)
			}
			b.Slices[i].Signature.Authentication = sig.Authentication
		}
	}
}

// The policy that a page begins with lets pass what its tool builds, as a folder, as a zip
// and as a packed tar, but for the notes that the page names.
func TestPoliciesOfTheFrameworkPagesPassWhatTheToolsBuild(t *testing.T) {
	by := &signing{authority: newAuthority()}
	for _, p := range frameworkPages(t) {
		a := by.app(t, p.layout, p.claims)
		for _, name := range append(a.packed(t), a.root) {
			var notes []string
			for _, f := range p.findings(t, by, a, policy.DefaultStage, name) {
				if f.Level != policy.Note {
					t.Errorf("%s: %s: %v: %s: %s", p.name, name, f.Paths, f.Rule, f.Message)
				}
				notes = append(notes, f.Rule)
			}
			slices.Sort(notes)
			if diff := cmp.Diff(p.notes, slices.Compact(notes)); diff != "" {
				t.Errorf("%s: %s: notes (-page +told):\n%s", p.name, name, diff)
			}
		}
	}
}

// In the stage development passes what nobody signed.
func TestPoliciesOfTheFrameworkPagesPassBuildsForDevelopment(t *testing.T) {
	by := &signing{adHoc: true}
	for _, p := range frameworkPages(t) {
		claims := p.claims
		if p.debug != nil {
			claims = p.debug
		}
		a := by.app(t, p.layout, claims)
		for _, f := range p.findings(t, by, a, policy.Development, a.root) {
			if f.Level != policy.Note {
				t.Errorf("%s: %s: %s: %s", p.name, a.inside(f.Paths), f.Rule, f.Message)
			}
		}
	}
}

// Each claim of too much that a page names is the one error that the page says.
func TestPoliciesOfTheFrameworkPagesFailOnClaimsOfTooMuch(t *testing.T) {
	type failure struct{ rule, where, entitlement string }
	by := &signing{authority: newAuthority()}
	for _, p := range frameworkPages(t) {
		for _, row := range p.overclaims {
			where := p.find(t, row[0])[0]
			claims := maps.Clone(p.claims)
			claims[where] = append(slices.Clone(claims[where]), row[1])
			a := by.app(t, p.layout, claims)
			var got []failure
			for _, f := range p.findings(t, by, a, policy.DefaultStage, a.root) {
				if f.Level != policy.Note && f.Rule != check.RuleNotNotarizable {
					got = append(got, failure{f.Rule, a.inside(f.Paths), f.Entitlement})
				}
			}
			want := []failure{{ruleOf(t, row[3]), where, row[1]}}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(failure{})); diff != "" {
				t.Errorf("%s: %s in %s (-page +told):\n%s", p.name, row[1], row[0], diff)
			}
		}
	}
}

// A policy to begin with is complete but for its names, and each page has the same parts.
func TestFrameworkPagesAreComplete(t *testing.T) {
	for _, p := range frameworkPages(t) {
		if remarks := policy.Lint(p.policy, today(t)); len(remarks) > 0 {
			t.Errorf("%s: %+v", p.name, remarks)
		}
		for _, heading := range []string{"What is in it", "What it claims", "What is claimed too much", "A policy to begin with"} {
			if !strings.Contains(p.text, "\n## "+heading+"\n") {
				t.Errorf("%s has no section %q", p.name, heading)
			}
		}
	}
}
