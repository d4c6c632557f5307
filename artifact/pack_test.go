package artifact

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/archive"
	at "github.com/codewarrant/codewarrant/internal/archivetest"
)

// listed is a format of these entries.
func listed(entries ...archive.Entry) *archive.Format {
	return &archive.Format{List: func(io.ReaderAt, int64) iter.Seq2[archive.Entry, error] {
		return func(yield func(archive.Entry, error) bool) {
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
		}
	}}
}

func (n *node) count() int {
	sum := 1
	for _, c := range n.children {
		sum += c.count()
	}
	return sum
}

// What is made of an entry does not grow with what its header claims.
func TestPackBoundsWhatAnEntryMakes(t *testing.T) {
	deep := func(parts int) string { return strings.Repeat("a/", parts-1) + "f" }
	longest := strings.Repeat("n", maxPath)
	for _, tt := range []struct {
		name  string
		entry archive.Entry
		nodes int // and the root
		want  []string
	}{
		{"as many folders as there may be", archive.Entry{Name: deep(maxParts)}, maxParts, nil},
		{"one more", archive.Entry{Name: deep(maxParts + 1)}, 0, []string{
			"unreadable: an entry in 128 folders inside each other, of which 127 are read, so it was not looked at: " + fmt.Sprintf("%.80q", deep(maxParts)),
		}},
		{"a name as long as it may be", archive.Entry{Name: longest}, 1, nil},
		{"one of a byte more", archive.Entry{Name: longest + "n"}, 0, []string{
			"unreadable: an entry whose name has 1025 bytes, of which 1024 are read, so it was not looked at: " + fmt.Sprintf("%.80q", longest),
		}},
		{"a name of folders without end", archive.Entry{Name: deep(1 << 20)}, 0, []string{
			"unreadable: an entry whose name has 2097151 bytes, of which 1024 are read, so it was not looked at: " + fmt.Sprintf("%.80q", deep(99)),
		}},
		{"a hard link to one", archive.Entry{Name: "l", Hard: deep(1 << 20)}, 0, []string{
			"unreadable: an entry whose name has 2097151 bytes, of which 1024 are read, so it was not looked at: " + fmt.Sprintf("%.80q", deep(99)),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			p := newPack(listed(tt.entry), inMemory{}, 0, newLimits(t.Context()), func(err error) bool {
				got = append(got, string(kindOf(err))+": "+err.Error())
				return true
			})
			runtime.ReadMemStats(&after)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if n := p.root.count() - 1; n != tt.nodes {
				t.Errorf("there are %d nodes, want %d", n, tt.nodes)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
				t.Errorf("it took %d bytes", n)
			}
		})
	}
}

// Entries that make no node are charged like others.
func TestPackEndsWhereEntriesWithoutANameAreTooMany(t *testing.T) {
	told := 0
	left := newLimits(t.Context())
	newPack(listed(make([]archive.Entry, maxIndex/ofNode+9)...), inMemory{}, 0, left, func(error) bool {
		told++
		return true
	})
	if left.passed() == nil || told > maxIndex/ofNode {
		t.Errorf("%d were told of, and the limit is %v", told, left.passed())
	}
}

func TestPackFollowsNoLinkToALongPath(t *testing.T) {
	link := func(length int) archive.Entry {
		return archive.Entry{Name: fmt.Sprint(length), Mode: fs.ModeSymlink, Link: strings.Repeat("./", length/2)}
	}
	p := newPack(listed(link(maxPath), link(maxPath+2)), inMemory{}, 0, newLimits(t.Context()), func(err error) bool {
		t.Error(err)
		return true
	})
	for name, want := range map[string]string{"1024": "<nil>", "1026": "a link to a path of 1026 bytes"} {
		_, read := p.Readlink(name)
		if reach := p.Reach(name); fmt.Sprint(reach) != want || fmt.Sprint(read) != want {
			t.Errorf("%s: %v, %v", name, reach, read)
		}
	}
}

// Folders in each other are not named before there is something to tell of them.
func TestPackTakesNoMemoryForPathsOfFolders(t *testing.T) {
	var entries []archive.Entry
	for i := range 200 {
		entries = append(entries, archive.Entry{Name: fmt.Sprintf("%d/", i) + strings.Repeat("folder/", maxParts-2) + "f"})
	}
	p := newPack(listed(entries...), inMemory{}, 0, newLimits(t.Context()), func(error) bool { return false })
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p.collisions(nil, p.root, func(err error) bool {
		t.Error(err)
		return true
	})
	runtime.ReadMemStats(&after)
	if n, most := after.TotalAlloc-before.TotalAlloc, uint64(1000*p.root.count()); n > most {
		t.Errorf("it took %d bytes, of which %d are for %d nodes", n, most, p.root.count())
	}
}

// What is unpacked to see what it is goes on to be unpacked, and does not begin anew.
func TestAnEntryIsUnpackedOnce(t *testing.T) {
	content := machO + noise(3*maxHead)
	zip := bytes.NewReader(at.Zip(at.Files{"a": content}))
	f, err := archive.Recognise(zip, zip.Size(), nil, true)
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range f.List(zip, zip.Size()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, whole := range []bool{false, true} {
			e.Whole = whole
			u := newUnpacker(t.Context())
			c, size, err := u.open(e, zip)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(io.NewSectionReader(c, 0, size))
			if err != nil || string(got) != content {
				t.Errorf("%d bytes of %d: %v", len(got), size, err)
			}
			if used := maxUnpacked - u.left.Load(); used != size {
				t.Errorf("%d bytes were unpacked for %d", used, size)
			}
			c.Close()
		}
	}
}
