//go:build corpus

package main

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/scan"
)

// label is a line of testdata/evidence/labels.tsv, which comes from the source of the
// programs.
type label struct{ pkg, path, arch, fact, label, source string }

func labels(t *testing.T) []label {
	t.Helper()
	f, err := os.Open("../../testdata/evidence/labels.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, 6
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []label
	for _, row := range rows[1:] {
		list = append(list, label{row[0], row[1], row[2], row[3], row[4], row[5]})
	}
	return list
}

// keys are the entitlements by which the facts of the labels are weighed.
var keys = map[string]string{
	"map-jit":           "com.apple.security.cs.allow-jit",
	"unsigned-memory":   "com.apple.security.cs.allow-unsigned-executable-memory",
	"page-protection":   "com.apple.security.cs.disable-executable-page-protection",
	"foreign-libraries": "com.apple.security.cs.disable-library-validation",
	"dyld-environment":  "com.apple.security.cs.allow-dyld-environment-variables",
	"debugger":          "com.apple.security.cs.debugger",
}

// causes says why evidence of some programs is not what the labels say: of what a program
// does nothing is found, or more than consistent of what it does not do.
var causes = map[string]string{
	"detox-recorder@1.0.151 package/DetoxRecorderCLI x86_64 dyld-environment": "a string of Swift with SIMCTL_CHILD_ before the name, for a program of the simulator",
	"detox-recorder@1.0.151 package/DetoxRecorderCLI arm64 dyld-environment":  "a string of Swift with SIMCTL_CHILD_ before the name, for a program of the simulator",
}

// TestEvidenceAgreesWithTheLabels compares what the code of the corpus says with what its
// source does. Nothing is proven that is not so; whatever else differs is in causes.
func TestEvidenceAgreesWithTheLabels(t *testing.T) {
	c := open(t)
	var paths []string
	for _, p := range c.packages {
		paths = append(paths, c.folder(p))
	}
	r, err := scan.Run(t.Context(), paths, scan.Options{Depth: scan.Full, Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Evidence: true})
	if err != nil {
		t.Fatal(err)
	}
	type slice struct{ pkg, path, arch string }
	processes := map[slice]evidence.Process{}
	for _, b := range r.Binaries {
		for _, s := range b.Slices {
			pkg, path := c.split(t, b.Paths[0])
			processes[slice{pkg, path, s.Arch}] = evidence.Process{Images: []evidence.Image{{Path: path, Code: s.Code}}}
		}
	}
	for p := range check.Programs(r.Binaries) {
		pkg, path := c.split(t, p.Binary.Paths[0])
		processes[slice{pkg, path, p.Slice.Arch}] = p.Process
	}
	count := map[string]int{}
	met := map[string]bool{}
	for _, l := range labels(t) {
		key, ok := keys[l.fact]
		p, there := processes[slice{l.pkg, l.path, l.arch}]
		if !ok || !there {
			continue
		}
		a, _ := evidence.Weigh(p, key)
		count[l.label+" "+string(a.Strength)]++
		name := strings.Join([]string{l.pkg, l.path, l.arch, l.fact}, " ")
		switch {
		case l.label == "no" && a.Strength == evidence.Proves:
			t.Errorf("%s is proven, and is not so: %s\n%+v", name, l.source, a.Items)
		case l.label == "yes" && a.Strength == evidence.None, l.label == "no" && a.Strength == evidence.Suggests:
			met[name] = true
			if causes[name] == "" {
				t.Errorf("%s: %s, labelled %s: %s\n%+v\n%+v", name, a.Strength, l.label, l.source, a.Items, a.Gaps)
			} else {
				t.Logf("%s: %s, labelled %s: %s", name, a.Strength, l.label, causes[name])
			}
		}
	}
	for name := range causes {
		if !met[name] {
			t.Errorf("%s has a cause, and agrees", name)
		}
	}
	for _, s := range []string{"yes", "no", "unknown"} {
		for _, strength := range evidence.Strengths() {
			t.Logf("%4d labelled %-7s %s", count[s+" "+string(strength)], s, strength)
		}
	}
}
