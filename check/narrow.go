package check

import (
	"iter"
	"reflect"
	"slices"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/evidence"
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
	sorted := slices.SortedFunc(slices.Values(binaries), func(a, b Binary) int { return slices.Compare(a.Paths, b.Paths) })
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
// among the binaries, by path.
func Narrow(binaries []Binary) []Narrowing {
	var list []Narrowing
	for p := range Programs(binaries) {
		if p.Slice.Signature == nil {
			continue
		}
		set := p.Slice.Signature.Claims.Set
		claimed := slices.DeleteFunc(set.Keys(), func(key string) bool { return !set[key].Grants() })
		n := Narrowing{
			Path: p.Binary.Paths[0], Archs: []string{p.Slice.Arch},
			Hardened:  p.Slice.Signature.Directory().Flags&codesign.FlagRuntime != 0,
			Proposals: evidence.Narrow(p.Process, claimed, p.Slice.Signature.Directory().Flags&codesign.FlagRuntime != 0),
		}
		same := slices.IndexFunc(list, func(o Narrowing) bool { return o.Path == n.Path && o.sameAs(n) })
		if same < 0 {
			list = append(list, n)
			continue
		}
		list[same].Archs = append(list[same].Archs, p.Slice.Arch)
	}
	return list
}

// sameAs reports whether the same is proposed for two slices, whatever it rests on.
func (n Narrowing) sameAs(o Narrowing) bool {
	bare := func(list []evidence.Proposal) []evidence.Proposal {
		list = slices.Clone(list)
		for i := range list {
			list[i].Evidence = nil
		}
		return list
	}
	return n.Hardened == o.Hardened && reflect.DeepEqual(bare(n.Proposals), bare(o.Proposals))
}
