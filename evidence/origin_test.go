package evidence_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
)

// readWith reads a program of testdata/evidence in which one string stands in place of
// another of the same length, and returns what it has for a need.
func readWith(t *testing.T, program, was, is string, need evidence.Need) (found []evidence.Item) {
	t.Helper()
	if len(was) != len(is) {
		t.Fatalf("%q and %q differ in their length", was, is)
	}
	z, err := zip.OpenReader("../testdata/evidence/programs.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil || !bytes.Contains(b, []byte(was)) {
		t.Fatalf("no %q in %s: %v", was, program, err)
	}
	b = bytes.ReplaceAll(b, []byte(was), []byte(is))
	m, err := macho.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range evidence.Read(t.Context(), bytes.NewReader(b), m.Slices[0]).Items {
		if it.Need == need {
			found = append(found, it)
		}
	}
	return found
}

// What mmap does is known of that of macOS.
func TestAFunctionOfAnotherLibraryProvesNothing(t *testing.T) {
	const system = "/usr/lib/libSystem.B.dylib"
	for _, row := range []struct {
		name    string
		library string
		want    evidence.Strength
		says    string
	}{
		{"the system's", system, evidence.Proves, ""},
		{"that of another library of the system", "/System/lib/libOther.dylib", evidence.Proves, ""},
		{"that of a library beside the program", "@rpath/sys/libSystem.dylib", evidence.Consistent, "(that of @rpath/sys/libSystem.dylib)"},
		{"that of a library by a path that leads out of the system", "/usr/lib/../local/li.dylib", evidence.Consistent, "/usr/lib/../local/li.dylib"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, arch := range []string{"arm64", "x86_64"} {
				items := readWith(t, arch+"/O2/maps-writable-executable-memory", system, row.library, evidence.UnsignedMemory)
				if len(items) != 1 || items[0].Strength != row.want || items[0].Of != "" && items[0].PassedOn != evidence.Proves || !strings.Contains(items[0].Text, row.says) {
					t.Errorf("%s: %+v", arch, items)
				}
			}
		})
	}
}

// Where a system call is made, no library has a say.
func TestASystemCallIsOfNoLibrary(t *testing.T) {
	items := readWith(t, "arm64/O2/maps-jit-memory-by-a-system-call", "/usr/lib/libSystem.B.dylib", "@rpath/sys/libSystem.dylib", evidence.MapJIT)
	if len(items) == 0 || items[0].Strength != evidence.Proves {
		t.Errorf("%+v", items)
	}
}

func TestDlopenOfWhatAnybodyWritesIsTold(t *testing.T) {
	const program, system = "arm64/O2/loads-a-library-of-the-system", "/usr/lib/libz.1.dylib"
	for path, told := range map[string]int{system: 0, "/usr/lib/../local/x.d": 1, "/System/Volumes/D/x.d": 1} {
		if items := readWith(t, program, system, path, evidence.ForeignCode); len(items) != told {
			t.Errorf("%s: %+v", path, items)
		}
	}
}
