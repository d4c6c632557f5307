package main

import (
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// graph is which packages of this module each package may import: the
// architecture. Imports run one way, from main to entitlement.
var graph = map[string][]string{
	".":                     {"internal/cli"},
	"internal/cli":          {"check", "docs", "entitlement", "internal/github", "internal/sanitise", "internal/scan", "policy", "report"},
	"internal/scan":         {"artifact", "check", "codesign", "internal/boundedplist", "macho", "seal"},
	"report":                {"check", "codesign", "docs", "entitlement", "internal/sanitise", "macho", "policy"},
	"check":                 {"codesign", "codesign/requirement", "entitlement", "macho", "policy", "seal"},
	"codesign":              {"codesign/requirement", "entitlement", "macho"},
	"codesign/requirement":  {},
	"seal":                  {"codesign/requirement", "internal/boundedplist"},
	"artifact":              {"internal/boundedplist", "macho"},
	"policy":                {"entitlement", "internal/near"},
	"macho":                 {},
	"entitlement":           {"internal/near"},
	"docs":                  {},
	"internal/sanitise":     {},
	"internal/boundedplist": {},
	"internal/machotest":    {},
	"internal/runner":       {},
	"internal/github":       {"internal/sanitise"},
	"internal/githubtest":   {},
	"internal/corpus":       {},
	"internal/near":         {},
	"internal/torture":      {"check", "codesign", "entitlement", "macho", "policy"},
}

// pure packages open no file, know no clock and no network.
var pure = []string{"entitlement", "macho", "codesign", "codesign/requirement", "policy", "check", "report"}

func TestImportsRunOneWay(t *testing.T) {
	const module = "github.com/codewarrant/codewarrant/"
	got := map[string][]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*/*.go", "*/*/*.go"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		pkg := path.Dir(filepath.ToSlash(file))
		if got[pkg] == nil {
			got[pkg] = []string{}
		}
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(pure, pkg) && slices.Contains([]string{"os", "os/exec", "net", "net/http", "path/filepath"}, name) {
				t.Errorf("%s imports %s: package %s is pure", file, name, pkg)
			}
			if inner, ok := strings.CutPrefix(name, module); ok && !slices.Contains(got[pkg], inner) {
				got[pkg] = append(got[pkg], inner)
			}
		}
	}
	for _, list := range got {
		slices.Sort(list)
	}
	if diff := cmp.Diff(graph, got); diff != "" {
		t.Error(diff)
	}
}
