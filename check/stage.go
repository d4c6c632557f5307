package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/policy"
)

// demander is a stage, or a group in a stage, with what it demands of code.
type demander struct {
	*policy.Stage
	name string // as in "stage release"
}

// demanders are the stage, and those groups of the subject that demand something in
// it.
func (e *evaluation) demanders(sub subject) []demander {
	list := []demander{{e.in.Stage, "stage " + e.in.Stage.Name}}
	for _, name := range sub.groups.Any {
		g := e.in.Policy.Group(name)
		for i := range g.Stages {
			if s := &g.Stages[i]; s.Name == e.in.Stage.Name {
				list = append(list, demander{s, fmt.Sprintf("group %s in stage %s", name, s.Name)})
			}
		}
	}
	return list
}

// demands holds a slice against what the stage requires of code, and the groups that
// it is in.
func (e *evaluation) demands(sub subject, s Slice) {
	if !s.IsSignable() || s.SignatureErr != nil {
		return
	}
	if s.Signature == nil {
		e.unsigned(sub, s)
		return
	}
	for _, d := range e.demanders(sub) {
		for _, r := range d.Require {
			e.demand(sub, s, d, r)
		}
		e.runtimeVersion(sub, s, d)
		e.teams(sub, s, d)
	}
}

// teams holds a signed slice against the teams that may sign.
func (e *evaluation) teams(sub subject, s Slice, d demander) {
	if len(d.TeamIDs) == 0 || slices.Contains(d.TeamIDs, e.team(s)) {
		return
	}
	team, hint := "no team id", "sign it with your own certificate, or add the team to team-ids"
	if id := s.Signature.Directory().TeamID; id != "" {
		team = "team id " + id
		if slices.Contains(d.TeamIDs, id) {
			team += ", which nothing proves"
			hint = "sign it with a certificate that Apple issued to this team: anybody can write its id into code"
		}
	}
	f := sub.finding(RuleTeamNotAllowed, fmt.Sprintf("signed with %s, and %s allows %s", team, d.name, strings.Join(d.TeamIDs, ", ")))
	f.Position, f.Hint = d.Position, hint
	e.add(f)
}

// team returns the team that signed, as far as the stage goes by it: as proven, and
// in development as claimed.
func (e *evaluation) team(s Slice) string {
	switch {
	case e.in.Stage.Name == policy.Development:
		return s.Signature.Directory().TeamID
	case s.Signature.Authenticated():
		return s.Signature.Authentication.TeamID
	}
	return ""
}

// demand holds a signed slice against one requirement.
func (e *evaluation) demand(sub subject, s Slice, by demander, r policy.Requirement) {
	d, a := s.Signature.Directory(), s.Signature.Authentication
	kind := codesign.SignerKind("")
	stamped := false
	if a != nil && s.Signature.Authenticated() {
		kind, stamped = a.Kind, !a.Timestamp.IsZero()
	}
	unmet := func(why, hint string) {
		f := sub.finding(RuleUnmetRequirement, fmt.Sprintf("%s requires %s, and %s", by.name, r, why))
		f.Position, f.Hint = by.Position, hint
		e.add(f)
	}
	switch r {
	case policy.HardenedRuntime:
		// The flag counts for the process, so for its main executable alone.
		if s.IsProgram() && s.IsForMac() && d.Flags&codesign.FlagRuntime == 0 {
			f := sub.finding(RuleNoHardenedRuntime, fmt.Sprintf("the hardened-runtime flag is not set (flags=%s), so nothing is hardened, and %s requires it", d.Flags, by.name))
			f.Hint = "sign it with codesign --options runtime (rcodesign --code-signature-flags runtime)"
			e.add(f)
		}
	case policy.Valid:
		if kind == "" {
			unmet("the code is not authenticated", "sign it with a certificate that Apple issued; with --verify=slots nothing is authenticated")
		}
	case policy.DeveloperID, policy.AppleDistribution:
		if string(kind) != string(r) {
			unmet("it is "+signedBy(kind), "sign it with a certificate of that kind")
		}
	case policy.SecureTimestamp:
		if !stamped {
			unmet("there is no secure timestamp that holds", "sign it with codesign --timestamp")
		}
	case policy.NotAdHoc:
		if s.Signature.CMSSize == 0 || d.Flags&(codesign.FlagAdhoc|codesign.FlagLinkerSigned) != 0 {
			unmet("the signature is ad hoc", "sign it with a certificate")
		}
	case policy.LibraryValidation:
		if s.IsProgram() && !validatesLibraries(s) {
			unmet("libraries of others may be loaded", "sign it with codesign --options library, or with the hardened runtime and without com.apple.security.cs.disable-library-validation")
		}
	}
}

func signedBy(kind codesign.SignerKind) string {
	if kind == "" {
		return "not authenticated"
	}
	return "signed as " + string(kind)
}

// validatesLibraries reports whether dyld loads libraries of the same team and of
// Apple only: by the flag, or by the hardened runtime unless it is told otherwise.
func validatesLibraries(s Slice) bool {
	flags := s.Signature.Directory().Flags
	v, off := s.Signature.Claims.Set["com.apple.security.cs.disable-library-validation"]
	if off && v.Grants() {
		return false
	}
	return flags&(codesign.FlagLibraryValidation|codesign.FlagRuntime) != 0
}

// runtimeVersion holds a program against the lowest version of the hardened
// runtime that is taken.
func (e *evaluation) runtimeVersion(sub subject, s Slice, by demander) {
	least, is := by.MinRuntimeVersion, s.Signature.Directory().Runtime
	if least == "" || !s.IsProgram() || slices.Compare(numbers(is), numbers(least)) >= 0 {
		return
	}
	if is == "" {
		is = "none"
	}
	f := sub.finding(RuleUnmetRequirement, fmt.Sprintf("%s requires version %s of the hardened runtime, and the code names %s", by.name, least, is))
	f.Position, f.Hint = by.Position, "sign it with codesign --options runtime --runtime-version, or build it with a later SDK"
	e.add(f)
}

// numbers reads dotted numbers, the last zeros left away, so that 13.0 is 13.0.0.
func numbers(version string) []int {
	var list []int
	for part := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(part) // what is no number was refused on the way here
		list = append(list, n)
	}
	for len(list) > 0 && list[len(list)-1] == 0 {
		list = list[:len(list)-1]
	}
	return list
}

// unsigned tells of code without a signature: a note where the stage demands
// nothing that only signed code can show, so that a signature that was taken off
// is never passed over.
func (e *evaluation) unsigned(sub subject, s Slice) {
	f := sub.finding(RuleUnsigned, fmt.Sprintf("the code (%s) is not signed", s.TypeName()))
	f.Level = policy.Note
	for _, d := range e.demanders(sub) {
		if what := d.needsSignature(s); what != "" {
			f.Level = policy.Error
			f.Message += fmt.Sprintf(", and %s requires %s", d.name, what)
			f.Hint = "sign it with codesign or rcodesign, or choose another stage for builds that are not signed yet"
			break
		}
	}
	e.add(f)
}

// needsSignature returns what is demanded of the slice that only a signature can show,
// empty for nothing.
func (d demander) needsSignature(s Slice) string {
	for _, r := range d.Require {
		if s.IsProgram() || r != policy.HardenedRuntime && r != policy.LibraryValidation {
			return string(r)
		}
	}
	switch {
	case len(d.TeamIDs) > 0:
		return "a team"
	case d.MinRuntimeVersion != "" && s.IsProgram():
		return "a version of the hardened runtime"
	}
	return ""
}
