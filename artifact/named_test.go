package artifact

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	at "github.com/codewarrant/codewarrant/internal/archivetest"
	it "github.com/codewarrant/codewarrant/internal/imagetest"
)

const (
	unknown = "and of no format that is known: it may have been cut short"
	pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
)

// A file is told alike wherever it lies.
func TestFileThatIsNoneOfWhatItsNameSaysIsTold(t *testing.T) {
	large := noise(maxMemory + 1)
	zip, image := string(at.Zip(at.Files{"a": "text"})), string(imageOf([]byte(bzip2)))
	for _, tt := range []struct {
		name, file, content string
		want                string // empty for nothing
	}{
		{"random bytes as a disk image", "x.dmg", noise(4000), "opaque: named as a disk image, " + unknown},
		{"many of them", "x.dmg", large, "opaque: named as a disk image, " + unknown},
		{"a disk image without its trailer", "x.dmg", strings.TrimRight(image[:len(image)-512], "\x00")[len(bzip2):], "opaque: named as a disk image, " + unknown},
		{"the end of a zip, whose beginning is lost", "x.zip", zip[4 : len(zip)-22], "opaque: named as an archive, " + unknown},
		{"an empty zip file", "x.zip", "", "opaque: named as an archive, and empty"},
		{"one letter as a packed file", "x.gz", "a", "opaque: named as a packed file, " + unknown},
		{"a pointer of Git LFS as a package", "x.pkg", pointer, "opaque: named as an installer package, " + unknown},
		{"a page that a server sent in place of a download", "x.tar.xz", "<html>not found</html>", "opaque: named as a packed file, " + unknown},
		{"a suffix in capitals", "X.DMG", "text", "opaque: named as a disk image, " + unknown},
		{"a suffix that stands for two", "x.tgz", "text", "opaque: named as a packed archive, " + unknown},
		{"nothing but a suffix", ".zip", "text", "opaque: named as an archive, " + unknown},
		{"large and named as what the end does not tell", "x.tar", large, "opaque: named as an archive, " + unknown},
		{"a name of AppleDouble, and other contents", "._x.zip", "text", "opaque: named as an archive, " + unknown},
		{"the contents of AppleDouble, and another name", "x.zip", "\x00\x05\x16\x07\x00\x02\x00\x00", "opaque: named as an archive, " + unknown},
		{"zeros as a disk image", "x.iso", string(make([]byte, 2048)), "opaque: named as a disk image, " + unknown},
		{"zeros that are no end of a tar", "x.tar", string(make([]byte, 1023)), "opaque: named as an archive, " + unknown},
		{"zeros and a letter as a tar", "x.tar", string(make([]byte, 1024)) + "a", "opaque: named as an archive, " + unknown},
		{"a packed text that was named as an archive before", "x.tar.gz", string(at.Gzip([]byte("text"))), "opaque: what it packs is named as an archive, " + unknown},
		{"one whose suffix stands for that, too", "x.TGZ", string(at.Gzip([]byte("text"))), "opaque: what it packs is named as an archive, " + unknown},
		{"a packed disk image of random bytes", "x.dmg.xz", string(at.XZ([]byte(large))), "opaque: what it packs is named as a disk image, " + unknown},
		{"a packed tar of random bytes of which no more is unpacked than the beginning", "x.tar.gz", string(at.Gzip([]byte(large))), "opaque: what it packs is named as an archive, " + unknown},
		{"a packed file without contents that was named as an archive before", "x.zip.gz", string(at.Gzip(nil)), "opaque: what it packs is named as an archive, and empty"},
		{"what is packed twice, and no archive", "x.tar.gz.gz", string(at.Gzip(at.Gzip([]byte("text")))), "opaque: what it packs is named as an archive, " + unknown},

		{"a zip", "x.zip", zip, ""},
		{"a zip without entries", "x.jar", string(at.Zip(nil)), ""},
		{"a zip that is named as a disk image", "x.dmg", zip, ""},
		{"a tar that is named as a zip", "x.zip", string(at.Tar(at.Files{"a": "text"})), ""},
		{"a tar without entries", "x.TAR", string(make([]byte, 10240)), ""},
		{"one that is packed", "x.tgz", string(at.Gzip(make([]byte, 1024))), ""},
		{"a packed text", "notes.txt.gz", string(at.Gzip([]byte("text"))), ""},
		{"a packed file without contents", "x.gz", string(at.Gzip(nil)), ""},
		{"large packed data", "x.gz", string(at.Gzip([]byte(large))), ""},
		{"what is told already", "x.zip", "7z\xbc\xaf\x27\x1c, and more", "opaque: 7-Zip, which is not read here"},
		{"what is unreadable already", "x.gz", "\x1f\x8b\x08, and no more", "unreadable: gzip: unexpected EOF"},
		{"AppleDouble of a zip", "._x.zip", "\x00\x05\x16\x07\x00\x02\x00\x00", ""},
		{"a name that files of other kinds have", "x.bin", noise(4000), ""},
		{"a name that only ends like one", "xzip", "text", ""},
		{"a suffix before another", "x.zip.txt", "text", ""},
		{"a payload outside of a package", "Payload", "text", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := []string{"x/a"}
			if tt.want != "" {
				want = append(want, "x/"+tt.file+": "+tt.want)
			}
			files := at.Files{"a": machO, tt.file: tt.content}
			dir := write(t, at.Files{"x/a": machO, "x/" + tt.file: tt.content})
			got := map[string][]string{
				"a folder":     list(t, slash(dir), Walk(t.Context(), dir)),
				"a zip":        named(t, "x", at.Zip(files)),
				"a tar":        named(t, "x", at.Tar(files)),
				"a packed tar": named(t, "x", at.Gzip(at.Tar(files))),
				"a xar":        named(t, "x", at.Xar(files, nil)),
				"HFS+": named(t, "x", it.HFS{Files: []it.HFSFile{
					{Path: "a", Data: []byte(machO)}, {Path: tt.file, Data: []byte(tt.content)},
				}}.Write()),
				"APFS": named(t, "x", it.APFS{Volumes: []it.APFSVolume{{Name: "Acme", Features: 1, Files: map[string]it.APFSFile{
					"a": {Data: []byte(machO)}, tt.file: {Data: []byte(tt.content)},
				}}}}.Image().Bytes),
			}
			slices.Sort(want)
			for where, lines := range got {
				slices.Sort(lines)
				if diff := cmp.Diff(want, lines); diff != "" {
					t.Errorf("in %s: %s", where, diff)
				}
			}
		})
	}
}

// Of a package the two archives that the Installer unpacks have no suffix.
func TestPayloadThatIsNoArchiveIsTold(t *testing.T) {
	const told = "opaque: named as the archive of an installer package, " + unknown
	info := `<pkg-info identifier="com.acme.app" version="1.0"/>`
	for _, tt := range []struct {
		name  string
		files at.Files
		want  []string
	}{
		{"a text", at.Files{"PackageInfo": info, "Payload": "text"}, []string{"x.pkg/Payload: " + told}},
		{"one of a component", at.Files{"Distribution": "<installer-gui-script/>", "a.pkg/": "", "a.pkg/PackageInfo": info, "a.pkg/Scripts": "text"}, []string{"x.pkg/a.pkg/Scripts: " + told}},
		{"a packed text", at.Files{"PackageInfo": info, "Payload": string(at.Gzip([]byte("text")))}, []string{
			"x.pkg/Payload: " + strings.Replace(told, "named", "what it packs is named", 1),
		}},
		{"an archive", at.Files{"PackageInfo": info, "Payload": string(at.Gzip(at.Cpio(at.Files{"Payload": "text"}, false)))}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(append([]string{"x.pkg"}, tt.want...), named(t, "x.pkg", at.Xar(tt.files, nil))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFolderIsNotMeantByTheNameOfAnArchive(t *testing.T) {
	dir := write(t, at.Files{"a": machO, "x.pkg/Contents/notes.txt": "text", "x.zip/": "", "y.zip": "-> a"})
	if diff := cmp.Diff([]string{"a"}, list(t, slash(dir), Walk(t.Context(), dir))); diff != "" {
		t.Error(diff)
	}
}

func TestFileGivenAloneIsNoBinaryWhateverItsName(t *testing.T) {
	if diff := cmp.Diff([]string{"x.dmg: not-mach-o: not a Mach-O file"}, named(t, "x.dmg", []byte(noise(4000)))); diff != "" {
		t.Error(diff)
	}
}

// The page for readers has the same table.
func TestArtifactsPageListsTheSuffixes(t *testing.T) {
	b, err := os.ReadFile("../docs/artifacts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range suffixes {
		if row := "| " + s.what + " | `" + strings.Join(s.list, "`, `") + "` |\n"; !strings.Contains(string(b), row) {
			t.Errorf("the page does not have the row\n%s", row)
		}
	}
}
