package volume_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/volume"
)

// node is an entry of a system in which names are paths.
type node struct {
	volume.Entry
	path, target string
}

// system has entries by their paths: what begins with "->" is a link, what is "/" a folder.
type system map[string]string

var errWrong = errors.New("something is wrong")

func (s system) node(name string) node {
	n := node{Entry: volume.Entry{Name: path.Base(name), ID: uint64(slices.Index(slices.Sorted(maps.Keys(s)), name)) + 2}, path: name}
	switch target, link := strings.CutPrefix(s[name], "->"); {
	case name == "" || s[name] == "/":
		n.Mode = fs.ModeDir
	case link:
		n.Mode, n.target = fs.ModeSymlink, target
	case s[name] == "socket":
		n.Mode = fs.ModeSocket
	default:
		n.Size = int64(len(s[name]))
	}
	return n
}

func (s system) Root() (node, error) {
	if _, there := s[""]; there {
		return node{}, errWrong
	}
	return s.node(""), nil
}

func (s system) List(folder node) iter.Seq2[node, error] {
	return func(yield func(node, error) bool) {
		for _, name := range slices.Sorted(maps.Keys(s)) {
			if name == "" || strings.TrimSuffix(path.Dir(name), ".") != folder.path {
				continue
			}
			if path.Base(name) == "broken" {
				yield(node{}, errWrong)
				return
			}
			if !yield(s.node(name), nil) {
				return
			}
		}
	}
}

func (s system) Judge(node) func(node) (bool, error) {
	return func(n node) (bool, error) {
		if n.Name == "bad" {
			return false, errWrong
		}
		return true, nil
	}
}

func (s system) Lookup(folder node, name string) (node, error) {
	name = path.Join(folder.path, name)
	if _, there := s[name]; !there {
		return node{}, fs.ErrNotExist
	}
	return s.node(name), nil
}

func (s system) Readlink(n node) (string, error) {
	if n.Mode != fs.ModeSymlink {
		return "", volume.ErrNoLink
	}
	return n.target, nil
}

func (s system) Open(n node) (io.ReaderAt, int64, error) {
	if !n.Mode.IsRegular() {
		return nil, 0, volume.ErrNotRegular
	}
	return strings.NewReader(s[n.path]), n.Size, nil
}

func (s system) OpenResources(n node) (io.ReaderAt, int64, error) {
	return strings.NewReader("rsrc of " + n.path), int64(len("rsrc of " + n.path)), nil
}

var files = system{
	"a": "/", "a/b": "/", "a/b/file": "text", "a/up": "->../top", "a/out": "->../../top", "a/abs": "->/top", "a/loop": "->loop",
	"a/to b": "->b", "top": "top", "socket": "socket", "many": "->a/to b/../b/./file", "nowhere": "->none", "through": "->top/x",
}

func TestNamesLeadToFiles(t *testing.T) {
	p := volume.NewPaths[node](files)
	for _, row := range []struct {
		name, want string
		err        error
	}{
		{"a/b/file", "text", nil},
		{"./a//b/./file", "text", nil},
		{"a/b/../b/file", "text", nil},
		{"a/up", "top", nil},
		{"a/to b/file", "text", nil},
		{"many", "text", nil},
		{"a/out", "", volume.ErrOutside},
		{"a/abs", "", volume.ErrOutside},
		{"..", "", volume.ErrOutside},
		{"a/b", "", volume.ErrNotRegular},
		{"socket", "", volume.ErrNotRegular},
		{"a/none", "", fs.ErrNotExist},
		{"nowhere", "", fs.ErrNotExist},
		{"top/x", "", volume.ErrNoFolder},
		{"through", "", volume.ErrNoFolder},
	} {
		t.Run(row.name, func(t *testing.T) {
			for range 2 { // the second time from the folder that was found
				r, size, err := p.Open(row.name)
				if !errors.Is(err, row.err) {
					t.Fatal(err)
				}
				if row.err == nil {
					if b, err := io.ReadAll(io.NewSectionReader(r, 0, size)); string(b) != row.want || err != nil {
						t.Errorf("%q, %v", b, err)
					}
				}
				if reach := p.Reach(row.name); row.err != volume.ErrNotRegular && !errors.Is(reach, row.err) {
					t.Error(reach)
				}
			}
		})
	}
}

func TestResourceForkIsFoundByTheNameOfItsFile(t *testing.T) {
	p := volume.NewPaths[node](files)
	r, size, err := p.Resources("a/b/file")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(io.NewSectionReader(r, 0, size)); string(b) != "rsrc of a/b/file" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, _, err := p.Resources("a/out"); !errors.Is(err, volume.ErrOutside) {
		t.Error(err)
	}
}

func TestLinksAreFollowedSoFar(t *testing.T) {
	p := volume.NewPaths[node](files)
	if _, _, err := p.Open("a/loop"); err == nil || err.Error() != "more than 32 links to follow" {
		t.Error(err)
	}
	deep := system{}
	for n, name := 0, "d"; n < 600; n, name = n+1, name+"/d" {
		deep[name] = "/"
	}
	if err := volume.NewPaths[node](deep).Reach(strings.Repeat("d/", 599) + "d"); err == nil || err.Error() != "more than 512 folders inside each other" {
		t.Error(err)
	}
	if target, err := p.Readlink("a/loop"); target != "loop" || err != nil {
		t.Error(target, err)
	}
	if _, err := p.Readlink("top"); err != volume.ErrNoLink {
		t.Error(err)
	}
}

func TestAFolderIsListedWithWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name   string
		system system
		folder string
		want   []string
		err    string
	}{
		{"all that there is, by name", files, "a", []string{"abs", "b", "loop", "out", "to b", "up"}, "<nil>"},
		{"through a link", files, "a/to b", []string{"file"}, "<nil>"},
		{"what is left out", system{"a": "", "bad": "", "c": ""}, ".", []string{"a", "c"}, errWrong.Error()},
		{"what is before an error", system{"a": "", "broken": "", "c": ""}, ".", []string{"a"}, errWrong.Error()},
		{"a volume that is not read", system{"": ""}, ".", nil, errWrong.Error()},
		{"a file", files, "top", nil, volume.ErrNoFolder.Error()},
		{"nothing", files, "none", nil, fs.ErrNotExist.Error()},
	} {
		t.Run(row.name, func(t *testing.T) {
			entries, err := volume.NewPaths[node](row.system).ReadDir(row.folder)
			var got []string
			for _, e := range entries {
				got = append(got, e.Name())
			}
			if diff := cmp.Diff(row.want, got); diff != "" || fmt.Sprint(err) != row.err {
				t.Error(diff, err)
			}
		})
	}
}

func TestAWalkMeetsEverythingOnce(t *testing.T) {
	var got []string
	for f, err := range volume.Walk[node](system{"a": "/", "a/b": "/", "a/b/broken": "", "a/b/c": "", "a/d": "d", "e": "->a"}) {
		if err != nil {
			got = append(got, f.Path+": "+err.Error())
		} else {
			got = append(got, f.Path)
		}
	}
	if diff := cmp.Diff([]string{"a", "a/b", "a/b: something is wrong", "a/d", "e"}, got); diff != "" {
		t.Error(diff)
	}
	for _, err := range volume.Walk[node](system{"": ""}) {
		if err != errWrong {
			t.Error(err)
		}
	}
}
