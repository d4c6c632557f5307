//go:build corpus

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	gomacho "github.com/blacktop/go-macho"
	"github.com/blacktop/go-macho/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/macho"
)

// each calls do for every Mach-O file of the corpus, in the order of the names.
func (c corpus) each(t *testing.T, do func(t *testing.T, pkg, path string, r *os.File, f *macho.File)) {
	t.Helper()
	for _, p := range c.packages {
		root := c.folder(p)
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			r, err := os.Open(name)
			if err != nil {
				return err
			}
			defer r.Close()
			info, err := r.Stat()
			if err != nil {
				return err
			}
			f, err := macho.Read(r, info.Size())
			if errors.Is(err, macho.ErrNotMachO) {
				return nil
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return nil
			}
			path, err := filepath.Rel(root, name)
			if err == nil {
				do(t, p.Spec(), filepath.ToSlash(path), r, f)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEverySliceAgreesWithTheTruth(t *testing.T) {
	c := open(t)
	got := map[key]truth{}
	c.each(t, func(t *testing.T, pkg, path string, r *os.File, f *macho.File) {
		h := sha256.New()
		size, err := io.Copy(h, r)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range f.Slices {
			line, err := read(r, f, s)
			if err != nil {
				t.Errorf("%s: %s (%s): %v", pkg, path, s.Arch, err)
			}
			line.Package, line.Path, line.Index = pkg, path, i
			line.Size, line.SHA256 = size, hex.EncodeToString(h.Sum(nil))
			got[line.key()] = line
		}
	})
	beside := cmpopts.IgnoreFields(truth{}, "SpecialSlotsOK", "PageHashes") // need the files; see TestCheckOfEverything
	agree := 0
	for k, want := range c.truth {
		line, ok := got[k]
		switch diff := cmp.Diff(want, line, beside); {
		case !ok:
			t.Errorf("%v was not found", k)
		case diff != "":
			t.Errorf("%v (-truth +read):\n%s", k, diff)
		default:
			agree++
		}
	}
	for k := range got {
		if _, ok := c.truth[k]; !ok {
			t.Errorf("%v is not in the truth", k)
		}
	}
	t.Logf("%d of %d slices agree, %d packages", agree, len(c.truth), len(c.packages))
}

// read reads one slice into the fields of the truth.
func read(r io.ReaderAt, f *macho.File, s macho.Slice) (truth, error) {
	line := truth{
		Container: "thin", Arch: s.Arch, FileType: s.TypeName(), Signing: "unsigned",
		Anomalies: append(f.Anomalies, s.Anomalies...),
	}
	if f.Fat {
		line.Container = "fat"
	}
	if s.Err != nil {
		return line, s.Err
	}
	if len(s.Builds) > 0 {
		line.Platform, line.MinOS, line.SDK = s.Builds[0].Platform, s.Builds[0].MinOS, s.Builds[0].SDK
	}
	if s.Signature == nil {
		return line, nil
	}
	sig, err := codesign.Read(r, s)
	if err != nil {
		return line, err
	}
	cd := sig.Directory()
	line.Signing, line.CMSLength = sig.Signing(), sig.CMSSize
	for _, p := range sig.Problems {
		if p.Kind != codesign.Unusual { // those that are, TestCheckOfEverything names
			line.Problems = append(line.Problems, p)
		}
	}
	line.Identifier, line.TeamID, line.CDHash = cd.Identifier, cd.TeamID, cd.CDHash
	line.Flags, line.RuntimeVersion = fmt.Sprintf("%#x", uint32(cd.Flags)), cd.Runtime
	for _, d := range sig.Directories {
		line.CDVersions = append(line.CDVersions, fmt.Sprintf("%#x", d.Version))
		line.HashTypes = append(line.HashTypes, d.HashType.String())
	}
	return line, line.claims(sig.Claims)
}

// claims fills in the fields about entitlements.
func (t *truth) claims(c entitlement.Claims) error {
	if t.HasXML = c.XML != nil; t.HasXML {
		t.XMLClass = c.XML.Class
	}
	if t.HasDER = c.DER != nil; t.HasDER {
		if c.DER.Err != nil {
			return c.DER.Err
		}
		t.DERForm = c.DER.Form.String()
	}
	t.DEREqualsXML = t.HasXML && t.HasDER && len(c.Differ()) == 0 && c.XML.Set.Equal(c.DER.Set)
	if !t.HasXML && !t.HasDER {
		return nil
	}
	b, err := json.Marshal(c.Set)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, &t.Entitlements)
}

// A second opinion from another reader. go-macho trusts what it reads, so it is
// asked about genuine code only.
func TestGoMachoAgrees(t *testing.T) {
	type directory struct{ Identifier, TeamID, CDHash string }
	agree := 0
	open(t).each(t, func(t *testing.T, pkg, path string, r *os.File, f *macho.File) {
		for _, s := range f.Slices {
			if s.Signature == nil {
				continue
			}
			ours, err := codesign.Read(r, s)
			if err != nil {
				t.Errorf("%s: %s (%s): %v", pkg, path, s.Arch, err)
				continue
			}
			theirs, err := gomacho.NewFile(io.NewSectionReader(r, int64(s.Range.Offset), int64(s.Range.Size)),
				gomacho.FileConfig{LoadIncluding: []types.LoadCmd{types.LC_CODE_SIGNATURE}})
			if err != nil {
				t.Errorf("%s: %s (%s): go-macho: %v", pkg, path, s.Arch, err)
				continue
			}
			var got, want []directory
			for _, d := range ours.Directories {
				got = append(got, directory{d.Identifier, d.TeamID, d.CDHash})
			}
			for _, d := range theirs.CodeSignature().CodeDirectories {
				// The whole hash; a cdhash is its first 20 bytes (CS_CDHASH_LEN in cs_blobs.h).
				want = append(want, directory{d.ID, d.TeamID, d.CDHash[:40]})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s (%s) (-go-macho +read):\n%s", pkg, path, s.Arch, diff)
				continue
			}
			agree++
		}
	})
	if agree == 0 {
		t.Error("no signed slice was found")
	}
	t.Logf("%d signed slices agree", agree)
}
