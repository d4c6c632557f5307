package docs_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	at "github.com/codewarrant/codewarrant/internal/archivetest"
	"github.com/codewarrant/codewarrant/policy"
)

// What the workflows pack they check as it is: a packed tar is held against the seals of
// the bundles in it as a folder is, with its links, so that nothing has to unpack it.
func TestABundleInAPackedTarIsHeldAgainstItsSeal(t *testing.T) {
	pages := frameworkPages(t)
	p := pages[slices.IndexFunc(pages, func(p frameworkPage) bool { return p.name == "frameworks/electron.md" })]
	by := &signing{authority: newAuthority()}
	a := by.app(t, p.layout, p.claims)
	for _, tt := range []struct {
		name   string
		change func(at.Files)
		want   []string
	}{
		{"as it was signed", func(at.Files) {}, nil},
		{"with a resource that was changed", func(f at.Files) { f["Acme.app/Contents/Resources/app.asar"] += " " }, []string{check.RuleBrokenSeal}},
		{"with a file that was added", func(f at.Files) { f["Acme.app/Contents/Resources/added.js"] = "run()" }, []string{check.RuleBrokenSeal}},
		{"with a link that leads elsewhere", func(f at.Files) {
			f["Acme.app/Contents/Frameworks/Electron Framework.framework/Resources"] = "-> Versions/Current/Libraries"
		}, []string{check.RuleBrokenSeal}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := a.files(t)
			tt.change(files)
			a.write(t, "Acme.app.tar.gz", at.Gzip(at.Tar(files)), 0o644)
			var got []string
			for _, f := range p.findings(t, by, a, policy.DefaultStage, "Acme.app.tar.gz") {
				if f.Level != policy.Note {
					got = append(got, f.Rule)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, slices.Compact(got)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// What a workflow packs is what it uploads, checks and publishes.
func TestWorkflowsCheckWhatTheyPack(t *testing.T) {
	files, err := filepath.Glob("workflows/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	checked := regexp.MustCompile(`(?m)^ +path: artifact/(\S+)`)
	packed := 0
	for _, file := range files {
		src := read(t, file)
		for _, m := range checked.FindAllStringSubmatch(src, -1) {
			packed++
			if !strings.Contains(src, "tar -C build -czf "+m[1]+" ") || !strings.Contains(src, "path: "+m[1]+"\n") {
				t.Errorf("%s checks %s, and does not pack and upload it", file, m[1])
			}
		}
		if strings.Contains(src, "tar -x") || strings.Contains(src, "-xzf") {
			t.Errorf("%s unpacks what can be checked as it is", file)
		}
	}
	if packed != 2 {
		t.Errorf("%d archives are checked", packed)
	}
}
