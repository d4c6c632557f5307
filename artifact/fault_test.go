package artifact

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// faulty is a folder in which some operations fail. It counts what is open.
type faulty struct {
	folder
	fail map[string]error // by operation and name
	open *int
}

func (f faulty) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := f.folder.ReadDir(name)
	if fail := f.fail["list "+name]; fail != nil {
		return entries[:1], fail
	}
	return entries, err
}

func (f faulty) Readlink(name string) (string, error) {
	if err := f.fail["link "+name]; err != nil {
		return "", err
	}
	return f.folder.Readlink(name)
}

func (f faulty) Open(name string) (content, int64, error) {
	if err := f.fail["open "+name]; err != nil {
		return nil, 0, err
	}
	c, size, err := f.folder.Open(name)
	if err == nil {
		*f.open++
		c = counted{c, f.open, f.fail["read "+name]}
	}
	return c, size, err
}

type counted struct {
	content
	open *int
	fail error
}

func (c counted) ReadAt(b []byte, off int64) (int, error) {
	if c.fail != nil {
		return 0, c.fail
	}
	return c.content.ReadAt(b, off)
}

func (c counted) Close() error {
	*c.open--
	return c.content.Close()
}

// walkFaulty walks dir, in which things fail, and checks that nothing stays open.
func walkFaulty(t *testing.T, dir string, fail map[string]error, yield func(*Item, *Problem) bool) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	open := 0
	walkTree(faulty{newFolder(root), fail, &open}, treeName{path: "dist", name: filepath.Base(dir)}, newLimits(t.Context()), yield)
	if open != 0 {
		t.Errorf("%d files are still open", open)
	}
}

func TestWalkTellsEveryFailure(t *testing.T) {
	denied := &fs.PathError{Op: "openat", Path: "x", Err: fs.ErrPermission}
	broken := errors.New("input/output error")
	const noMain = `dist/Acme.app: no-main: the main executable "Acme" was not met as a Mach-O file, so neither a signature nor the seal of the bundle was looked at`
	dir := write(t, map[string]string{
		"Acme.app/Contents/Info.plist":  `<plist><dict><key>CFBundleIdentifier</key><string>com.acme</string></dict></plist>`,
		"Acme.app/Contents/MacOS/Acme":  machO,
		"Acme.app/Contents/MacOS/other": machO,
		"locked/a":                      machO,
		"text":                          "text",
		"to":                            "-> text",
	})
	for _, tt := range []struct {
		name string
		fail map[string]error
		want []string
	}{
		{"nothing fails", nil, []string{
			"dist/Acme.app/Contents/MacOS/Acme in Acme.app as main", "dist/Acme.app/Contents/MacOS/other in Acme.app", "dist/locked/a",
		}},
		{"a binary cannot be opened", map[string]error{"open Acme.app/Contents/MacOS/Acme": denied}, []string{
			"dist/Acme.app/Contents/MacOS/Acme: unreadable: permission denied", "dist/Acme.app/Contents/MacOS/other in Acme.app", noMain, "dist/locked/a",
		}},
		{"a binary cannot be read", map[string]error{"read locked/a": broken}, []string{
			"dist/Acme.app/Contents/MacOS/Acme in Acme.app as main", "dist/Acme.app/Contents/MacOS/other in Acme.app", "dist/locked/a: unreadable: input/output error",
		}},
		{"a text cannot be opened, so nobody knows that it is one", map[string]error{"open text": denied}, []string{
			"dist/Acme.app/Contents/MacOS/Acme in Acme.app as main", "dist/Acme.app/Contents/MacOS/other in Acme.app", "dist/locked/a", "dist/text: unreadable: permission denied",
		}},
		{"a file vanishes", map[string]error{"open locked/a": fs.ErrNotExist}, []string{
			"dist/Acme.app/Contents/MacOS/Acme in Acme.app as main", "dist/Acme.app/Contents/MacOS/other in Acme.app", "dist/locked/a: unreadable: file does not exist",
		}},
		{"a folder is listed in part", map[string]error{"list Acme.app/Contents/MacOS": broken}, []string{
			"dist/Acme.app/Contents/MacOS: unreadable: input/output error", "dist/Acme.app/Contents/MacOS/Acme in Acme.app", noMain, "dist/locked/a",
		}},
		{"a link cannot be read", map[string]error{"link to": denied}, []string{
			"dist/Acme.app/Contents/MacOS/Acme in Acme.app as main", "dist/Acme.app/Contents/MacOS/other in Acme.app", "dist/locked/a", "dist/to: unreadable: permission denied",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := list(t, "", func(yield func(*Item, *Problem) bool) { walkFaulty(t, dir, tt.fail, yield) })
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWalkTellsOfAnInfoPlistThatCannotBeRead(t *testing.T) {
	dir := write(t, map[string]string{
		"Acme.app/Contents/Info.plist": `<plist><dict/></plist>`,
		"Acme.app/Contents/MacOS/Acme": machO,
	})
	for _, tt := range []struct{ name, operation, want string }{
		{"opening fails", "open", "Info.plist: permission denied"},
		{"reading fails", "read", "Info.plist: permission denied"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fail := map[string]error{tt.operation + " Acme.app/Contents/Info.plist": &fs.PathError{Err: fs.ErrPermission}}
			walkFaulty(t, dir, fail, func(item *Item, problem *Problem) bool {
				switch {
				case problem != nil && problem.Inside != "Acme.app/Contents/Info.plist":
					t.Error(problem)
				case item != nil:
					if err := item.Bundle.Err; err == nil || err.Error() != tt.want || item.Bundle.InfoPlist != nil {
						t.Errorf("got %v, want %s", err, tt.want)
					}
					item.Close()
				}
				return true
			})
		})
	}
}

func TestWalkStopsWhereItsConsumerDoes(t *testing.T) {
	dir := write(t, map[string]string{
		"A.app/Contents/Info.plist": `<plist><dict/></plist>`,
		"A.app/Contents/MacOS/A":    machO,
		"a-text":                    "text",
		"b":                         machO,
		"c":                         "-> /",
		"d":                         machO,
	})
	for stop := range 4 {
		n := 0
		walkFaulty(t, dir, nil, func(item *Item, problem *Problem) bool {
			if n > stop {
				t.Errorf("yielded again after the consumer stopped at %d", stop)
			}
			if item != nil {
				item.Close()
			}
			n++
			return n <= stop
		})
	}
}
