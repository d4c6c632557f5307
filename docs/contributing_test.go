package docs_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What CONTRIBUTING.md says of make is what the Makefile has, in its order, and its map has
// each package.
func TestContributingNamesEachTargetAndPackage(t *testing.T) {
	page := read(t, "../CONTRIBUTING.md")
	var targets, told []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(read(t, "../Makefile"), -1) {
		targets = append(targets, m[1])
	}
	for _, row := range table(t, page, "| command | what it does |") {
		told = append(told, strings.TrimPrefix(row[0], "make "))
	}
	if diff := cmp.Diff(targets, told); diff != "" {
		t.Errorf("targets (-Makefile +CONTRIBUTING.md):\n%s", diff)
	}
	_, places, _ := strings.Cut(page, "\n## Where things are\n")
	places, _, _ = strings.Cut(places, "\nImports run one way:")
	for _, dir := range packages(t) {
		if !strings.Contains(places, " "+dir+"/") {
			t.Errorf("where %s is, is not said", dir)
		}
	}
}
