package artifact

import (
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// within walks the arguments as Walk does, within limits of its own.
func within(left limits, args ...string) func(func(*Item, *Problem) bool) {
	return func(yield func(*Item, *Problem) bool) {
		for _, a := range resolve(args) {
			if !a.walk(&left, yield) {
				return
			}
		}
	}
}

func TestWalkEndsWhereALimitIsPassed(t *testing.T) {
	const (
		tooMany = "unreadable: more than 1000000 files, folders and links: the rest was not looked at; check the artifact in parts"
		tooMuch = "unreadable: more than 1073741824 bytes of Info.plist files and XML of packages: the rest was not looked at; check the artifact in parts"
	)
	files := map[string]string{"a": machO, "b/1": machO, "b/2": machO, "b/link": "-> 1", "c/3": machO}
	apps := map[string]string{
		"A.app/Contents/Info.plist": executable("A"), "A.app/Contents/MacOS/A": machO,
		"B.app/Contents/Info.plist": executable("B"), "B.app/Contents/MacOS/B": machO,
		"c": machO,
	}
	inA, inB := "A.app/Contents/MacOS/A in A.app as main", "B.app/Contents/MacOS/B in B.app as main"
	plist := int64(len(executable("A")))
	for _, tt := range []struct {
		name  string
		files map[string]string
		args  []string
		left  limits
		want  []string
	}{
		{"as many files, folders and links as there may be", files, []string{"."}, limits{entries: 7}, []string{"a", "b/1", "b/2", "c/3"}},
		{"one more", files, []string{"."}, limits{entries: 6}, []string{"a", "b/1", "b/2", "c: " + tooMany}},
		{"more than there may be in the first folder", files, []string{"."}, limits{entries: 2}, []string{".: " + tooMany}},
		{"arguments share a limit, and each tells that it was passed", files, []string{"b", "c"}, limits{entries: 2}, []string{"b: " + tooMany, "c: " + tooMany}},
		{"a file that is given by name is looked at all the same", files, []string{"b", "a"}, limits{entries: 2}, []string{"b: " + tooMany, "a"}},
		// Its own four, Contents once more to find the Info.plist, and with MacOS to find
		// the main executable.
		{"a folder counts as often as it is listed", apps, []string{"A.app"}, limits{entries: 4 + 5, info: plist}, []string{inA}},
		{"a folder that is listed once too often", apps, []string{"A.app"}, limits{entries: 4 + 4, info: plist}, []string{"A.app/Contents/MacOS: " + tooMany}},
		{"as much of Info.plist files as there may be", apps, []string{"."}, limits{entries: 100, info: 2 * plist}, []string{inA, inB, "c"}},
		{"one byte more", apps, []string{"."}, limits{entries: 100, info: 2*plist - 1}, []string{inA, "B.app: " + tooMuch}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(write(t, tt.files))
			if diff := cmp.Diff(tt.want, list(t, "", within(tt.left, tt.args...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWalkGoesOnBesideWhatIsTooDeep(t *testing.T) {
	bundles := strings.Repeat("B.bundle/", maxBundles)
	long := strings.Repeat(strings.Repeat("d", 127)+"/", maxPath/128)
	for _, tt := range []struct {
		name, folder string
		files        []string // below the folder
		want         []string
	}{
		{"as many bundles inside each other as there may be", bundles, []string{"x"}, []string{"x"}},
		{"one more", bundles, []string{"C.bundle/y", "x"}, []string{"C.bundle: unreadable: more than 16 bundles inside each other", "x"}},
		{"paths as long as they may be", long[128:], []string{strings.Repeat("x", 128)}, []string{strings.Repeat("x", 128)}},
		{"longer ones", long, []string{"dir/y", "x"}, []string{"dir: unreadable: a path of more than 1024 bytes", "x: unreadable: a path of more than 1024 bytes"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			root, err := os.OpenRoot(dir) // which knows no longest path
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			for _, name := range tt.files {
				name = tt.folder + name
				if err := root.MkdirAll(name[:strings.LastIndex(name, "/")], 0o755); err != nil {
					t.Fatal(err)
				}
				if err := root.WriteFile(name, []byte(machO), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, line := range list(t, slash(dir), Walk(t.Context(), dir)) {
				line = strings.TrimPrefix(line, tt.folder)
				got = append(got, strings.Split(line, " in ")[0])
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// endless is a folder that lists as many entries as it is asked for, up to a number.
type endless struct{ left int }

func (e *endless) ReadDir(n int) ([]fs.DirEntry, error) {
	if e.left == 0 {
		return nil, io.EOF
	}
	n = min(n, e.left)
	e.left -= n
	return make([]fs.DirEntry, n), nil
}

func TestListingIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name  string
		there int
		want  int
		err   string
	}{
		{"an empty folder", 0, 0, ""},
		{"as many as there may be", maxListing, maxListing, ""},
		{"one more", maxListing + 1, 0, "more than 100000 files, folders and links in a folder and those around it"},
		{"fifty million, of which no more than that are read", 50_000_000, 0, "more than 100000 files, folders and links in a folder and those around it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := &endless{tt.there}
			entries, err := listing(dir)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if len(entries) != tt.want || got != tt.err {
				t.Errorf("%d entries, %q", len(entries), got)
			}
			if read := tt.there - dir.left; read > maxListing+4096 {
				t.Errorf("%d entries were read", read)
			}
		})
	}
}

func TestListingKeepsWhatWasReadBeforeAnError(t *testing.T) {
	dir := fstest.MapFS{"a": {}}
	entries, err := dir.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	broken := &failing{entries}
	if got, err := listing(broken); len(got) != 1 || err != io.ErrUnexpectedEOF {
		t.Errorf("%v, %v", got, err)
	}
}

// failing is a folder that fails after its entries.
type failing struct{ entries []fs.DirEntry }

func (f *failing) ReadDir(int) ([]fs.DirEntry, error) { return f.entries, io.ErrUnexpectedEOF }

// wide is a tree without end: each folder has so many links to itself, and before
// them one more folder.
type wide struct {
	tree
	links int
}

func (w wide) ReadDir(string) ([]fs.DirEntry, error) {
	entries := []fs.DirEntry{entry{"d", fs.ModeDir}}
	for range w.links {
		entries = append(entries, entry{"l", fs.ModeSymlink})
	}
	return entries, nil
}

func (w wide) Readlink(string) (string, error) { return ".", nil }
func (w wide) Reach(string) error              { return nil }
func (w wide) Hold() (release func())          { return func() {} }

type entry struct {
	name string
	mode fs.FileMode
}

func (e entry) Name() string               { return e.name }
func (e entry) IsDir() bool                { return e.mode.IsDir() }
func (e entry) Type() fs.FileMode          { return e.mode }
func (e entry) Info() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

func TestWalkBoundsWhatIsListedAtATime(t *testing.T) {
	for _, tt := range []struct {
		name  string
		links int
		left  limits
		want  []string
	}{
		{"large folders inside each other", 30_000, limits{entries: maxEntries}, []string{
			"d/d/d: unreadable: more than 100000 files, folders and links in a folder and those around it",
		}},
		{"small ones, until their names are too long", 1, limits{entries: maxEntries}, []string{
			strings.Repeat("d/", 512) + "d: unreadable: a path of more than 1024 bytes",
			strings.Repeat("d/", 512) + "l: unreadable: a path of more than 1024 bytes",
		}},
		{"small ones, until there are too many", 1, limits{entries: 3}, []string{
			"d: unreadable: more than 1000000 files, folders and links: the rest was not looked at; check the artifact in parts",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := list(t, "dist", func(yield func(*Item, *Problem) bool) {
				walkTree(wide{links: tt.links}, treeName{path: "dist", name: "dist"}, &tt.left, yield)
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The page for readers has the names of files whose end is looked at.
func TestArtifactsPageNamesTheEndings(t *testing.T) {
	b, err := os.ReadFile("../docs/artifacts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range endings {
		if !strings.Contains(string(b), "`"+name+"`") {
			t.Errorf("the page does not name %s", name)
		}
	}
}
