package scan_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/internal/scan"
)

const infoPlist = `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict><key>CFBundleExecutable</key><string>Acme</string><key>CFBundleIdentifier</key><string>com.acme.app</string></dict></plist>`

// tree writes files below a new folder, makes it the current one, and looks at paths.
func tree(t *testing.T, files map[string][]byte, paths ...string) scan.Result {
	t.Helper()
	dir := t.TempDir()
	machotest.WriteTree(t, dir, files)
	t.Chdir(dir)
	return look(t, paths)
}

// look looks at everything in the paths.
func look(t *testing.T, paths []string) scan.Result {
	t.Helper()
	r, err := scan.Run(t.Context(), paths, scan.Options{Depth: scan.Full, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// summary writes a result as lines.
func summary(r scan.Result) (lines []string) {
	for _, b := range r.Binaries {
		lines = append(lines, fmt.Sprintf("binary %s inside %s, %d slices", b.Paths[0], b.Inside[0], len(b.Slices)))
	}
	for _, u := range r.Unread {
		lines = append(lines, "unread "+u.Path)
	}
	for _, m := range r.Remarks {
		lines = append(lines, "remark "+m.Path)
	}
	for _, u := range r.Empty {
		lines = append(lines, "empty "+u.Path)
	}
	return lines
}

func TestRun(t *testing.T) {
	signed := machotest.Binary{Signature: &machotest.Signature{}}.Bytes()
	java := append([]byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 65}, make([]byte, 100)...)
	for _, row := range []struct {
		name  string
		files map[string][]byte
		paths []string
		want  []string
	}{
		{
			"every Mach-O file is found by its magic",
			map[string][]byte{"b/readme": []byte("text"), "b/x.dat": signed, "b/sub/y": signed},
			[]string{"b"},
			[]string{"binary b/sub/y inside sub/y, 1 slices", "binary b/x.dat inside x.dat, 1 slices"},
		},
		{
			"inside an app the path begins with the app",
			map[string][]byte{"out/Acme.app/Contents/MacOS/Acme": signed},
			[]string{"out/Acme.app"},
			[]string{"binary out/Acme.app/Contents/MacOS/Acme inside Acme.app/Contents/MacOS/Acme, 1 slices"},
		},
		{"a file that two paths share is read once", map[string][]byte{"b/x": signed}, []string{"b", "b/x", "b"}, []string{"binary b/x inside x, 1 slices"}},
		{
			"the order is that of the names",
			map[string][]byte{"b/3": signed, "b/1": signed, "b/2": signed},
			[]string{"b"},
			[]string{"binary b/1 inside 1, 1 slices", "binary b/2 inside 2, 1 slices", "binary b/3 inside 3, 1 slices"},
		},
		{"a Java class is passed over", map[string][]byte{"b/A.class": java, "b/x": signed}, []string{"b"}, []string{"binary b/x inside x, 1 slices"}},
		{"a folder with nothing else is empty", map[string][]byte{"b/A.class": java}, []string{"b"}, []string{"empty b"}},
		{
			"a path in which nothing is found is told",
			map[string][]byte{"a/x": signed, "b/readme": []byte("text")},
			[]string{"a", "b"},
			[]string{"binary a/x inside x, 1 slices", "empty b"},
		},
		{"a file that is no Mach-O is told when it was named", map[string][]byte{"readme": []byte("text")}, []string{"readme"}, []string{"empty readme"}},
		{"a path that is not there is told", nil, []string{"nowhere"}, []string{"unread nowhere"}},
		{"a fat header that cannot be read is told", map[string][]byte{"b/x": {0xca, 0xfe, 0xba, 0xbe, 0, 0}}, []string{"b"}, []string{"unread b/x"}},
		{
			"an Info.plist that cannot be read is told once",
			map[string][]byte{"A.app/Contents/Info.plist": []byte("{"), "A.app/Contents/MacOS/A": signed, "A.app/Contents/MacOS/B": signed},
			[]string{"A.app"},
			[]string{"binary A.app/Contents/MacOS/A inside A.app/Contents/MacOS/A, 1 slices", "binary A.app/Contents/MacOS/B inside A.app/Contents/MacOS/B, 1 slices", "unread A.app/Contents/Info.plist"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, summary(tree(t, row.files, row.paths...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRunComparesTheInfoPlistThatIsBound(t *testing.T) {
	const app, main = "Acme.app/Contents/Info.plist", "Acme.app/Contents/MacOS/Acme"
	section := machotest.Binary{InfoPlist: []byte(infoPlist), Signature: &machotest.Signature{}}
	bound := machotest.Binary{Signature: &machotest.Signature{InfoPlist: []byte(infoPlist)}}
	changed := section
	changed.Signature = &machotest.Signature{InfoPlist: []byte("another")}
	for _, row := range []struct {
		name  string
		files map[string][]byte
		want  codesign.Binding
	}{
		{"the app's own", map[string][]byte{app: []byte(infoPlist), main: bound.Bytes()}, codesign.Bound},
		{"one that was changed", map[string][]byte{app: []byte(infoPlist + "\n"), main: bound.Bytes()}, codesign.WrongHash},
		{"one that is gone", map[string][]byte{main: bound.Bytes()}, codesign.NotPresent},
		{"one that nothing binds", map[string][]byte{app: []byte(infoPlist), main: machotest.Binary{Signature: &machotest.Signature{}}.Bytes()}, codesign.NotBound},
		{"the section of a program without a bundle", map[string][]byte{"Acme": section.Bytes()}, codesign.Bound},
		{"a section that was changed", map[string][]byte{"Acme": changed.Bytes()}, codesign.WrongHash},
		{"neither", map[string][]byte{"Acme": machotest.Binary{Signature: &machotest.Signature{}}.Bytes()}, codesign.None},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := tree(t, row.files, ".")
			if len(r.Binaries) != 1 || r.Binaries[0].Slices[0].InfoPlist != row.want {
				t.Errorf("%+v, want %s", r, row.want)
			}
			if info := r.Binaries[0].Slices[0].Info; strings.Contains(row.name, "section") && (info == nil || info.Identifier != "com.acme.app") {
				t.Errorf("the section says %+v", info)
			}
		})
	}
}

func TestRunReadsMoreFilesThanMayBeOpen(t *testing.T) {
	// The limit is that of the whole process, which has some files open already.
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	few := old
	few.Cur = 64
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Fatal(err)
		}
	}()
	signed := machotest.Binary{Signature: &machotest.Signature{}}.Bytes()
	files := map[string][]byte{}
	for i := range 300 {
		files[fmt.Sprintf("b/%d", i)] = signed
	}
	if r := tree(t, files, "b"); len(r.Binaries) != 300 || len(r.Unread) > 0 {
		t.Errorf("%d binaries, %v", len(r.Binaries), r.Unread)
	}
}
