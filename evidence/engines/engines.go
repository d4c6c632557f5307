// Package engines recognises generators of machine code by what they leave in a
// binary: the strings that their own compiled code has, such as descriptions of flags
// and formats of errors, and the symbols that they define.
//
// An engine is told of when two of its clues are met, none of which follows from the
// other. One alone is not enough: text about an engine is in many a program that has
// none. Names of files, of products and of what goes over a network are no clues.
//
// What is told of an engine comes from its source, which the table names. That a file
// has an engine does not prove that its programs start it, and one that was stripped,
// packed or renamed is not recognised.
package engines

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Memory is how an engine gets memory for the code that it writes.
type Memory string

const (
	// MapJIT is memory mapped with MAP_JIT, for which
	// com.apple.security.cs.allow-jit is enough.
	MapJIT Memory = "map-jit"

	// Unsigned is memory that is made executable without MAP_JIT, for which
	// com.apple.security.cs.allow-unsigned-executable-memory is needed.
	Unsigned Memory = "unsigned-memory"
)

// Need is how some versions of an engine get memory for code. Where two of them are for
// the same architecture and version, it depends on the build, on the program around the
// engine or on a version that was not found out which of them it is.
type Need struct {
	Memory Memory
	Arch   string // as in arm64 and x86_64; empty for both
	Since  string // the first version that does so; empty for all up to Before
	Before string // the first that does not any more; empty for all from Since on
}

// Engine is an engine that was met.
type Engine struct {
	Name     string   // as its makers write it
	Version  string   // as its code tells it; empty when it tells none, or several
	Category string   // javascript-engine, language-runtime, regex-jit, emulator, or empty
	Rests    []string // the clues it was recognised by, as they are in the file
	Needs    []Need   // empty for one that writes no code
}

// On returns the needs that e has on an architecture, named as in arm64 or x86_64. An
// engine that tells no version has the needs of all of them.
func (e Engine) On(arch string) []Need {
	if arch == "arm64e" {
		arch = "arm64"
	}
	var list []Need
	for _, n := range e.Needs {
		if n.Arch != "" && n.Arch != arch {
			continue
		}
		if e.Version == "" ||
			(n.Since == "" || compare(e.Version, n.Since) >= 0) && (n.Before == "" || compare(e.Version, n.Before) < 0) {
			list = append(list, n)
		}
	}
	return list
}

// compare orders versions by the numbers at their start, and by no more than those
// that both have: 12.4.254.21-node.56 is no older than 12.4.
func compare(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, y := leading(as[i]), leading(bs[i])
		if x != y {
			return cmp.Compare(x, y)
		}
	}
	return 0
}

// leading returns the number that s begins with, 0 for none.
func leading(s string) int {
	end := 0
	for end < len(s) && digit(s[end]) {
		end++
	}
	n, _ := strconv.Atoi(s[:end])
	return n
}

// Engines returns the engines of which enough was met, by name.
func (m *Matcher) Engines() []Engine {
	var list []Engine
	for i, met := range m.met {
		k := &table[i]
		if len(met.clues) < enough {
			continue
		}
		e := Engine{Name: k.name, Category: k.category, Rests: slices.Sorted(slices.Values(met.clues)), Needs: k.needs}
		if len(met.versions) == 1 {
			e.Version = met.versions[0]
		}
		list = append(list, e)
	}
	inorder.By(list, func(a, b Engine) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
