package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/macho"
)

// ShowText writes what packages and binaries are signed with, as pkgutil
// --check-signature and codesign -d do, for people to read.
func ShowText(w io.Writer, packages []check.Package, binaries []check.Binary, o TextOptions) error {
	t := newText(w, o)
	for i, p := range packages {
		if i > 0 {
			t.line("")
		}
		t.showPackage(p)
	}
	for i, b := range binaries {
		if i+len(packages) > 0 {
			t.line("")
		}
		t.showFile(b)
	}
	return t.w.Flush()
}

func (t *text) showFile(b check.Binary) {
	for _, p := range b.Paths {
		t.line("%s", t.bold(sanitise.Text(p)))
	}
	format := "thin Mach-O"
	if b.Fat {
		format = "fat Mach-O, " + plural(len(b.Slices), "slice")
	}
	t.field("Format", fmt.Sprintf("%s, %d bytes", format, b.Size))
	if b.Bundle != nil {
		role := ""
		if b.Main {
			role = ", of which this is the main executable"
		}
		t.field("Bundle", fmt.Sprintf("%s %s, version %s (%s)%s",
			b.Bundle.Kind, b.Bundle.Identifier, cmp.Or(b.Bundle.ShortVersion, "none"), cmp.Or(b.Bundle.Version, "none"), role))
		t.field("", b.Bundle.Path)
	}
	if stapled := ticket(b); stapled != nil {
		t.field("Ticket", map[bool]string{true: "stapled", false: "none stapled"}[*stapled])
	}
	t.showProfile(b.Provisioning)
	t.anomalies(b.Anomalies)
	for _, s := range b.Slices {
		t.line("")
		t.line("  %s", t.bold(sanitise.Text(s.Arch)))
		t.showSlice(s)
	}
}

// field writes a name and a value, or one more value under the same name.
func (t *text) field(name, value string) {
	const column = 14 // of "CodeDirectory:"
	if name != "" {
		name += ":"
	}
	t.prose(fmt.Sprintf("    %-*s ", column, name), strings.Repeat(" ", column+5), sanitise.Text(value))
}

func (t *text) anomalies(list []macho.Anomaly) {
	for _, a := range list {
		t.field("Anomaly", fmt.Sprintf("%s: %s", a.Kind, a.Detail))
	}
}

func (t *text) showSlice(s check.Slice) {
	if s.Err != nil {
		t.field("Not readable", s.Err.Error())
		return
	}
	t.field("Type", s.TypeName())
	for _, b := range s.Builds {
		t.field("Platform", fmt.Sprintf("%s, from %s, SDK %s", b.Platform, b.MinOS, b.SDK))
	}
	t.anomalies(s.Anomalies)
	switch {
	case s.SignatureErr != nil:
		t.field("Signature", "not readable: "+s.SignatureErr.Error())
	case s.Signature == nil:
		t.field("Signature", "none")
	default:
		t.showSignature(s)
	}
	if s.Code != nil {
		t.showCode(s.Code)
	}
}

// showCode tells what the code itself says.
func (t *text) showCode(c *evidence.Code) {
	name := "Evidence"
	tell := func(s string) {
		t.field(name, s)
		name = ""
	}
	for _, e := range c.Engines {
		tell("has " + e.String())
	}
	for _, it := range c.Items {
		s := fmt.Sprintf("%s %s: %s", it.Strength, it.Need, it.Text)
		if it.Address != 0 {
			s += fmt.Sprintf(" at %#x", it.Address)
		}
		tell(s)
	}
	for _, g := range c.Gaps {
		tell("not followed: " + g.Text)
	}
	if name != "" {
		tell("nothing found")
	}
}

func (t *text) showSignature(s check.Slice) {
	sig, d := s.Signature, s.Signature.Directory()
	t.field("Identifier", d.Identifier)
	t.field("Team", cmp.Or(d.TeamID, "none"))
	t.field("Signed", strings.TrimPrefix(signedBy(sig), "signed "))
	if a := sig.Authentication; a != nil {
		t.field("", strings.Join(a.Chain, ", "))
		for _, p := range a.Problems {
			t.field("Problem", fmt.Sprintf("%s: %s", p.Kind, p.Detail))
		}
	}
	t.field("Flags", d.Flags.String())
	if d.Runtime != "" {
		t.field("Runtime", d.Runtime)
	}
	t.field("CDHash", d.CDHash)
	for _, r := range sig.Requirements {
		t.field("Requirement", r.Type+" => "+r.Text)
	}
	for _, slot := range slices.Sorted(maps.Keys(sig.Constraints)) {
		t.field("Constraint", codesign.SlotName(slot))
		t.tree(sig.Constraints[slot], 6)
	}
	t.field("Info.plist", strings.ReplaceAll(string(s.InfoPlist), "-", " "))
	if s.Info != nil {
		t.field("", fmt.Sprintf("in the code: %s, version %s (%s)",
			cmp.Or(s.Info.Identifier, "no identifier"), cmp.Or(s.Info.ShortVersion, "none"), cmp.Or(s.Info.Version, "none")))
	}
	for i := range sig.Directories {
		t.showDirectory(&sig.Directories[i], len(sig.Directories) > 1)
	}
	for _, b := range sig.Blobs {
		t.field("Blob", fmt.Sprintf("%s, magic %#08x, %d bytes at %d", codesign.SlotName(b.Slot), b.Magic, b.Size, b.Offset))
	}
	for _, p := range sig.Problems {
		t.field("Problem", fmt.Sprintf("%s: %s", p.Kind, p.Detail))
	}
	t.showClaims(sig.Claims)
}

// tree writes a dictionary with a line for each value that is no dictionary, each
// level two columns further in.
func (t *text) tree(set entitlement.Set, indent int) {
	for _, key := range set.Keys() {
		margin := strings.Repeat(" ", indent)
		if v := set[key]; v.Kind == entitlement.Dictionary {
			t.prose(margin, margin, sanitise.Text(key+":"))
			t.tree(v.Dict, indent+2)
		} else {
			t.prose(margin, margin+"  ", sanitise.Text(key+": "+v.Text()))
		}
	}
}

// showDirectory tells of one CodeDirectory; its CDHash is told here when there
// are several.
func (t *text) showDirectory(d *codesign.Directory, several bool) {
	size := "one page"
	if d.PageSize > 0 {
		size = fmt.Sprintf("pages of %d bytes", d.PageSize)
	}
	t.field("CodeDirectory", fmt.Sprintf("slot %#x, version %#x, %s, %s", d.Slot, d.Version, d.HashType, size))
	if several {
		t.field("", "cdhash "+d.CDHash)
	}
	var bound []string
	for n := range uint32(len(d.SpecialHashes)) {
		if d.Special(n+1) != nil {
			bound = append(bound, codesign.SlotName(n+1))
		}
	}
	if bound == nil {
		bound = []string{"nothing"}
	}
	t.field("", "binds "+strings.Join(bound, ", "))
}

// showClaims tells how the claims are encoded, and each with what is known of it.
func (t *text) showClaims(c entitlement.Claims) {
	t.field("Entitlements", encodings(c))
	if differ := c.Differ(); len(differ) > 0 {
		t.field("", "XML and DER differ on "+strings.Join(differ, ", "))
	}
	for _, key := range c.Set.Keys() {
		v := c.Set[key]
		mark := "·"
		known, ok := entitlement.Lookup(key)
		if ok && v.Grants() && known.Risk >= entitlement.High {
			mark = t.red("!")
		}
		t.prose(fmt.Sprintf("      %s ", mark), "          ", sanitise.Text(key+": "+v.Text()))
		switch {
		case ok:
			t.prose("        ", "        ", sanitise.Text(fmt.Sprintf("%s (%s risk)", known.Title, known.Risk)))
		case strings.HasPrefix(key, "com.apple."):
			t.line("        not documented by Apple")
		}
	}
}

// encodings says in which forms the claims are there.
func encodings(c entitlement.Claims) string {
	var parts []string
	if c.XML != nil {
		parts = append(parts, "XML, "+c.XML.Class.String())
		for _, n := range c.XML.Notes {
			parts[0] += fmt.Sprintf(" (byte %d: %s)", n.Offset, n.Text)
		}
	}
	if c.DER != nil {
		der := "DER, form " + c.DER.Form.String()
		if c.DER.Err != nil {
			der = "DER, not valid (" + c.DER.Err.Error() + ")"
		}
		parts = append(parts, der)
	}
	switch {
	case parts == nil:
		return "none"
	case len(c.Set) == 0:
		parts = append(parts, "empty")
	case agree(c):
		parts = append(parts, "equal")
	}
	return strings.Join(parts, "; ")
}

// agree reports whether both encodings are there and say the same.
func agree(c entitlement.Claims) bool {
	return c.XML != nil && c.DER != nil && c.XML.Class != entitlement.Ambiguous && c.DER.Err == nil && len(c.Differ()) == 0
}
