package check

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/source"
)

// Input is all that a check depends on.
type Input struct {
	Binaries []Binary
	Packages []Package
	Sources  []Source
	Signings []source.Signing // who signs with the sources, as far as that is known
	Unread   []Unread
	Remarks  []Remark
	Empty    []Unread // paths that were given, and in which nothing to check was found

	Unresolved []source.Problem // what of the sources is not known

	Repository string // that the run is for, OWNER/NAME as GitHub spells it; empty: it is not known

	Policy *policy.Policy
	Merged bool              // exceptions that count as they stand in a base were sorted out, see [policy.Trusted]
	Signed []approval.Status // of the policy's exceptions, in their order; nil: nobody looked

	// Reviewed is what the reviews of a pull request come to for the exceptions that it adds
	// or alters; nil: it has none, or the policy does not take reviews.
	Reviewed *approval.Reviewed

	Stage        *policy.Stage
	At           policy.Date
	Base         *Base            // by whose policy a change is judged; nil: the policy stands for itself
	Pending      []policy.Pending // exceptions that do not count yet, see [policy.Trusted]
	Looser       []policy.Change  // by which the policy lets more pass once it is merged, but for exceptions
	NoExceptions bool             // judge as if the policy had none
	Slots        bool             // neither pages nor signers were looked at
	Preflight    Preflight        // whose demands the code is held against, too
	FailOn       policy.FailOn    // empty: what the policy says

	// Audit is what was found out about the policy itself; nil: only code is looked at.
	Audit *Audit

	// Trace are entitlements whose verdicts are to be explained in [Report.Traces].
	Trace []string
}

// Evaluate judges the input. The order in which things stand in it does not
// matter.
func Evaluate(in Input) *Report {
	e := &evaluation{
		in: in, groupsOf: in.Policy.Grouping(),
		report: &Report{
			Repository: in.Repository,
			Policy:     in.Policy.Name, PolicySHA256: in.Policy.SHA256, Stage: in.Stage.Name,
			Base: in.Base, At: in.At, NoExceptions: in.NoExceptions, Slots: in.Slots, Preflight: in.Preflight,
			FailOn: cmp.Or(in.FailOn, in.Policy.Settings.FailOn),
		},
	}
	if len(in.Policy.Sources) > 1 {
		e.report.Extends = in.Policy.Sources[1:] // the first is the policy itself
	}
	if !in.NoExceptions {
		e.exceptions = newExceptions(in)
	}
	sorted := inorder.Copied(in.Binaries, func(a, b Binary) int { return slices.Compare(a.Paths, b.Paths) })
	e.processes = newProcesses(sorted)
	for _, b := range mergeCopies(sorted, !in.Slots) {
		n := len(e.findings)
		e.binary(b)
		e.groupFrom(n)
	}
	n := len(e.findings)
	e.bundles(sorted) // of copies each has a bundle of its own
	e.packages(sorted)
	e.sources()
	e.others()
	e.unmerged()
	e.audit()
	e.judgeExceptions()
	e.groupFrom(n)
	e.report.Findings = sortFindings(e.findings)
	e.numberSuggestions()
	return e.report
}

// evaluation is the state of one run of Evaluate.
type evaluation struct {
	in         Input
	exceptions exceptionIndex
	groupsOf   func(policy.Target) policy.Membership
	processes  *processes
	files      map[string]*Source // by path
	judged     int                // claims of files, for each of their users
	compared   int                // claims of programs and of what they are compared with
	findings   []Finding
	suggested  int // keys that were compared with all that are known
	report     *Report
}

// ruleHints say what to do of the findings of a rule that say nothing more.
var ruleHints = map[string]string{
	RuleUnusualSignature:   "sign it anew and see whether it goes away, unless you know the tool that signs so",
	RuleSloppyEntitlements: "convert the source with plutil -convert xml1, and sign anew",
}

// maxSuggested bounds the keys for which a better spelling is sought: it costs a
// comparison with every documented key.
const maxSuggested = 200

// add records a finding at the level of its rule, and with the advice for that, unless it has
// its own.
func (e *evaluation) add(f Finding) {
	if f.Level == "" {
		rule, _ := RuleByID(f.Rule)
		f.Level = rule.Level
	}
	f.Hint = cmp.Or(f.Hint, ruleHints[f.Rule])
	e.findings = append(e.findings, f)
}

// others tells what was met on the way to the binaries, or that there were none.
func (e *evaluation) others() {
	for _, u := range e.in.Unread {
		e.add(Finding{Rule: RuleUnreadable, Paths: []string{u.Path}, Message: u.Err.Error(), Hint: cmp.Or(u.Hint, unreadHint), Position: u.Position})
	}
	for _, r := range e.in.Remarks {
		f := Finding{Rule: r.Rule, Paths: []string{r.Path}, Message: r.Message, Hint: remarkHints[r.Rule]}
		switch r.Rule {
		case RuleBrokenSeal:
			f.Level = policy.Warning
		case RuleOpaquePayload:
			f.Level = e.in.Policy.Settings.OpaquePayloads
		}
		e.add(f)
	}
	for _, u := range e.in.Empty {
		hint := emptyHint
		if e.in.Audit != nil {
			hint = "see what the release holds; the audit may ask for fewer assets"
		}
		e.add(Finding{Rule: RuleNoBinaries, Paths: []string{u.Path}, Message: u.Err.Error(), Hint: hint})
	}
	if e.in.Audit == nil && len(e.in.Binaries)+len(e.in.Packages)+len(e.in.Sources)+len(e.in.Signings)+len(e.in.Unresolved)+len(e.in.Unread)+len(e.in.Empty) == 0 && !Unsupported(e.in.Remarks) {
		e.add(Finding{Rule: RuleNoBinaries, Message: "nothing to check was given", Hint: emptyHint})
	}
}

var remarkHints = map[string]string{
	RuleLinkOutside:           "what the link leads to is not part of what was checked; check it by its own path, or remove the link",
	RuleBrokenSeal:            "check the bundle that it goes into, whose seal covers it, or leave it out of what is checked",
	RuleAmbiguousArchive:      "pack it anew with one tool, from a folder that holds each file once",
	RuleOpaquePayload:         "what is in it was not judged; check it before it is packed, or leave it out of what is checked",
	RuleUnsupportedFileSystem: "check the folder that the image is made of, or make the image with HFS+ or APFS and without a password",
	RuleInstallerScript:       "read it: it runs as root, and nothing of what it does was judged",
}

const unreadHint = "what cannot be read cannot be judged; repair it or leave it out of what is checked"

const emptyHint = "give the path of a built app, of a folder that holds one, or of an .entitlements file"

// mergeCopies joins signed files under one outermost bundle that are copies of
// one another, as actions/upload-artifact leaves them behind in place of a
// framework's symbolic links. It takes and returns them in the order of their paths.
// What is judged of one must hold for all: that follows from their signatures, and
// from where they are in a bundle, but for the bundles themselves, and for what the
// policy says by paths, of which [policy.Membership] keeps account.
func mergeCopies(sorted []Binary, verified bool) []Binary {
	merged := make([]Binary, 0, len(sorted))
	seen := map[copyKey]int{}
	for _, b := range sorted {
		key, ok := keyOf(b)
		ok = ok && verified // else the code may be another
		if i, dup := seen[key]; ok && dup {
			m := &merged[i]
			m.Paths, m.Inside = append(m.Paths, b.Paths...), append(m.Inside, b.Inside...)
			continue
		}
		if ok {
			seen[key] = len(merged)
		}
		b.Paths, b.Inside = slices.Clone(b.Paths), slices.Clone(b.Inside)
		merged = append(merged, b)
	}
	return merged
}

// copyKey is equal for copies of one file.
type copyKey struct {
	outer  string
	size   int64
	slices string
}

// keyOf returns the key of a binary. Only a file whose every slice is signed and
// could be read has one: what is judged of it follows from its signatures. Files
// whose code differs differ in what their page hashes are told of.
func keyOf(b Binary) (copyKey, bool) {
	if b.Outer == "" || len(b.Slices) == 0 || len(b.Anomalies) > 0 {
		return copyKey{}, false
	}
	var parts strings.Builder
	if b.Bundle != nil {
		fmt.Fprintf(&parts, "%s %q ", b.Bundle.Kind, b.Bundle.Info)
	}
	if p := b.Provisioning; p != nil && (p.Profile != nil || p.Err != nil) {
		var digest [sha256.Size]byte
		if p.Profile != nil {
			digest = p.Profile.Digest
		}
		fmt.Fprintf(&parts, "%x %v ", digest, p.Err)
	}
	for _, s := range b.Slices {
		if s.Signature == nil || s.Err != nil || len(s.Anomalies) > 0 {
			return copyKey{}, false
		}
		parts.WriteString(s.Arch + " " + s.TypeName() + " " + string(s.InfoPlist) + " ")
		parts.Write(s.Signature.Digest[:])
		fmt.Fprint(&parts, s.Signature.Problems)
	}
	return copyKey{b.Outer, b.Size, parts.String()}, true
}

// groupFrom joins findings, from the nth on, that differ in nothing but their
// architectures. Those of one binary are joined before the next is looked at, so
// that no more of them are there at a time than will be told.
func (e *evaluation) groupFrom(n int) {
	type key struct {
		rule, level, message, hint, path, entitlement, value, exception, suggestion string
		position                                                                    policy.Position
	}
	index := map[key]int{}
	grouped := e.findings[:n]
	for _, f := range e.findings[n:] {
		k := key{
			rule: f.Rule, level: string(f.Level), message: f.Message, hint: f.Hint,
			entitlement: f.Entitlement, suggestion: f.Suggestion, position: f.Position,
		}
		if len(f.Paths) > 0 {
			k.path = f.Paths[0] // no two binaries share one
		}
		if f.Value != nil {
			k.value = f.Value.Text()
		}
		if f.Exception != nil {
			k.exception = f.Exception.ID
		}
		i, ok := index[k]
		if !ok {
			index[k] = len(grouped)
			grouped = append(grouped, f)
			continue
		}
		for _, arch := range f.Archs {
			if !slices.Contains(grouped[i].Archs, arch) {
				grouped[i].Archs = append(grouped[i].Archs, arch)
			}
		}
	}
	clear(e.findings[len(grouped):])
	e.findings = grouped
}

// sortFindings orders findings worst first, and beyond that so that equal inputs
// give equal reports.
func sortFindings(list []Finding) []Finding {
	inorder.By(list, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Level.Rank(), b.Level.Rank()),
			cmp.Compare(min(len(b.Paths), 1), min(len(a.Paths), 1)), // the policy's own last
			slices.Compare(a.Paths, b.Paths),
			cmp.Compare(ruleRank(a.Rule), ruleRank(b.Rule)),
			cmp.Compare(b.risk(), a.risk()),
			cmp.Compare(a.Entitlement, b.Entitlement),
			cmp.Compare(a.Position.Line, b.Position.Line),
			cmp.Compare(a.Message, b.Message),
			slices.Compare(a.Archs, b.Archs),
		)
	})
	return list
}

// ruleRank orders rules as the documentation does: first what makes the rest
// doubtful.
func ruleRank(id string) int {
	return slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
}
