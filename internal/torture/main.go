// Command torture changes real signed programs at random and judges the result,
// under a limit of memory. It fails when a change crashes or stalls the checker, or
// slips past it: when it takes a claim away, or turns a program into something else,
// and no finding tells of that even under a policy that allows everything.
//
// With -packed the program is packed in every format of archives and changed there, in
// what is around it and in it; a disk image is changed as it is. A folder stands for the disk images in it.
//
//	go run ./internal/torture [-packed] [-n 20000] [-seed 1] FILE…
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
)

// The limits of what a changed file may cost.
const (
	memory   = 512 << 20   // bytes, of the whole process
	patience = time.Second // of all processors together: the machine may be busy with something else
)

// lax is a policy under which only what no policy allows is found.
const lax = "version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: []}}\n"

func main() {
	n := flag.Int("n", 20000, "how many changes to each of the header, the code and what goes with it, and the signature")
	seed := flag.Uint64("seed", 1, "where the random numbers begin")
	packed := flag.Bool("packed", false, "change archives that hold the program, each format a fraction of -n times")
	flag.Parse()
	if err := limitMemory(memory); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(2)
	}
	files, err := images(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(2)
	}
	failed := false
	for _, name := range files {
		list, err := tortures(name, *seed, *packed)
		if err != nil {
			fmt.Fprintf(os.Stderr, "torture: %s: %v\n", name, err)
			os.Exit(2)
		}
		for _, t := range list {
			for _, part := range t.parts {
				failed = !t.run(part, *n/len(files)/len(list)) || failed
			}
		}
	}
	if failed {
		os.Exit(1)
	}
}

// images returns the files, and in the place of a folder the disk images in it.
func images(args []string) (files []string, err error) {
	for _, name := range args {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		list := []string{name}
		if info.IsDir() {
			if list, err = filepath.Glob(filepath.Join(name, "*.dmg")); err != nil {
				return nil, err
			}
		}
		files = append(files, list...)
	}
	if len(files) == 0 {
		return nil, errors.New("no file to change")
	}
	return files, nil
}

// torture is one program that is changed.
type torture struct {
	name     string
	original []byte
	verdict  verdict
	parts    []part
	random   *rand.Rand
	verifier *codesign.Verifier
	policy   *policy.Policy
	judge    func([]byte) verdict
}

// tortures returns what becomes of one program.
func tortures(name string, seed uint64, packed bool) ([]*torture, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if packed {
		return newPacked(name, b, seed)
	}
	t, err := newTorture(name, b, seed)
	return []*torture{t}, err
}

// part is the bytes of a file that are changed.
type part struct {
	name   string
	ranges []macho.Range
}

// verdict is what a check made of a file.
type verdict struct {
	claims   entitlement.Set // of all slices
	programs int             // slices that are main executables
	packages int             // installer packages and disk images
	rules    []string        // of the findings, with what they are about
}

// unread is the verdict on what is no Mach-O file any more: the command line tells
// it as a path in which nothing was found, or as unreadable.
var unread = verdict{rules: []string{check.RuleUnreadable}}

// add notes a finding in a file that has that name.
func (v *verdict) add(f check.Finding, name string) {
	what := f.Rule
	for _, p := range f.Paths {
		what += " " + strings.TrimPrefix(p, name)
	}
	v.rules = append(v.rules, what)
}

// tells reports whether there is a finding that the original has not.
func (v verdict) tells(original verdict) bool {
	return slices.ContainsFunc(v.rules, func(r string) bool { return !slices.Contains(original.rules, r) })
}

// hides reports whether something is gone that the original has: a claim, a program, a package,
// or all that was found.
func (v verdict) hides(original verdict) bool {
	return v.programs < original.programs || v.packages < original.packages || !contains(v.claims, original.claims) ||
		len(v.rules) == 0 && len(original.rules) > 0
}

func newTorture(name string, b []byte, seed uint64) (*torture, error) {
	p, err := policy.Parse("lax", []byte(lax))
	if err != nil {
		return nil, err
	}
	t := &torture{name: name, original: b, random: rand.New(rand.NewPCG(seed, 2)), verifier: codesign.NewVerifier(codesign.AppleAnchors(), time.Now()), policy: p}
	t.judge = t.judgeBinary
	f, err := macho.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	header, code, signature := part{name: "header"}, part{name: "code"}, part{name: "signature"}
	if f.Fat {
		header.ranges = append(header.ranges, macho.Range{Size: 8 + 20*uint64(len(f.Slices))})
	}
	for _, s := range f.Slices {
		if s.Signature == nil {
			return nil, errors.New("not signed")
		}
		const head = 4096
		header.ranges = append(header.ranges, macho.Range{Offset: s.Range.Offset, Size: head})
		code.ranges = append(code.ranges, macho.Range{Offset: s.Range.Offset + head, Size: s.Signature.Offset - min(head, s.Signature.Offset-1)})
		signature.ranges = append(signature.ranges, macho.Range{Offset: s.Range.Offset + s.Signature.Offset, Size: s.Signature.Size})
	}
	t.parts = []part{header, code, signature}
	t.verdict = t.judge(b)
	if len(t.verdict.claims) == 0 {
		return nil, errors.New("claims nothing that a change could hide")
	}
	return t, nil
}

// run changes a part n times and reports whether all went well.
func (t *torture) run(p part, n int) bool {
	silent, slow, told := 0, 0, 0
	for i := range n {
		b, change := t.change(p)
		v, took := t.timed(b)
		if took > patience {
			slow++
			fmt.Printf("%s: %s change %d took %v: %s\n", t.name, p.name, i, took, change)
		}
		switch {
		case v.tells(t.verdict):
			told++
		case v.hides(t.verdict):
			silent++
			fmt.Printf("%s: %s change %d hides something and is not told: %s\n", t.name, p.name, i, change)
		}
	}
	fmt.Printf("%-40s %-9s %6d changes: %d told, %d without effect, %d hidden, %d over %v, 0 crashes under %d MiB\n",
		t.name, p.name, n, told, n-told-silent, silent, slow, patience, memory>>20)
	return silent+slow == 0
}

// timed judges a file and returns what that took of the processors.
func (t *torture) timed(b []byte) (verdict, time.Duration) {
	start := processorTime()
	v := t.judge(b)
	return v, processorTime() - start
}

// contains reports whether every claim of b is made in a.
func contains(a, b entitlement.Set) bool {
	for key, v := range b {
		if w, ok := a[key]; v.Grants() && (!ok || !w.Grants()) {
			return false
		}
	}
	return true
}

// change returns the file with one to four changes: bits, bytes, words that
// parsers trip over, or one run of bytes over another.
func (t *torture) change(p part) ([]byte, string) {
	b := bytes.Clone(t.original)
	log := ""
	for range 1 + t.random.IntN(4) {
		r := p.ranges[t.random.IntN(len(p.ranges))]
		at := int(r.Offset) + t.random.IntN(int(r.Size))
		switch t.random.IntN(4) {
		case 0:
			b[at] ^= 1 << t.random.IntN(8)
		case 1:
			b[at] = byte(t.random.Uint32())
		case 2:
			words := [][]byte{{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff}, {0x80, 0, 0, 0}, {0, 0, 0, 1}, {1, 0, 0, 0}}
			at = at &^ 3
			copy(b[at:], words[t.random.IntN(len(words))])
		default:
			from := int(r.Offset) + t.random.IntN(int(r.Size))
			n := min(1+t.random.IntN(64), int(r.Offset+r.Size)-max(at, from))
			copy(b[at:at+n], t.original[from:from+n])
		}
		log += fmt.Sprintf(" %d", at)
	}
	return b, "at" + log
}

// judgeBinary reads a file as the command line does and checks it against the lax policy.
func (t *torture) judgeBinary(b []byte) verdict {
	in := check.Input{Policy: t.policy, Stage: &t.policy.Stages[0]}
	t.judge = t.judgeBinary
	f, err := macho.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return unread
	}
	bin := check.Binary{Paths: []string{t.name}, Inside: []string{t.name}, Size: int64(len(b)), Fat: f.Fat, Anomalies: f.Anomalies}
	v := verdict{claims: entitlement.Set{}}
	for _, s := range f.Slices {
		slice := check.Slice{Slice: s}
		if s.Err == nil && s.Signature != nil {
			slice.Signature, slice.SignatureErr = t.verifier.Read(context.Background(), bytes.NewReader(b), s)
		}
		if s.Err == nil {
			slice.Code = evidence.Read(context.Background(), bytes.NewReader(b), s)
		}
		if slice.Signature != nil {
			v.claims = entitlement.Union(v.claims, slice.Signature.Claims.Set)
		}
		if s.Err == nil && s.TypeName() == "execute" {
			v.programs++
		}
		bin.Slices = append(bin.Slices, slice)
	}
	in.Binaries = []check.Binary{bin}
	for _, f := range check.Evaluate(in).Findings {
		v.add(f, t.name)
	}
	return v
}
