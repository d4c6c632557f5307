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
	"internal/cli":          {"approval", "audit", "check", "compare", "docs", "entitlement", "internal/event", "internal/git", "internal/github", "internal/inorder", "internal/near", "internal/sanitise", "internal/scan", "internal/sshsig", "policy", "report", "source"},
	"audit":                 {"approval", "check", "internal/canonical", "internal/github", "internal/inorder", "internal/sanitise", "internal/scan", "internal/sshsig", "policy", "report"},
	"internal/scan":         {"artifact", "check", "codesign", "codesign/requirement", "entitlement", "evidence", "internal/archive", "internal/boundedplist", "macho", "profile", "seal"},
	"report":                {"approval", "check", "codesign", "compare", "docs", "entitlement", "evidence", "internal/canonical", "internal/inorder", "internal/sanitise", "macho", "policy", "profile"},
	"compare":               {"codesign", "entitlement", "evidence", "internal/inorder", "policy"},
	"internal/canonical":    {"internal/inorder"},
	"internal/inorder":      {},
	"check":                 {"approval", "codesign", "codesign/requirement", "entitlement", "evidence", "internal/inorder", "macho", "policy", "profile", "seal", "source"},
	"source":                {"entitlement", "internal/inorder"},
	"approval":              {"internal/sshsig", "policy"},
	"codesign":              {"codesign/requirement", "entitlement", "internal/inorder", "macho"},
	"codesign/requirement":  {"internal/inorder"},
	"seal":                  {"codesign/requirement", "internal/boundedplist", "internal/inorder"},
	"profile":               {"codesign", "entitlement", "internal/boundedplist"},
	"evidence":              {"evidence/calls", "evidence/engines", "internal/inorder", "macho"},
	"evidence/engines":      {"internal/inorder"},
	"evidence/calls":        {"internal/inorder"},
	"artifact":              {"internal/apfs", "internal/archive", "internal/boundedplist", "internal/hfs", "internal/inorder", "internal/udif", "internal/volume", "macho"},
	"internal/apfs":         {"internal/archive", "internal/decmpfs", "internal/volume"},
	"internal/archive":      {"internal/inorder"},
	"internal/archivetest":  {},
	"internal/bzip2":        {},
	"internal/decmpfs":      {"internal/archive", "internal/lzfse"},
	"internal/hfs":          {"internal/archive", "internal/decmpfs", "internal/volume"},
	"internal/imagetest":    {},
	"internal/imagetools":   {"internal/udif"},
	"internal/lzfse":        {},
	"internal/udif":         {"internal/archive", "internal/boundedplist", "internal/bzip2", "internal/inorder", "internal/lzfse"},
	"internal/volume":       {"internal/archive", "internal/inorder"},
	"policy":                {"entitlement", "internal/inorder", "internal/near"},
	"macho":                 {"internal/inorder"},
	"entitlement":           {"internal/inorder", "internal/near"},
	"docs":                  {},
	"internal/sanitise":     {},
	"internal/boundedplist": {},
	"internal/machotest":    {},
	"internal/runner":       {},
	"internal/event":        {},
	"internal/git":          {},
	"internal/github":       {"internal/sanitise"},
	"internal/githubtest":   {},
	"internal/corpus":       {},
	"internal/near":         {},
	"internal/bench":        {"codesign", "internal/machotest", "macho"}, // a module of its own
	"internal/sshsig":       {"internal/sanitise"},
	"internal/torture":      {"check", "codesign", "entitlement", "evidence", "internal/archivetest", "internal/imagetest", "internal/scan", "macho", "policy"},
}

// pure packages open no file, know no clock and no network.
var pure = []string{"entitlement", "macho", "codesign", "codesign/requirement", "policy", "approval", "check", "report", "evidence", "evidence/calls", "evidence/engines", "profile", "source", "internal/event", "internal/sshsig", "internal/apfs", "internal/bzip2", "internal/decmpfs", "internal/hfs", "internal/lzfse", "internal/udif", "internal/volume", "compare", "internal/canonical", "internal/inorder"}

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
