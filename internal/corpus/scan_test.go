//go:build corpus

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/policy"
)

// finding is a finding about one slice.
type finding struct{ Rule, Package, Path, Arch, Entitlement string }

// The whole corpus in one run, under the preset that is the default: every slice is
// looked at, nothing is unreadable, and the findings are those that follow from
// the truth. In particular nothing else is held against code as Apple's tools left it.
func TestCheckOfEverything(t *testing.T) {
	c := open(t)
	var paths []string
	for _, p := range c.packages {
		paths = append(paths, c.folder(p))
	}
	r, err := scan.Run(t.Context(), paths, scan.Options{Depth: scan.Full, Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(scan.Result{}, scan.Result{Unread: r.Unread, Remarks: r.Remarks, Empty: r.Empty}); diff != "" {
		t.Errorf("beside the binaries (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(c.slices(), c.slicesOf(t, r.Binaries)); diff != "" {
		t.Errorf("slices (-truth +scanned):\n%s", diff)
	}
	report := check.Evaluate(input(t, r))
	got := map[finding]bool{}
	count := map[string]int{}
	for _, f := range report.Findings {
		count[f.Rule]++
		for _, path := range f.Paths {
			for _, arch := range f.Archs {
				pkg, rest := c.split(t, path)
				got[finding{f.Rule, pkg, rest, arch, f.Entitlement}] = true
			}
		}
	}
	if diff := cmp.Diff(c.findings(), got); diff != "" {
		t.Errorf("findings (-from the truth +got):\n%s", diff)
	}
	t.Logf("%d files, %d slices", len(r.Binaries), len(c.truth))
	for _, rule := range check.Rules() {
		if n := count[rule.ID]; n > 0 {
			t.Logf("%4d %s", n, rule.ID)
		}
	}
}

func input(t *testing.T, r scan.Result) check.Input {
	t.Helper()
	p, err := policy.Preset(policy.DefaultPreset)
	if err != nil {
		t.Fatal(err)
	}
	stage, err := p.Stage(policy.DefaultStage)
	if err != nil {
		t.Fatal(err)
	}
	at, err := policy.ParseDate("2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	return check.Input{
		Binaries: r.Binaries, Unread: r.Unread, Remarks: r.Remarks, Empty: r.Empty,
		Policy: p, Stage: stage, At: at,
	}
}

// split returns the package in which a path lies, and the path in it.
func (c corpus) split(t *testing.T, path string) (pkg, rest string) {
	t.Helper()
	rel, err := filepath.Rel(c.dir, path)
	if err != nil {
		t.Fatal(err)
	}
	folder, rest, _ := strings.Cut(filepath.ToSlash(rel), "/")
	i := slices.IndexFunc(c.packages, func(p npmPackage) bool { return p.Folder() == folder })
	if i < 0 {
		t.Fatalf("%s lies in no package", path)
	}
	return c.packages[i].Spec(), rest
}

// slices returns the arch of every slice of the truth.
func (c corpus) slices() map[key]string {
	archs := map[key]string{}
	for k, line := range c.truth {
		archs[k] = line.Arch
	}
	return archs
}

func (c corpus) slicesOf(t *testing.T, list []check.Binary) map[key]string {
	t.Helper()
	archs := map[key]string{}
	for _, b := range list {
		for _, path := range b.Paths {
			for i, s := range b.Slices {
				pkg, rest := c.split(t, path)
				archs[key{pkg, rest, i}] = s.Arch
			}
		}
	}
	return archs
}

// findings returns what the truth gives cause for under the preset.
func (c corpus) findings() map[finding]bool {
	all := map[finding]bool{}
	for k, line := range c.truth {
		add := func(rule, entitlement string) {
			all[finding{rule, line.Package, line.Path, line.Arch, entitlement}] = true
		}
		if line.Signing == "unsigned" {
			add(check.RuleUnsigned, "")
		} else if line.FileType == "execute" && line.Flags != "0x10000" {
			add(check.RuleNoHardenedRuntime, "")
		}
		if line.SpecialSlotsOK != nil && !*line.SpecialSlotsOK {
			// One, the x86_64 slice of NodeMobile for the simulator: the slices were
			// signed in two builds, and the Info.plist is that of the other one.
			add(check.RuleSlotMismatch, "")
		}
		for _, result := range line.PageHashes {
			// bun changes the last page of what it compiles, and somebody changed the
			// first page of libosxfuse.
			if result != "ok" {
				add(check.RuleModifiedCode, "")
			}
		}
		if unusual[line.Package] {
			add(check.RuleUnusualSignature, "")
		}
		if line.XMLClass == entitlement.Sloppy {
			add(check.RuleSloppyEntitlements, "")
		}
		if c.differs(k) {
			add(check.RuleSlicesDiffer, "")
		}
		for name := range line.Entitlements {
			if strings.HasPrefix(name, "com.apple.security.cs.") {
				add(check.RuleUnapproved, name)
			}
			if name == "com.apple.security.get-task-allow" {
				add(check.RuleDenied, name)
			}
		}
		if widest := line.widest(); widest != "" {
			add(check.RuleRedundant, widest)
		}
	}
	return all
}

// unusual are the packages whose one program is signed in a way that is harmless
// and worth a note.
var unusual = map[string]bool{
	// Bytes that are not zero behind the SuperBlob.
	"@oven/bun-darwin-aarch64@1.4.4":                 true,
	"@anthropic-ai/claude-code-darwin-arm64@2.1.328": true,
	// Signed ad hoc anew, with the designated requirement of the Developer ID before.
	"@pnpm/macos-arm64@10.32.1": true,
}

// differs reports whether another slice of the file is signed where this one is
// not, or claims something else.
func (c corpus) differs(k key) bool {
	line := c.truth[k]
	for o, other := range c.truth {
		if o.pkg == k.pkg && o.path == k.path &&
			((line.Signing == "unsigned") != (other.Signing == "unsigned") || !cmp.Equal(line.Entitlements, other.Entitlements)) {
			return true
		}
	}
	return false
}

// widest returns which of the entitlements that include one another is claimed
// beside a narrower one.
func (t truth) widest() string {
	var claimed []string
	for _, name := range []string{
		"com.apple.security.cs.disable-executable-page-protection",
		"com.apple.security.cs.allow-unsigned-executable-memory",
		"com.apple.security.cs.allow-jit",
	} {
		if t.Entitlements[name] == true {
			claimed = append(claimed, name)
		}
	}
	if len(claimed) < 2 {
		return ""
	}
	return claimed[0]
}
