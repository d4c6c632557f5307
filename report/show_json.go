package report

import (
	"encoding/hex"
	"io"
	"maps"
	"slices"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
)

// ShowSchema names the format of [ShowJSON]; schema/show.v1.schema.json describes it. A
// field may be added to it; none is taken away or changes its meaning.
const ShowSchema = "codewarrant.show/1"

// ShowJSON writes what packages and binaries are signed with, for programs. version is
// that of the program. What it shares with [JSON] has the same names.
func ShowJSON(w io.Writer, packages []check.Package, binaries []check.Binary, version string) error {
	return writeJSON(w, showReport{ShowSchema, tool{"codewarrant", version}},
		listOf("packages", packages, packageJSON),
		listOf("binaries", binaries, showJSON),
	)
}

// showReport is what stands before the lists.
type showReport struct {
	Schema string `json:"schema"`
	Tool   tool   `json:"tool"`
}

func showJSON(b check.Binary) showBinary {
	shown := showBinary{jsonFile: fileJSON(b), Slices: []showSlice{}}
	if p := b.Provisioning; p != nil && p.Profile != nil {
		shown.Authorizes = p.Profile.Entitlements
	}
	for _, s := range b.Slices {
		slice := showSlice{jsonImage: imageJSON(s)}
		slice.Offset, slice.Size = s.Range.Offset, s.Range.Size
		if s.Signature != nil {
			slice.Signature = showSigned(s.Signature)
		}
		slice.Evidence = showCode(s.Code)
		shown.Slices = append(shown.Slices, slice)
	}
	return shown
}

type showBinary struct {
	jsonFile
	Authorizes entitlement.Set `json:"profile_entitlements,omitempty"`
	Slices     []showSlice     `json:"slices"`
}

type showSlice struct {
	jsonImage
	Offset    uint64         `json:"offset"`
	Size      uint64         `json:"size"`
	Signature *showSignature `json:"signature,omitempty"`
	Evidence  *showEvidence  `json:"evidence,omitempty"`
}

type showSignature struct {
	jsonSignature
	CMSSize         int               `json:"cms_size"`
	CodeDirectories []showDirectory   `json:"code_directories"`
	Blobs           []showBlob        `json:"blobs"`
	XML             *showXML          `json:"xml,omitempty"`
	DER             *showDER          `json:"der,omitempty"`
	Requirements    []showRequirement `json:"requirements"`
	Constraints     []showConstraint  `json:"constraints"`
	Differ          []string          `json:"differ"`
	Entitlements    []showClaim       `json:"entitlements"`
}

type showDirectory struct {
	Slot           uint32     `json:"slot"`
	Version        uint32     `json:"version"`
	HashType       string     `json:"hash_type"`
	CDHash         string     `json:"cdhash"`
	PageSize       uint32     `json:"page_size"`
	CodeLimit      uint64     `json:"code_limit"`
	CodeSlots      uint32     `json:"code_slots"`
	Identifier     string     `json:"identifier"`
	TeamID         string     `json:"team_id,omitempty"`
	Flags          jsonFlags  `json:"flags"`
	ExecSegFlags   uint64     `json:"exec_seg_flags"`
	RuntimeVersion string     `json:"runtime_version,omitempty"`
	SpecialSlots   []showSlot `json:"special_slots"`
}

type showRequirement struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// showConstraint is a launch or library constraint, as a tree.
type showConstraint struct {
	Slot  uint32          `json:"slot"`
	Name  string          `json:"name"`
	Value entitlement.Set `json:"value"`
}

type showSlot struct {
	Slot uint32 `json:"slot"`
	Name string `json:"name"`
	Hash string `json:"hash"`
}

type showBlob struct {
	Slot   uint32 `json:"slot"`
	Name   string `json:"name"`
	Magic  uint32 `json:"magic"`
	Offset uint32 `json:"offset"`
	Size   uint32 `json:"size"`
}

type showXML struct {
	Class string   `json:"class"`
	Notes []string `json:"notes"`
}

type showDER struct {
	Form  string `json:"form"`
	Error string `json:"error,omitempty"`
}

type showClaim struct {
	Key    string            `json:"key"`
	Value  entitlement.Value `json:"value"`
	Kind   string            `json:"kind"`
	Grants bool              `json:"grants"`
	Title  string            `json:"title,omitempty"`
	Risk   string            `json:"risk,omitempty"`
}

func showSigned(s *codesign.Signature) *showSignature {
	out := &showSignature{
		jsonSignature: signatureJSON(s), CMSSize: s.CMSSize,
		CodeDirectories: []showDirectory{}, Blobs: []showBlob{},
		Requirements: []showRequirement{}, Constraints: []showConstraint{},
		Differ: list(s.Claims.Differ()), Entitlements: claimed(s.Claims.Set),
	}
	for i := range s.Directories {
		d := &s.Directories[i]
		out.CodeDirectories = append(out.CodeDirectories, showDirectory{
			Slot: d.Slot, Version: d.Version, HashType: d.HashType.String(), CDHash: d.CDHash, PageSize: d.PageSize,
			CodeLimit: d.CodeLimit, CodeSlots: d.CodeSlots, Identifier: d.Identifier, TeamID: d.TeamID,
			Flags: flagsJSON(d.Flags), ExecSegFlags: d.ExecSegFlags, RuntimeVersion: d.Runtime, SpecialSlots: boundSlots(d),
		})
	}
	for _, b := range s.Blobs {
		out.Blobs = append(out.Blobs, showBlob{b.Slot, codesign.SlotName(b.Slot), b.Magic, b.Offset, b.Size})
	}
	for _, r := range s.Requirements {
		out.Requirements = append(out.Requirements, showRequirement{r.Type, r.Text})
	}
	for _, slot := range slices.Sorted(maps.Keys(s.Constraints)) {
		out.Constraints = append(out.Constraints, showConstraint{slot, codesign.SlotName(slot), s.Constraints[slot]})
	}
	if x := s.Claims.XML; x != nil {
		out.XML = &showXML{x.Class.String(), []string{}}
		for _, n := range x.Notes {
			out.XML.Notes = append(out.XML.Notes, n.Text)
		}
	}
	if d := s.Claims.DER; d != nil {
		out.DER = &showDER{Form: d.Form.String()}
		if d.Err != nil {
			out.DER.Error = d.Err.Error()
		}
	}
	return out
}

// claimed returns the claims with what is known of them, by key.
func claimed(set entitlement.Set) []showClaim {
	out := []showClaim{}
	for _, key := range set.Keys() {
		c := showClaim{Key: key, Value: set[key], Kind: set[key].Kind.String(), Grants: set[key].Grants()}
		if k, ok := entitlement.Lookup(key); ok {
			c.Title, c.Risk = k.Title, k.Risk.String()
		}
		out = append(out, c)
	}
	return out
}

// boundSlots returns the special slots that a CodeDirectory has hashes for.
func boundSlots(d *codesign.Directory) []showSlot {
	out := []showSlot{}
	for n := range uint32(len(d.SpecialHashes)) {
		if hash := d.Special(n + 1); hash != nil {
			out = append(out, showSlot{n + 1, codesign.SlotName(n + 1), hex.EncodeToString(hash)})
		}
	}
	return out
}
