package artifact

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	at "github.com/codewarrant/codewarrant/internal/archivetest"
)

// Of a script no more than two bytes are asked for, and a file may have fewer.
func TestPackedFileMayBeShorterThanWhatIsAskedFor(t *testing.T) {
	pkg := at.Xar(at.Files{
		"PackageInfo": `<pkg-info identifier="com.acme.app" version="1.0"/>`,
		"Scripts":     string(at.Zip(at.Files{"none": "", "one": "#", "two": "#!"})),
	}, nil)
	want := []string{"x.pkg", "x.pkg/Scripts/two: script: a script that the Installer runs as root"}
	if diff := cmp.Diff(want, named(t, "x.pkg", pkg)); diff != "" {
		t.Error(diff)
	}
}
