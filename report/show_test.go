package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/profile"
)

// realBinary reads the signed program of testdata.
func realBinary(t *testing.T) check.Binary {
	t.Helper()
	b, err := os.ReadFile("../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	r := bytes.NewReader(b)
	file, err := macho.Read(r, r.Size())
	if err != nil {
		t.Fatal(err)
	}
	out := check.Binary{Paths: []string{"bin/pg_ctl"}, Inside: []string{"bin/pg_ctl"}, Size: r.Size(), Fat: file.Fat}
	for _, s := range file.Slices {
		sig, err := codesign.Read(r, s)
		if err != nil {
			t.Fatal(err)
		}
		out.Slices = append(out.Slices, check.Slice{Slice: s, Signature: sig, InfoPlist: sig.InfoPlist(nil)})
	}
	return out
}

// shown are the binaries by the name of their golden files.
func shown(t *testing.T) map[string][]check.Binary {
	odd := signed("arm64", "com.acme.odd", "", 2)
	odd.Signature.CMSSize = 0
	odd.Signature.Directories[0].PageSize = 0
	second := odd.Signature.Directories[0]
	second.Slot, second.HashType = 0x1000, codesign.SHA1
	odd.Signature.Directories = append(odd.Signature.Directories, second)
	odd.Signature.Claims = entitlement.ReadClaims(
		[]byte("<plist><dict><!-- > --><key>com.apple.security.cs.allow-jit</key><true/><key>com.apple.odd</key><integer>1</integer></dict></plist>"), []byte("\x70\x02\x00"))
	odd.InfoPlist = codesign.NotBound
	odd.Signature.Constraints = map[uint32]entitlement.Set{8: {
		"ccat": entitlement.Int(0), "comp": entitlement.Int(1),
		"reqs": {Kind: entitlement.Dictionary, Dict: entitlement.Set{
			"team-identifier": entitlement.Str("A1B2C3D4E5"),
			"signing-identifier": {Kind: entitlement.Dictionary, Dict: entitlement.Set{
				"$in": entitlement.List(entitlement.Str("com.acme.app"), entitlement.Str("com.acme.\x1b[2Jodd")),
			}},
		}},
	}}
	bare := check.Slice{Slice: macho.Slice{Arch: "x86_64", Type: 6}}
	var list []check.Binary
	for _, b := range acme(t).Binaries {
		list = append(list, b.Binary)
	}
	return map[string][]check.Binary{
		"show-real": {realBinary(t)},
		"show-acme": append(list, check.Binary{Paths: []string{"odd"}, Slices: []check.Slice{odd, bare}}),
		"show-hostile": {hostile(t).Binaries[0].Binary, {
			Paths: []string{evil}, Slices: []check.Slice{{Slice: macho.Slice{Err: errors.New(evil)}}},
		}},
	}
}

func TestShowGolden(t *testing.T) {
	for name, list := range shown(t) {
		t.Run(name, func(t *testing.T) {
			var pkgs []check.Package
			switch name {
			case "show-acme":
				pkgs = packages()
			case "show-hostile":
				pkgs = hostile(t).Packages
			}
			var text, js bytes.Buffer
			if err := ShowText(&text, pkgs, list, TextOptions{}); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", text.Bytes())
			for l := range strings.SplitSeq(text.String(), "\n") {
				if sanitise.Text(l) != l {
					t.Errorf("the line %q hides something", l)
				}
			}
			if err := ShowJSON(&js, pkgs, list, "1.0.0"); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".json", js.Bytes())
			if !json.Valid(js.Bytes()) || bytes.Contains(js.Bytes(), []byte(": null")) {
				t.Error("the JSON is not valid, or has a list that is null")
			}
		})
	}
}

// TestShowIsWhatItsSchemaSays holds what is shown to the schema, and the schema to that.
func TestShowIsWhatItsSchemaSays(t *testing.T) {
	odd := signed("arm64", "com.acme.odd", "", 2)
	odd.Err, odd.SignatureErr = errors.New("cut short"), errors.New("cut short")
	odd.Signature.Claims = entitlement.ReadClaims(nil, []byte("\x70\x02\x00"))
	odd.Code = &evidence.Code{
		Items:   []evidence.Item{{Need: evidence.MapJIT, Strength: evidence.Proves, Text: "calls mmap", Symbol: "mmap", Address: 16}},
		Engines: []evidence.Engine{{Name: "V8", Version: "13.6", Category: "javascript-engine", Generates: true}},
		Gaps:    []evidence.Gap{{Text: "a branch"}},
	}
	bundled := check.Binary{Paths: []string{"odd"}, Inside: []string{"odd"}, Slices: []check.Slice{odd}, Provisioning: &check.Provisioning{
		Profile: &profile.Profile{Entitlements: entitlement.Set{"com.acme.odd": entitlement.Bool(true)}},
	}}
	values := []any{asValue(t, func(w io.Writer) error { return ShowJSON(w, packages(), []check.Binary{bundled}, "1.0.0") })}
	for _, list := range shown(t) {
		values = append(values, asValue(t, func(w io.Writer) error { return ShowJSON(w, packages(), list, "1.0.0") }))
	}
	holds(t, "../schema/show.v1.schema.json", values...)
}

func TestShowReturnsTheErrorOfItsWriter(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	if err := ShowText(w, nil, shown(t)["show-acme"], TextOptions{}); err != io.ErrClosedPipe {
		t.Errorf("ShowText = %v, want %v", err, io.ErrClosedPipe)
	}
	if err := ShowJSON(w, nil, shown(t)["show-acme"], ""); err != io.ErrClosedPipe {
		t.Errorf("ShowJSON = %v, want %v", err, io.ErrClosedPipe)
	}
}
