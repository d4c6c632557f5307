package seal_test

import (
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// linkFS is Contents of a tree, with its links.
type linkFS struct {
	fs.FS
	all fstest.MapFS
}

func (l linkFS) ReadLink(name string) (string, error)   { return l.all.ReadLink("Contents/" + name) }
func (l linkFS) Lstat(name string) (fs.FileInfo, error) { return l.all.Lstat("Contents/" + name) }

// flatten makes copies of what links lead to, as a tool does that follows them.
func flatten(t *testing.T, m fstest.MapFS, links ...string) {
	t.Helper()
	for _, link := range links {
		info, err := fs.Stat(m, link)
		if err != nil {
			t.Fatal(err)
		}
		copies := map[string][]byte{}
		if !info.IsDir() {
			copies[link], err = fs.ReadFile(m, link)
		} else {
			sub, _ := fs.Sub(m, link)
			err = fs.WalkDir(sub, ".", func(name string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					copies[link+"/"+name], err = fs.ReadFile(sub, name)
				}
				return err
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		delete(m, link)
		for name, data := range copies {
			put(m, name, string(data))
		}
	}
}

func TestVerifyTakesCopiesForLinks(t *testing.T) {
	for _, row := range []struct {
		name  string
		links []string
		edit  func(m fstest.MapFS)
		want  []string // Flattened, then problems
	}{
		{"a link to code", []string{"Contents/Frameworks/libb.dylib"}, nil, []string{"Contents/Frameworks/libb.dylib"}},
		{"a link to a folder", []string{"Contents/Resources/current"}, nil, []string{"Contents/Resources/current"}},
		{
			"a link by way of another",
			[]string{"Contents/Resources/first", "Contents/Resources/current"},
			nil,
			[]string{"Contents/Resources/current", "Contents/Resources/first"},
		},
		{
			"a copy that was changed",
			[]string{"Contents/Frameworks/libb.dylib"},
			func(m fstest.MapFS) { put(m, "Contents/Frameworks/libb.dylib", "evil") },
			[]string{`changed: Contents/Frameworks/libb.dylib: no copy of "Contents/Frameworks/libb.1.dylib", to which a link should be here: has other content`},
		},
		{
			"a copied folder with a file more",
			[]string{"Contents/Resources/current"},
			func(m fstest.MapFS) { put(m, "Contents/Resources/current/deep/evil", "code") },
			[]string{`changed: Contents/Resources/current: no copy of "Contents/Resources/data", to which a link should be here: deep: has other content`},
		},
		{
			"a copied folder with a file changed",
			[]string{"Contents/Resources/current"},
			func(m fstest.MapFS) { put(m, "Contents/Resources/current/deep/b", "B") },
			[]string{`changed: Contents/Resources/current: no copy of "Contents/Resources/data", to which a link should be here: deep: b: has other content`},
		},
		{
			"both the copy and its original changed",
			[]string{"Contents/Resources/first"},
			func(m fstest.MapFS) {
				put(m, "Contents/Resources/first", "evil")
				put(m, "Contents/Resources/data/a", "evil")
			},
			[]string{"Contents/Resources/first", "changed: Contents/Resources/data/a: not the content that was sealed"},
		},
		{
			"a copy of what is gone",
			[]string{"Contents/Frameworks/libb.dylib"},
			func(m fstest.MapFS) { delete(m, "Contents/Frameworks/libb.1.dylib") },
			[]string{
				"missing: Contents/Frameworks/libb.1.dylib: sealed as code",
				`changed: Contents/Frameworks/libb.dylib: no copy of "Contents/Frameworks/libb.1.dylib", to which a link should be here: file does not exist`,
			},
		},
		{
			"a folder where a link leads into the system", nil,
			func(m fstest.MapFS) {
				delete(m, "Contents/Resources/fonts")
				put(m, "Contents/Resources/fonts/f", "font")
			},
			[]string{`changed: Contents/Resources/fonts: sealed as a link to "/System/Library/Fonts"`},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := acme(t, machotest.Sealer{})
			flatten(t, m.MapFS, row.links...)
			if row.edit != nil {
				row.edit(m.MapFS)
			}
			r := verify(t, m)
			if diff := cmp.Diff(row.want, append(r.Flattened, lines(r)...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerifyTellsOfLinksToWhatIsNotSealed(t *testing.T) {
	for _, row := range []struct{ name, target, want string }{
		{"to a sealed file", "data/deep/../a", ""},
		{"to the main executable", "../MacOS/Acme", ""},
		{"to nested code", "../Frameworks/A.framework/Versions/A/A", ""},
		{"to the bundle itself", "..", ""},
		{"out of the seal", "../../outside", "is outside of the seal"},
		{"out of the seal through a link", "current/../../../../outside", "is outside of the seal"},
		{"to what a rule leaves out", ".DS_Store", "the rules leave out of the seal"},
		{"to the receipt", "../_MASReceipt/receipt", "the rules leave out of the seal"},
		{"to a place of the user", "/Users/Shared/lib", "is no place of the system"},
		{"to a place that only begins like one of the system", "/System/../tmp/lib", "is no place of the system"},
		{"on to an absolute path", "fonts/f", "leads on to an absolute path"},
		{"to itself", "new", "leads in a circle"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := acme(t, machotest.Sealer{})
			put(m.MapFS, "Contents/Resources/new", "-> "+row.target)
			sealed(t, m.MapFS, resealer())
			var want []string
			if row.want != "" {
				want = []string{fmt.Sprintf("bad-link: Contents/Resources/new: leads to %q, which %s", row.target, row.want)}
			}
			if diff := cmp.Diff(want, lines(verify(t, m))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// resealer seals acme again.
func resealer() machotest.Sealer {
	code := machotest.Sealed{Requirement: "anchor apple"}
	return machotest.Sealer{
		Executable: "MacOS/Acme",
		Code: map[string]machotest.Sealed{
			"MacOS/helper": code, "Frameworks/A.framework": code, "Frameworks/libb.1.dylib": code,
		},
	}
}

func TestVerifyDoesNotTakeLinksInACircleForCopies(t *testing.T) {
	m := acme(t, machotest.Sealer{})
	put(m.MapFS, "Contents/Resources/x", "-> y")
	put(m.MapFS, "Contents/Resources/y", "-> x")
	sealed(t, m.MapFS, resealer())
	put(m.MapFS, "Contents/Resources/x", "evil")
	put(m.MapFS, "Contents/Resources/y", "evil")
	want := []string{
		`changed: Contents/Resources/x: sealed as a link to "y", which leads in a circle`,
		`changed: Contents/Resources/y: sealed as a link to "x", which leads in a circle`,
	}
	if diff := cmp.Diff(want, lines(verify(t, m))); diff != "" {
		t.Error(diff)
	}
}
