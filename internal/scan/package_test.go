package scan

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/codesign"
	at "github.com/codewarrant/codewarrant/internal/archivetest"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

// signatures sign a package as productsign does: by a CMS with a timestamp of 2023, and by
// RSA.
func signatures(pki machotest.InstallerPKI, by *machotest.Identity) *at.Signatures {
	cms := machotest.CMS{Signer: by, Timestamp: &machotest.Timestamp{Signer: pki.Timestamps, Time: time.Date(2023, 6, 1, 0, 0, 0, 0, time.UTC)}}
	return &at.Signatures{
		SHA256: true, Padding: 64, CMS: cms.Detached, RSA: by.SignSum,
		CMSCertificates: by.Chain(), RSACertificates: by.Chain(),
	}
}

// stapled puts a ticket behind a package, as stapler does when length is its own.
func stapled(pkg []byte, ticket string, length uint32) []byte {
	b := append(bytes.Clone(pkg), "t8lr\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"+ticket+"t8lr\x01\x00\x02\x00"...)
	return append(binary.LittleEndian.AppendUint32(b, length), 0, 0, 0, 0)
}

// noise is text that packs badly.
func noise(n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return hex.EncodeToString(b)
}

// walked is what is told of a package: its own line, and those of what is in it.
func walked(t *testing.T, pki machotest.InstallerPKI, pkg []byte) (list []string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "Acme.pkg")
	if err := os.WriteFile(file, pkg, 0o600); err != nil {
		t.Fatal(err)
	}
	v := codesign.NewVerifier(codesign.NewAnchors(pki.Root.Certificate), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	var r Result
	for item, problem := range artifact.Walk(t.Context(), file) {
		found := Result{}
		if problem != nil {
			found = problemOf(problem)
		} else {
			found = (&walk{}).job(item).read(t.Context(), view{verifier: v}).found
		}
		r.Packages = append(r.Packages, found.Packages...)
		r.Binaries = append(r.Binaries, found.Binaries...)
		r.Remarks = append(r.Remarks, found.Remarks...)
		r.Unread = append(r.Unread, found.Unread...)
	}
	short := func(path string) string { return strings.TrimPrefix(path, filepath.ToSlash(dir)+"/") }
	for _, p := range r.Packages {
		line := short(p.Path) + ": "
		switch a := p.Authentication; {
		case !p.Signed:
			line += "not signed"
		case p.Authenticated():
			line += fmt.Sprintf("%s of %s", a.Kind, a.TeamID)
		default:
			var kinds []string
			for _, problem := range a.Problems {
				if problem.Kind != codesign.Unusual {
					kinds = append(kinds, string(problem.Kind))
				}
			}
			line += strings.Join(kinds, ", ")
		}
		if p.Uncovered != nil {
			line += fmt.Sprintf(", not covered %q", p.Uncovered)
		}
		list = append(list, line)
	}
	for _, b := range r.Binaries {
		list = append(list, short(b.Paths[0]))
	}
	for _, m := range r.Remarks {
		list = append(list, m.Rule+" "+short(m.Path))
	}
	for _, u := range r.Unread {
		list = append(list, "unread "+short(u.Path)+": "+u.Err.Error())
	}
	return list
}

func TestPackagesAreHeldAgainstTheirSignatures(t *testing.T) {
	pki, other := machotest.NewInstallerPKI(), machotest.NewInstallerPKI()
	code := string(machotest.Binary{}.Bytes())
	files := at.Files{
		"Resources/": "", "Resources/background.png": noise(20_000),
		"PackageInfo": `<pkg-info/>`, "Bom": strings.Repeat("BOMStore, which is not looked at. ", 99),
		"Payload": string(at.Gzip(at.Cpio(at.Files{"tool": code}, false))),
		"Scripts": string(at.Gzip(at.Cpio(at.Files{"postinstall": "#!/bin/sh\nexit 0\n", "readme": "text", "tool": code}, false))),
	}
	inside := []string{"Acme.pkg/Payload/tool", "Acme.pkg/Scripts/tool", "installer-script Acme.pkg/Scripts/postinstall"}
	const valid = "Acme.pkg: developer-id-installer of TEAM123456"
	sign := func(change func(*at.Signatures)) []byte {
		s := signatures(pki, pki.Installer)
		change(s)
		return at.Xar(files, s)
	}
	unstamped := func(by *machotest.Identity) []byte {
		s := signatures(pki, by)
		s.CMS = machotest.CMS{Signer: by}.Detached
		return at.Xar(files, s)
	}
	signed := at.Xar(files, signatures(pki, pki.Installer))
	changed := func(name string) []byte {
		packed := []byte(files[name])
		if !bytes.Contains(signed, packed) {
			var b bytes.Buffer
			w := zlib.NewWriter(&b)
			w.Write(packed)
			w.Close()
			packed = b.Bytes()
		}
		i := bytes.Index(signed, packed)
		if i < 0 {
			t.Fatalf("no %s in the package", name)
		}
		b := bytes.Clone(signed)
		b[i+len(packed)-1] ^= 1
		return b
	}
	checksum := bytes.Clone(signed)
	checksum[36+binary.BigEndian.Uint64(checksum[8:])] ^= 1
	for _, row := range []struct {
		name string
		pkg  []byte
		want []string
	}{
		{"as productsign signs it", signed, append([]string{valid}, inside...)},
		{"by a SHA-1 checksum", sign(func(s *at.Signatures) { s.SHA256 = false }), append([]string{valid}, inside...)},
		{"not signed", at.Xar(files, nil), append([]string{"Acme.pkg: not signed"}, inside...)},
		{"by a certificate that has expired since the timestamp", at.Xar(files, signatures(pki, pki.Expired)), append([]string{valid}, inside...)},
		{"by one that has expired, without a timestamp", unstamped(pki.Expired), append([]string{"Acme.pkg: expired"}, inside...)},
		{"by one that is valid, without a timestamp", unstamped(pki.Installer), append([]string{valid}, inside...)},
		{"by somebody whom nobody trusts", at.Xar(files, signatures(pki, other.Installer)), append([]string{"Acme.pkg: untrusted-chain"}, inside...)},
		{"by a certificate for applications", at.Xar(files, signatures(pki, pki.Application)), append([]string{"Acme.pkg: unknown-signer"}, inside...)},
		{"by the CMS of another package", sign(func(s *at.Signatures) {
			cms := machotest.CMS{Signer: pki.Installer}
			s.RSA, s.CMS = nil, func([]byte) []byte { return cms.Detached([]byte("the checksum of another")) }
		}), append([]string{"Acme.pkg: other-content"}, inside...)},
		{"by two", sign(func(s *at.Signatures) {
			s.RSA, s.RSACertificates = pki.Expired.SignSum, pki.Expired.Chain()
		}), append([]string{"Acme.pkg: other-signer"}, inside...)},
		{"with the name of another in its table", sign(func(s *at.Signatures) { s.CMSCertificates = pki.Expired.Chain() }), append([]string{"Acme.pkg: other-signer"}, inside...)},
		{"with another checksum of the table", checksum, []string{
			inside[0], inside[1],
			"unread Acme.pkg: xar: the table of contents does not have the checksum that the archive says",
			"unread Acme.pkg: the table of contents does not have the checksum that the archive says",
		}}, // and what is in it is of no package
		{"with a payload that was changed", changed("Payload"), []string{
			valid, inside[1], inside[2], "unread Acme.pkg/Payload: the sha1 of the packed contents is another than the archive says",
		}},
		{"with scripts that were changed", changed("Scripts"), []string{
			valid, inside[0], "unread Acme.pkg/Scripts: the sha1 of the packed contents is another than the archive says",
		}},
		{"with a list of files that was changed", changed("Bom"), append(append([]string{valid}, inside...),
			"unread Acme.pkg/Bom: zlib: invalid checksum")},
		{"with a large file changed that nothing is read of", changed("Resources/background.png"), append(append([]string{valid}, inside...),
			"unread Acme.pkg/Resources/background.png: zlib: invalid checksum")},
		{"with bytes behind its end", append(bytes.Clone(signed), "text"...), append([]string{
			fmt.Sprintf("%s, not covered [\"the 4 bytes behind its end at %d\"]", valid, len(signed)),
		}, inside...)},
		{"with a notarization ticket", stapled(signed, "s8ch and so on", 14), append([]string{valid}, inside...)},
		{"with bytes before a notarization ticket", stapled(signed, "s8ch and so on", 9), append([]string{
			fmt.Sprintf("%s, not covered [\"the 46 bytes behind its end at %d\"]", valid, len(signed)),
		}, inside...)},
		{"with scripts of other names", at.Xar(at.Files{
			"PackageInfo": `<pkg-info><scripts><preinstall file="./preinstall"/><postinstall file="./bin/configure"/></scripts></pkg-info>`,
			"Scripts":     string(at.Gzip(at.Cpio(at.Files{"bin/configure": "#!/bin/sh\nexit 0\n", "preinstall": "", "readme": "text"}, false))),
		}, nil), []string{
			"Acme.pkg: not signed", "installer-script Acme.pkg/PackageInfo",
			"installer-script Acme.pkg/Scripts/bin/configure", "installer-script Acme.pkg/Scripts/preinstall",
		}},
		{"with JavaScript", at.Xar(at.Files{
			"Distribution": `<installer-gui-script><options allow-external-scripts="yes"/><installation-check script="check()"/></installer-gui-script>`,
		}, nil), []string{"Acme.pkg: not signed", "installer-script Acme.pkg/Distribution", "installer-script Acme.pkg/Distribution"}},
		{"without any", at.Xar(at.Files{
			"Distribution": `<installer-gui-script><title>Acme (2)</title><options customize="never" allow-external-scripts="no"/><choice id="a" title="Acme (2)" visible="false"/></installer-gui-script>`,
		}, nil), []string{"Acme.pkg: not signed"}},
		{"with a package from elsewhere", at.Xar(at.Files{
			"Distribution": `<installer-gui-script><pkg-ref id="a">https://example.com/evil.pkg</pkg-ref><pkg-ref id="b"> #b.pkg </pkg-ref><choice id="c"><pkg-ref id="a"/></choice></installer-gui-script>`,
		}, nil), []string{"Acme.pkg: not signed", "installer-script Acme.pkg/Distribution"}},
		{"that makes no sense", at.Xar(at.Files{"Distribution": "<installer-gui-script>"}, nil), []string{
			"Acme.pkg: not signed", "unread Acme.pkg/Distribution: XML syntax error on line 1: unexpected EOF",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := walked(t, pki, row.pkg)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
