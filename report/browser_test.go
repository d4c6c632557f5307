//go:build html

package report

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHTMLInABrowser opens pages in a real browser and tells what is wrong with them by
// testdata/browser.mjs: what the browser or axe-core complains of, what it would fetch,
// filters that do not filter. scripts/html-tools gets what it needs. HTML_PAGES names a folder
// in which the pages are kept, with a picture of each, to be looked at.
func TestHTMLInABrowser(t *testing.T) {
	dir := cmp.Or(os.Getenv("HTML_PAGES"), t.TempDir())
	for name, page := range map[string]string{
		"clean": asHTML(t, PartOf("", clean(t))), "acme": asHTML(t, PartOf("", acme(t))), "hostile": asHTML(t, PartOf("", hostile(t))),
		"empty": asHTML(t, PartOf("", reports(t)["empty"])), "several": asHTML(t, organisation(t, 4)...),
		"packed": asHTML(t, PartOf("", packed(t))),
		"merged": mergedHTML(t, manyReports(t)...), "organisation": mergedHTML(t, texts(t, 200)...),
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("node", "testdata/browser.mjs", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	looked := false
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if problem, ok := strings.CutPrefix(line, "problem: "); ok {
			t.Error(problem)
		} else {
			t.Log(line)
		}
		looked = looked || line == "done"
	}
	if !looked {
		t.Error("it did not come to its end")
	}
}
