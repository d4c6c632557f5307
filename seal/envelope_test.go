package seal_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"howett.net/plist"

	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/seal"
)

func sha256of(s string) []byte {
	hash := sha256.Sum256([]byte(s))
	return hash[:]
}

const listName = "Contents/_CodeSignature/CodeResources"

func TestVerifyRefusesListsThatMakeNoSense(t *testing.T) {
	files2 := func(v any) []byte {
		return machotest.XML("files2", v, "rules2", machotest.Dict{"^.*", true})
	}
	for _, row := range []struct {
		name string
		list []byte
		want string // what follows the kind and the path
	}{
		{"nothing", nil, "empty property list"},
		{"another root", machotest.Plist([]any{}), "not a dictionary"},
		{"nothing in it", machotest.XML(), "lacks files or the rules that belong to them"},
		{"files without rules", machotest.XML("files", machotest.Dict{}), "lacks files or the rules that belong to them"},
		{"more requirements than there is room for", machotest.XML("rules2", machotest.Dict{}, "files2", machotest.Dict{
			"a", machotest.Dict{"requirement", strings.Repeat("!", 1<<20)}, "b", machotest.Dict{"requirement", "!"},
		}), "requirements of 1048577 bytes in all; the limit is 1048576"},
		{"files2 with the rules of files", machotest.XML("files", machotest.Dict{}, "rules", machotest.Dict{}, "files2", machotest.Dict{}), "lacks files or the rules that belong to them"},
		{"files2 that is an array", files2([]any{}), "files2 is not a dictionary"},
		{"rules that are none, beside rules2", machotest.XML("files2", machotest.Dict{}, "rules2", machotest.Dict{}, "rules", true), "rules is not a dictionary"},
		{"the same file twice", files2(machotest.Dict{"a", make([]byte, 20), "a", make([]byte, 20)}), `duplicate key "a"`},
		{"OpenStep", []byte("{files={};rules={};}"), "neither an XML nor a binary property list"},
		{"more than is read", append(files2(machotest.Dict{}), make([]byte, 16<<20)...), "bytes, more than 16777216"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := acme(t, machotest.Sealer{})
			put(m.MapFS, listName, string(row.list))
			r := verify(t, m)
			if len(r.Problems) != 1 || r.Problems[0].Path != listName || !strings.Contains(r.Problems[0].Detail, row.want) || r.Files > 0 {
				t.Errorf("%d files, problems %q, want %q", r.Files, lines(r), row.want)
			}
		})
	}
}

func TestVerifyTellsOfEntriesThatMakeNoSense(t *testing.T) {
	hash := machotest.Dict{"hash2", make([]byte, 32)}
	for _, row := range []struct {
		name  string
		file  string
		entry any
		want  []string
	}{
		{"a string", "Resources/app.asar", "x", []string{"malformed: Contents/Resources/app.asar: in the seal: neither data nor a dictionary"}},
		{"nothing in it", "Resources/app.asar", machotest.Dict{}, []string{"malformed: Contents/Resources/app.asar: in the seal: neither a hash, a link nor a requirement"}},
		{"a hash of unknown type alone", "Resources/app.asar", machotest.Dict{"hash9", make([]byte, 32)}, []string{"malformed: Contents/Resources/app.asar: in the seal: neither a hash, a link nor a requirement"}},
		{"a hash of another length", "Resources/app.asar", machotest.Dict{"hash2", make([]byte, 20)}, []string{"malformed: Contents/Resources/app.asar: in the seal: hash2 is not data of 32 bytes"}},
		{"no bytes of hash", "Resources/app.asar", machotest.Dict{"hash2", []byte{}}, []string{"malformed: Contents/Resources/app.asar: in the seal: hash2 is not data of 32 bytes"}},
		{"a hash that is a string", "Resources/app.asar", machotest.Dict{"hash", "x"}, []string{"malformed: Contents/Resources/app.asar: in the seal: hash is not data of 20 bytes"}},
		{"optional that is a string", "Resources/app.asar", machotest.Dict{"optional", "yes", "hash2", make([]byte, 32)}, []string{"malformed: Contents/Resources/app.asar: in the seal: optional is not a boolean"}},
		{"a link that is data", "Resources/first", machotest.Dict{"symlink", []byte("a")}, []string{"malformed: Contents/Resources/first: in the seal: symlink is not a path of at most 1024 bytes"}},
		{"a link that is too long", "Resources/first", machotest.Dict{"symlink", strings.Repeat("a/", 513)}, []string{"malformed: Contents/Resources/first: in the seal: symlink is not a path of at most 1024 bytes"}},
		{"a requirement that is a boolean", "MacOS/helper", machotest.Dict{"requirement", true}, []string{"malformed: Contents/MacOS/helper: in the seal: requirement is not a string"}},
		{"a requirement that is empty", "MacOS/helper", machotest.Dict{"requirement", ""}, []string{"malformed: Contents/MacOS/helper: in the seal: requirement: the requirement ends too early"}},
		{"a requirement in another language", "MacOS/helper", machotest.Dict{"requirement", "designated => always"}, []string{`malformed: Contents/MacOS/helper: in the seal: requirement: "designated" where a condition belongs`}},
		{"one of two hashes is wrong", "Resources/app.asar", machotest.Dict{"hash", make([]byte, 20), "hash2", sha256of("asar")}, []string{"changed: Contents/Resources/app.asar: not the content that was sealed"}},
		{"a requirement for a file is that of code", "Resources/app.asar", machotest.Dict{"requirement", "anchor apple"}, nil},
		{"a hash for a bundle", "Frameworks/A.framework", hash, []string{"changed: Contents/Frameworks/A.framework: a folder, sealed as a file"}},
		{"what the rules leave out", "Info.plist", machotest.Dict{"hash2", sha256of("info")}, []string{"missing: Contents/Info.plist: sealed, but the rules leave it out: macOS does not look for it"}},
		{"the main executable", "MacOS/Acme", machotest.Dict{"hash2", sha256of("main executable")}, []string{"missing: Contents/MacOS/Acme: sealed, but the rules leave it out: macOS does not look for it"}},
		{"a name above the bundle", "../../etc/passwd", hash, []string{"malformed: ../etc/passwd: in the seal: a name that no file in the bundle has"}},
		{"a name that goes up and down", "Resources/../Resources/app.asar", hash, []string{"malformed: Contents/Resources/app.asar: in the seal: a name that no file in the bundle has"}},
		{"an absolute name", "/etc/passwd", hash, []string{"malformed: Contents/etc/passwd: in the seal: a name that no file in the bundle has"}},
		{"a name that ends in a slash", "Resources/", hash, []string{"malformed: Contents/Resources: in the seal: a name that no file in the bundle has"}},
		{"no name", "", hash, []string{"malformed: Contents: in the seal: an empty name"}},
		{"a name of two lines", "Resources/a\nb", hash, []string{"missing: Contents/Resources/a\nb: sealed, but not there"}},
		{"two names of equal characters", "Resources/e\u0301", hash, []string{
			"missing: Contents/Resources/e\u0301: sealed, but not there",
			"malformed: Contents/Resources/\u00e9: in the seal: the same name as " + `"Resources/` + "e\u0301" + `" on macOS`,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := acme(t, machotest.Sealer{})
			s := resealer()
			s.Edit = func(root map[string]any) {
				files := root["files2"].(map[string]any)
				files[row.file] = row.entry
				if strings.Contains(row.file, "\u0301") {
					files["Resources/\u00e9"] = row.entry
				}
			}
			sealed(t, m.MapFS, s)
			if diff := cmp.Diff(row.want, lines(verify(t, m))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerifyTellsOfNamesThatNoFileHas(t *testing.T) {
	for _, row := range []struct{ name, file, want string }{
		{"a NUL, which only a binary list can have", "Resources/app.asar\x00.png", "a name that is not UTF-8, or has a NUL in it"},
		{"a NUL at the end", "MacOS/helper\x00", "a name that is not UTF-8, or has a NUL in it"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := acme(t, machotest.Sealer{})
			var root map[string]any
			if _, err := plist.Unmarshal(m.MapFS[listName].Data, &root); err != nil {
				t.Fatal(err)
			}
			root["files2"].(map[string]any)[row.file] = map[string]any{"hash2": sha256of("")}
			binary, err := plist.Marshal(root, plist.BinaryFormat)
			if err != nil {
				t.Fatal(err)
			}
			put(m.MapFS, listName, string(binary))
			want := []string{"malformed: Contents/" + row.file + ": in the seal: " + row.want}
			if diff := cmp.Diff(want, lines(verify(t, m))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerifyTellsOfHostileRules(t *testing.T) {
	many := map[string]any{}
	for i := range 40_000 {
		many[fmt.Sprintf("^%d", i)] = true
	}
	for _, row := range []struct {
		name  string
		rules map[string]any
		want  []string
	}{
		{"forty thousand of them", many, []string{
			"bad-rule: " + listName + ": 40000 rules with patterns of 228890 bytes; the limits are 100 and 4096",
		}},
		{"one that explodes", map[string]any{"^.*": true, "((((a{255}){255}){255}){255})": true}, []string{
			"bad-rule: " + listName + `: rule "((((a{255}){255}){255}){255})": bounds in braces are not supported`,
		}},
		{"one that leaves everything out", map[string]any{"^.*": map[string]any{"omit": true, "weight": 1e6}}, []string{
			"missing: Contents/Resources/app.asar: sealed, but the rules leave it out: macOS does not look for it",
			"weak-rules: " + listName + `: rule "^.*" leaves files out of the seal`,
		}},
		{"none", map[string]any{}, []string{
			"missing: Contents/Resources/app.asar: sealed, but the rules leave it out: macOS does not look for it",
			"weak-rules: " + listName + `: there is no rule "^.*", which seals all that no other rule is about`,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := acme(t, machotest.Sealer{})
			s := resealer()
			s.Edit = func(root map[string]any) {
				root["rules2"] = row.rules
				root["files2"] = map[string]any{"Resources/app.asar": root["files2"].(map[string]any)["Resources/app.asar"]}
			}
			sealed(t, m.MapFS, s)
			r := verify(t, m)
			var got []string
			for _, line := range lines(r) {
				if !strings.HasPrefix(line, string(seal.Unsealed)) {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
