package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListOfThePackages(t *testing.T) {
	pkgs, err := readPackages("../../" + list)
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]bool{}
	for _, p := range pkgs {
		if folders[p.Folder()] {
			t.Errorf("two packages are unpacked into %s", p.Folder())
		}
		folders[p.Folder()] = true
	}
	if all, small := len(pkgs), len(core(pkgs)); small == 0 || small == all {
		t.Errorf("%d packages, %d of them core: none are large, or all", all, small)
	}
}

func TestParsePackage(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	got, err := parsePackage("@acme/tool\t1.0.0-beta.1\t" + sum + "\tlarge")
	want := npmPackage{Name: "@acme/tool", Version: "1.0.0-beta.1", SHA256: sum, Large: true}
	if err != nil || !cmp.Equal(want, got) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if got := got.Folder(); got != "acme-tool-1.0.0-beta.1" {
		t.Errorf("folder %q", got)
	}
	for _, test := range []struct{ name, line string }{
		{"spaces for tabs", "tool 1.0.0 " + sum + " core"},
		{"no size", "tool\t1.0.0\t" + sum},
		{"an unknown size", "tool\t1.0.0\t" + sum + "\tsmall"},
		{"another hash", "tool\t1.0.0\t" + sum[:40] + "\tcore"},
		{"no hash", "tool\t1.0.0\tx\tcore"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := parsePackage(test.line); err == nil {
				t.Errorf("read as %+v", got)
			}
		})
	}
}
