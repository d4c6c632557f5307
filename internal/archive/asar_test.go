package archive

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/codewarrant/codewarrant/internal/archivetest"
)

// What @electron/asar writes when it extracts such a link (disk.js, path.relative).
func TestALinkOfAnAsarLeadsToItsTargetFromItsFolder(t *testing.T) {
	for _, row := range []struct{ name, target, want string }{
		{"a file beside it", "A/Resources/main.js", "main.js"},
		{"a file further down", "A/Resources/b/c", "b/c"},
		{"a file in another folder", "A/MacOS/x", "../MacOS/x"},
		{"a file at the top", "x", "../../x"},
		{"a folder around it", "A", "../../A"},
		{"the folder that it is in", "A/Resources", "../Resources"},
		{"what is outside", "../x", "../../../x"},
		{"a way that is not the shortest, which may lead through a link", "A/Resources/b/../c", "../../A/Resources/b/../c"},
	} {
		t.Run(row.name, func(t *testing.T) {
			header := fmt.Sprintf(`{"files":{"A":{"files":{"Resources":{"files":{"link":{"link":%q}}}}}}}`, row.target)
			b := archivetest.AsarHeader(header)
			got := "nowhere"
			for e, err := range listAsar(bytes.NewReader(b), int64(len(b))) {
				if err != nil {
					t.Fatal(err)
				}
				if e.Name == "A/Resources/link" {
					got = e.Link
				}
			}
			if got != row.want {
				t.Errorf("leads to %q, want %q", got, row.want)
			}
		})
	}
}
