//go:build html

package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHTMLInABrowser opens pages in a real browser and tells what is wrong with them by
// testdata/browser.mjs: what the browser or axe-core complains of, what it would fetch,
// filters that do not filter. scripts/html-tools gets what it needs.
func TestHTMLInABrowser(t *testing.T) {
	dir := t.TempDir()
	for name, parts := range map[string][]Part{
		"clean": {PartOf("", clean(t))}, "acme": {PartOf("", acme(t))}, "hostile": {PartOf("", hostile(t))}, "empty": {PartOf("", reports(t)["empty"])},
		"several": organisation(t, 4), "organisation": organisation(t, 200),
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(asHTML(t, parts...)), 0o644); err != nil {
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
