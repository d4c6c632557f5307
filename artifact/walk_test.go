package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	at "github.com/codewarrant/codewarrant/internal/archivetest"
)

const machO = "\xcf\xfa\xed\xfe, the rest is not for this package"

// write writes files into a new folder and returns it.
func write(t *testing.T, files at.Files) string {
	t.Helper()
	dir := t.TempDir()
	files.Write(dir)
	return dir
}

// list tells what a walk yields, a line each: the path below dir, and for an item
// the bundles around it, for a problem its kind.
func list(t *testing.T, dir string, walk iter.Seq2[*Item, *Problem]) []string {
	t.Helper()
	var lines []string
	for item, problem := range walk {
		if problem != nil {
			lines = append(lines, fmt.Sprintf("%s: %s: %v", strings.TrimPrefix(problem.Path, dir+"/"), problem.Kind, problem.Err))
			continue
		}
		line := strings.TrimPrefix(item.Path, dir+"/")
		if item.Bundle != nil {
			line += " in " + item.Bundle.Inside
			if item.Main {
				line += " as main"
			}
			if item.Outer != item.Bundle {
				line += " of " + item.Outer.Inside
			}
		}
		lines = append(lines, line)
		if err := item.Close(); err != nil {
			t.Error(err)
		}
	}
	return lines
}

func slash(dir string) string { return filepath.ToSlash(dir) }

func TestWalkFindsMachOByItsMagic(t *testing.T) {
	dir := write(t, map[string]string{
		"MH_MAGIC.txt":        "\xfe\xed\xfa\xce",
		"MH_CIGAM.txt":        "\xce\xfa\xed\xfe",
		"MH_MAGIC_64":         "\xfe\xed\xfa\xcf",
		"MH_CIGAM_64":         "\xcf\xfa\xed\xfe",
		"FAT_MAGIC":           "\xca\xfe\xba\xbe",
		"FAT_CIGAM":           "\xbe\xba\xfe\xca",
		"FAT_MAGIC_64":        "\xca\xfe\xba\xbf",
		"FAT_CIGAM_64":        "\xbf\xba\xfe\xca",
		"deep/in/.hidden/lib": machO,
		"empty":               "",
		"short":               "\xcf\xfa\xed",
		"elf":                 "\x7fELF",
		"late":                " " + machO,
		"folder/":             "",
	})
	want := []string{
		"FAT_CIGAM", "FAT_CIGAM_64", "FAT_MAGIC", "FAT_MAGIC_64",
		"MH_CIGAM.txt", "MH_CIGAM_64", "MH_MAGIC.txt", "MH_MAGIC_64",
		"deep/in/.hidden/lib",
	}
	if diff := cmp.Diff(want, list(t, slash(dir), Walk(t.Context(), dir))); diff != "" {
		t.Error(diff)
	}
}

func TestWalkYieldsTheBytesThatWereOpened(t *testing.T) {
	dir := write(t, map[string]string{"a": machO})
	for item, problem := range Walk(t.Context(), dir) {
		if problem != nil {
			t.Fatal(problem)
		}
		if err := os.Remove(filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, item.Size)
		if _, err := item.ReadAt(got, 0); err != nil {
			t.Fatal(err)
		}
		if string(got) != machO {
			t.Errorf("read %q", got)
		}
		if err := item.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWalkNamesItemsAsPoliciesDo(t *testing.T) {
	dir := write(t, map[string]string{
		"dist/Acme.app/Contents/MacOS/Acme":    machO,
		"dist/tool":                            machO,
		"dist/versionless/Contents/Info.plist": `<plist><dict><key>CFBundleExecutable</key><string>x</string></dict></plist>`,
		"dist/versionless/Contents/MacOS/x":    machO,
		"dist/B.app/Contents/Info.plist":       `<plist><dict><key>CFBundleExecutable</key><string>b</string></dict></plist>`,
		"dist/B.app/Contents/MacOS/b":          machO,
		"latest":                               "-> dist/Acme.app",
		"current.app":                          "-> dist/B.app",
	})
	t.Chdir(dir)
	for _, tt := range []struct {
		name string
		arg  string
		want []string
	}{
		{"a plain folder", "dist", []string{
			"dist/Acme.app/Contents/MacOS/Acme = Acme.app/Contents/MacOS/Acme",
			"dist/B.app/Contents/MacOS/b = B.app/Contents/MacOS/b",
			"dist/tool = tool",
			"dist/versionless/Contents/MacOS/x = versionless/Contents/MacOS/x",
		}},
		{"a bundle", "./dist//Acme.app/", []string{"dist/Acme.app/Contents/MacOS/Acme = Acme.app/Contents/MacOS/Acme"}},
		{"a bundle without a suffix", "dist/versionless", []string{"dist/versionless/Contents/MacOS/x = versionless/Contents/MacOS/x"}},
		{"a folder inside a bundle", "dist/Acme.app/Contents", []string{"dist/Acme.app/Contents/MacOS/Acme = MacOS/Acme"}},
		{"a file", "dist/tool", []string{"dist/tool = tool"}},
		{"a link to a bundle", "latest", []string{"latest/Contents/MacOS/Acme = Acme.app/Contents/MacOS/Acme"}},
		{"a link with a name of its own", "current.app", []string{"current.app/Contents/MacOS/b = current.app/Contents/MacOS/b"}},
		{"a folder above", "dist/Acme.app/../../dist/Acme.app/Contents/MacOS", []string{"dist/Acme.app/Contents/MacOS/Acme = Acme"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for item, problem := range Walk(t.Context(), tt.arg) {
				if problem != nil {
					t.Fatal(problem)
				}
				got = append(got, item.Path+" = "+item.Inside)
				item.Close()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("the current folder, which is a bundle", func(t *testing.T) {
		t.Chdir("dist/Acme.app")
		for item, problem := range Walk(t.Context(), ".") {
			if problem != nil {
				t.Fatal(problem)
			}
			item.Close()
			if got, want := item.Path+" = "+item.Inside, "Contents/MacOS/Acme = Acme.app/Contents/MacOS/Acme"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}

func TestWalkTellsWhatItCannotLookInto(t *testing.T) {
	dir := write(t, map[string]string{
		"text": "hello", "empty": "", "folder/": "",
		"dangling": "-> nowhere",
	})
	for _, tt := range []struct {
		name, arg string
		want      []string
	}{
		{"no such file", "none.app", []string{"none.app: missing: no such file or directory"}},
		{"a link to nothing", "dangling", []string{"dangling: missing: no such file or directory"}},
		{"a file below a file", "text/x", []string{"text/x: unreadable: not a directory"}},
		{"a text", "text", []string{"text: not-mach-o: not a Mach-O file"}},
		{"an empty file", "empty", []string{"empty: not-mach-o: not a Mach-O file"}},
		{"an empty folder", "folder", []string{"folder: nothing: no Mach-O file was found here"}},
		{"a name with NUL", "a\x00b", []string{"a\x00b: unreadable: invalid argument"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := list(t, slash(dir), Walk(t.Context(), dir+"/"+tt.arg))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("an empty argument", func(t *testing.T) {
		want := []string{`"": missing: file does not exist`}
		if diff := cmp.Diff(want, list(t, "", Walk(t.Context(), ""))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("errors can be told apart", func(t *testing.T) {
		for _, problem := range Walk(t.Context(), dir+"/none") {
			if !errors.Is(problem.Err, fs.ErrNotExist) {
				t.Errorf("%v is not fs.ErrNotExist", problem.Err)
			}
		}
	})
}

func TestWalkDoesNotFollowLinks(t *testing.T) {
	dir := write(t, map[string]string{
		"outside":               machO,
		"dist/lib/real":         machO,
		"dist/to-file":          "-> lib/real",
		"dist/to-folder":        "-> lib",
		"dist/to-itself":        "-> .",
		"dist/lib/up":           "-> ../lib/real",
		"dist/nowhere":          "-> lib/none",
		"dist/Applications":     "-> /Applications",
		"dist/sub/Applications": "-> /etc",
		"dist/absolute":         "-> " + slash(os.TempDir()),
		"dist/above":            "-> ../outside",
		"dist/back":             "-> ../dist/lib",
		"dist/chain":            "-> above",
		"dist/loop":             "-> loop",
	})
	want := []string{
		"above: link-outside: link to \"../outside\" leads out of the artifact",
		fmt.Sprintf("absolute: link-outside: link to %q leads out of the artifact", slash(os.TempDir())),
		"back: link-outside: link to \"../dist/lib\" leads out of the artifact",
		"chain: link-outside: link to \"above\" leads out of the artifact",
		"lib/real",
		"loop: unreadable: too many levels of symbolic links",
		"sub/Applications: link-outside: link to \"/etc\" leads out of the artifact",
	}
	if diff := cmp.Diff(want, list(t, slash(dir)+"/dist", Walk(t.Context(), dir+"/dist"))); diff != "" {
		t.Error(diff)
	}
}

func TestWalkYieldsEveryNameOfAFile(t *testing.T) {
	dir := write(t, map[string]string{"a": machO})
	if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, list(t, slash(dir), Walk(t.Context(), dir))); diff != "" {
		t.Error(diff)
	}
}

func TestWalkYieldsWhatArgumentsShareOnce(t *testing.T) {
	dir := write(t, map[string]string{
		"dist/Acme.app/Contents/MacOS/Acme": machO,
		"dist/tool":                         machO,
		"dist/text":                         "text",
		"distant":                           machO,
		"link":                              "-> dist",
	})
	all := []string{"dist/Acme.app/Contents/MacOS/Acme in Acme.app as main", "dist/tool"}
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"a folder and what is inside it", []string{"dist", "dist/Acme.app", "dist/tool"}, all},
		{"the same the other way round", []string{"dist/tool", "dist/Acme.app", "dist"}, all},
		{"the same folder twice", []string{"dist", "dist/"}, all},
		{"a folder and a link to it", []string{"dist", "link"}, all},
		{"the same file twice", []string{"dist/tool", "link/tool"}, []string{"dist/tool"}},
		{"names that begin alike", []string{"dist/tool", "distant"}, []string{"dist/tool", "distant"}},
		{"a file that is no Mach-O keeps its problem", []string{"dist", "dist/text"}, append(all[:2:2], "dist/text: not-mach-o: not a Mach-O file")},
		{"a missing file keeps its problem", []string{"dist/none", "dist"}, append([]string{"dist/none: missing: no such file or directory"}, all...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var args []string
			for _, a := range tt.args {
				args = append(args, dir+"/"+a)
			}
			if diff := cmp.Diff(tt.want, list(t, slash(dir), Walk(t.Context(), args...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
