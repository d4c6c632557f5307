package scan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/profile"
)

// profileOf is a profile of that name, signed by the tests' own authority.
func profileOf(pki machotest.ProfilePKI, name string) []byte {
	return machotest.CMS{Signer: pki.Mac}.Wrap(machotest.XML(
		"Name", name, "ExpirationDate", time.Date(2043, 1, 1, 0, 0, 0, 0, time.UTC),
		"TeamIdentifier", []any{"TEAM123456"}, "Entitlements", map[string]any{},
	))
}

func TestEachBundleHasItsOwnProfile(t *testing.T) {
	pki := machotest.NewProfilePKI()
	mac := machotest.Binary{Signature: &machotest.Signature{}}
	phone, driver, library := mac, mac, mac
	phone.Platform, driver.Platform, library.FileType = machotest.PlatformIOS, 10, machotest.MHDylib
	info := func(name string) []byte {
		return machotest.XML("CFBundleExecutable", name, "CFBundleIdentifier", "com.acme")
	}
	files := map[string][]byte{
		"A.app/Contents/Info.plist":                                         info("A"),
		"A.app/Contents/MacOS/A":                                            mac.Bytes(),
		"A.app/Contents/MacOS/tool":                                         mac.Bytes(),
		"A.app/Contents/Frameworks/lib.dylib":                               library.Bytes(),
		"A.app/Contents/embedded.provisionprofile":                          profileOf(pki, "app"),
		"A.app/Contents/XPCServices/X.xpc/Contents/Info.plist":              info("X"),
		"A.app/Contents/XPCServices/X.xpc/Contents/MacOS/X":                 mac.Bytes(),
		"A.app/Contents/XPCServices/X.xpc/embedded.provisionprofile":        profileOf(pki, "where nobody looks"),
		"A.app/Contents/PlugIns/P.appex/Contents/Info.plist":                info("P"),
		"A.app/Contents/PlugIns/P.appex/Contents/MacOS/P":                   mac.Bytes(),
		"A.app/Contents/PlugIns/P.appex/Contents/embedded.provisionprofile": profileOf(pki, "extension"),
		"D.dext/Info.plist":                                                 info("D"),
		"D.dext/D":                                                          driver.Bytes(),
		"D.dext/embedded.provisionprofile":                                  profileOf(pki, "driver"),
		"I.app/Info.plist":                                                  info("I"),
		"I.app/I":                                                           phone.Bytes(),
		"I.app/embedded.mobileprovision":                                    profileOf(pki, "phone"),
		"N.app/Contents/Info.plist":                                         info("N"),
		"N.app/Contents/MacOS/N":                                            mac.Bytes(),
		"N.app/Contents/embedded.provisionprofile":                          []byte("no profile"),
		"T.app/Contents/Info.plist":                                         info("T"),
		"T.app/Contents/MacOS/T":                                            mac.Bytes(),
		"T.app/Contents/embedded.provisionprofile":                          make([]byte, profile.MaxSize+1),
		"F.app/Contents/Info.plist":                                         info("F"),
		"F.app/Contents/MacOS/F":                                            mac.Bytes(),
		"F.app/Contents/embedded.provisionprofile/":                         nil,
	}
	dir := t.TempDir()
	machotest.WriteTree(t, dir, files)
	v := codesign.NewVerifier(codesign.NewAnchors(pki.Root.Certificate), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	got := map[string]string{}
	for item, problem := range artifact.Walk(t.Context(), dir) {
		if problem != nil {
			t.Fatal(problem)
		}
		b, err := readBinary(t.Context(), item, view{verifier: v})
		if err != nil {
			t.Fatal(err)
		}
		got[strings.TrimPrefix(item.Path, filepath.ToSlash(dir)+"/")] = profiled(b.Provisioning)
		item.Close()
	}
	want := map[string]string{
		"A.app/Contents/MacOS/A":                            "app, verified",
		"A.app/Contents/MacOS/tool":                         "none",
		"A.app/Contents/Frameworks/lib.dylib":               "not looked for",
		"A.app/Contents/XPCServices/X.xpc/Contents/MacOS/X": "none",
		"A.app/Contents/PlugIns/P.appex/Contents/MacOS/P":   "extension, verified",
		"D.dext/D":               "driver, verified",
		"I.app/I":                "phone, verified",
		"N.app/Contents/MacOS/N": "error",
		"T.app/Contents/MacOS/T": "error",
		"F.app/Contents/MacOS/F": "error",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func profiled(p *check.Provisioning) string {
	switch {
	case p == nil:
		return "not looked for"
	case p.Err != nil:
		return "error"
	case p.Profile == nil:
		return "none"
	case p.Profile.Problem == "":
		return p.Profile.Name + ", verified"
	}
	return p.Profile.Name
}

// Only Apple's profiles count in a run, and with the depth Slots none is looked for.
func TestRunTakesNoProfileThatIsNotApples(t *testing.T) {
	pki := machotest.NewProfilePKI()
	app := filepath.Join(t.TempDir(), "A.app")
	machotest.WriteTree(t, app, map[string][]byte{
		"Contents/Info.plist":                machotest.XML("CFBundleExecutable", "A"),
		"Contents/MacOS/A":                   machotest.Binary{Signature: &machotest.Signature{}}.Bytes(),
		"Contents/embedded.provisionprofile": profileOf(pki, "app"),
	})
	r := look(t, limits{maxTime, maxKept}, Full, app)
	if p := r.Binaries[0].Provisioning; p == nil || p.Profile == nil || p.Profile.Problem == "" || !strings.HasSuffix(p.Path, "A.app/Contents/embedded.provisionprofile") {
		t.Errorf("%+v", p)
	}
	if r := look(t, limits{maxTime, maxKept}, Slots, app); r.Binaries[0].Provisioning != nil {
		t.Errorf("with slots: %+v", r.Binaries[0].Provisioning)
	}
	profile := filepath.Join(app, "Contents/embedded.provisionprofile")
	if err := os.Remove(profile); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(profile, 0o755); err != nil {
		t.Fatal(err)
	}
	if p := look(t, limits{maxTime, maxKept}, Full, app).Binaries[0].Provisioning; p == nil || p.Err == nil {
		t.Errorf("a folder in its place: %+v", p)
	}
}
