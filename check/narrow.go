package check

import (
	"cmp"
	"iter"
	"slices"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Narrowing is what the code makes of the entitlements of a program.
type Narrowing struct {
	Path      string
	Archs     []string // of which all of this holds
	Hardened  bool     // the hardened runtime is on
	Proposals []evidence.Proposal
}

// Program is one slice of a program, with the process that it becomes.
type Program struct {
	Binary  Binary
	Slice   Slice
	Process evidence.Process
}

// Programs yields the slices of programs among the binaries of which the code was looked
// at, by path.
func Programs(binaries []Binary) iter.Seq[Program] {
	sorted := inorder.Copied(binaries, func(a, b Binary) int { return slices.Compare(a.Paths, b.Paths) })
	processes := newProcesses(sorted)
	return func(yield func(Program) bool) {
		for _, b := range sorted {
			for _, s := range b.Slices {
				if s.Code != nil && s.IsProgram() && !yield(Program{b, s, processes.process(b, s)}) {
					return
				}
			}
		}
	}
}

// Narrow proposes the smallest entitlements that the code supports, for each signed program
// among the binaries, by path. Slices with the same claims are signed with one file, so that
// one proposal is made for them: what one of them needs stays.
func Narrow(binaries []Binary) []Narrowing {
	var list []Narrowing
	var claims [][]string // of each
	for p := range Programs(binaries) {
		if p.Slice.Signature == nil {
			continue
		}
		set := p.Slice.Signature.Claims.Set
		claimed := slices.DeleteFunc(set.Keys(), func(key string) bool { return !set[key].Grants() })
		hardened := p.Slice.Signature.Directory().Flags&codesign.FlagRuntime != 0
		n := Narrowing{
			Path: p.Binary.Paths[0], Archs: []string{p.Slice.Arch}, Hardened: hardened,
			Proposals: evidence.Narrow(p.Process, claimed, hardened),
		}
		same := len(list) - 1 // those of one program are together
		for same >= 0 && list[same].Path == n.Path && !(list[same].Hardened == n.Hardened && slices.Equal(claims[same], claimed)) {
			same--
		}
		if same < 0 || list[same].Path != n.Path {
			list, claims = append(list, n), append(claims, claimed)
			continue
		}
		list[same].Archs = append(list[same].Archs, p.Slice.Arch)
		list[same].Proposals = joinProposals(claimed, list[same].Proposals, n.Proposals)
	}
	return list
}

// joinProposals puts together what is proposed for two slices with the same claims.
func joinProposals(claimed []string, a, b []evidence.Proposal) (list []evidence.Proposal) {
	find := func(list []evidence.Proposal, key string) *evidence.Proposal {
		i := slices.IndexFunc(list, func(p evidence.Proposal) bool { return p.Entitlement == key })
		if i < 0 {
			return nil
		}
		return &list[i]
	}
	kept := false // one of those on memory, which permits all that a narrower one does
	for _, key := range claimed {
		p := joinProposal(find(a, key), find(b, key))
		kept = kept || slices.Contains(memory[1:], key) && p.Change == evidence.Keep
		list = append(list, p)
	}
	for _, key := range memory {
		x, y := find(a, key), find(b, key)
		if slices.Contains(claimed, key) || x == nil && y == nil || kept {
			continue
		}
		list = append(list, joinProposal(cmp.Or(x, y), cmp.Or(y, x)))
	}
	return list
}

// joinProposal puts together what is proposed for one entitlement: the one that goes further
// in keeping it, or else the one that is less sure that it may go.
func joinProposal(a, b *evidence.Proposal) evidence.Proposal {
	sure := []evidence.Certainty{evidence.Open, evidence.Likely, evidence.Certain}
	keeps := func(p *evidence.Proposal) int {
		if p.Change == evidence.Remove {
			return -1 - slices.Index(sure, p.Certainty)
		}
		return slices.Index(sure, p.Certainty)
	}
	if keeps(b) > keeps(a) {
		a, b = b, a
	}
	p := *a
	if p.Evidence != nil && b.Evidence != nil && p.Evidence.Strength == b.Evidence.Strength {
		joined := p.Evidence.Join(*b.Evidence)
		p.Evidence = &joined
	}
	return p
}
