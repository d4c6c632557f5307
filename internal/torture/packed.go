package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/archivetest"
	"github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
)

// newPacked packs a program in every format, each beside other files. What is a disk image
// already stays one.
func newPacked(name string, b []byte, seed uint64) ([]*torture, error) {
	p, err := policy.Parse("lax", []byte(lax))
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "torture-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if bytes.HasPrefix(b[max(0, len(b)-512):], []byte("koly")) || bytes.HasPrefix(b, []byte("encrcdsa")) {
		t := packedTorture(filepath.Base(name), b, p, seed)
		if t.verdict.programs+t.verdict.packages+len(t.verdict.rules) == 0 {
			return nil, errors.New("nothing that a change could hide")
		}
		return []*torture{t}, nil
	}
	files := archivetest.Files{"bin/tool": string(b), "share/notes": "no code", "bin/link": "-> tool"}
	archives := map[string][]byte{"ar": archivetest.Ar(archivetest.Files{"tool": string(b)})}
	for _, f := range archivetest.Formats {
		archives[f.Name] = f.Pack(files)
	}
	for _, s := range archivetest.Streams {
		archives[s.Name] = s.Pack(b)
	}
	archives["package"] = archivetest.Package(files, nil)
	archives["dmg (HFS+)"] = imagetest.UDIF{Size: 64 << 10}.Write(imagetest.HFSDisk(files))
	archives["dmg (APFS)"] = imagetest.UDIF{Size: 64 << 10}.Write(imagetest.APFSDisk(files))
	var list []*torture
	for _, format := range slices.Sorted(maps.Keys(archives)) {
		t := packedTorture(filepath.Base(name)+" in "+format, archives[format], p, seed)
		if len(t.verdict.claims) == 0 {
			return nil, fmt.Errorf("%s: claims nothing that a change could hide", format)
		}
		list = append(list, t)
	}
	return list, nil
}

func packedTorture(name string, packed []byte, p *policy.Policy, seed uint64) *torture {
	t := &torture{name: name, original: packed, policy: p, random: rand.New(rand.NewPCG(seed, 3))}
	t.judge = t.judgeFile
	t.parts = partsOf(packed)
	t.verdict = t.judge(packed)
	return t
}

// partsOf are the beginning and the end of an archive, where most of what describes it
// is, and all of it.
func partsOf(packed []byte) []part {
	const edge = 2048
	size := uint64(len(packed))
	n := min(edge, size)
	return []part{
		{"edges", []macho.Range{{Offset: 0, Size: n}, {Offset: size - n, Size: n}}},
		{"contents", []macho.Range{{Offset: 0, Size: size}}},
	}
}

// judgeFile judges a file as the command line does, from what it finds in it.
func (t *torture) judgeFile(b []byte) verdict {
	f, err := os.CreateTemp("", "torture-")
	if err != nil {
		panic(err)
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(b); err != nil {
		panic(err)
	}
	f.Close()
	found, err := scan.Run(context.Background(), []string{f.Name()}, scan.Options{Depth: scan.Full, Now: time.Now(), Evidence: true})
	if err != nil {
		panic(err)
	}
	v := verdict{claims: entitlement.Set{}, packages: len(found.Packages)}
	for _, b := range found.Binaries {
		for _, s := range b.Slices {
			if s.Signature != nil {
				v.claims = entitlement.Union(v.claims, s.Signature.Claims.Set)
			}
			if s.Err == nil && s.TypeName() == "execute" {
				v.programs++
			}
		}
	}
	report := check.Evaluate(check.Input{
		Policy: t.policy, Stage: &t.policy.Stages[0],
		Binaries: found.Binaries, Unread: found.Unread, Remarks: found.Remarks, Empty: found.Empty,
	})
	for _, found := range report.Findings {
		v.add(found, filepath.ToSlash(f.Name()))
	}
	return v
}
