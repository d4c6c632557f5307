package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A policy is in the repository that is checked out around the current folder, whatever
// a change made of the folders below it.
func TestPlaceOf(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{
		"repo/.git", "repo/.github", "repo/app", "repo/module/.git", // with a submodule
		"work/src/.git", "work/src/.github", "work/policies/.git", // checked out into folders of the workspace
		".git/work", "elsewhere",
	} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"repo/.github/codewarrant.yml", "elsewhere/policy.yml"} {
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"repo/link.yml": "elsewhere/policy.yml", "elsewhere/link.yml": "repo/.github/codewarrant.yml", "alias": "repo"} {
		if err := os.Symlink(filepath.Join(dir, to), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	type answer struct {
		Root  string // below dir
		Names []string
		Named bool
	}
	for _, tt := range []struct {
		what      string
		cwd, name string // DIR stands for dir
		workspace string
		want      answer
		inside    bool
	}{
		{"where policies are looked for", "repo", "", "", answer{"repo", []string{".github/codewarrant.yml", "codewarrant.yml"}, false}, true},
		{"from a folder of the checkout", "repo/app", "", "", answer{"repo", []string{"app/.github/codewarrant.yml", "app/codewarrant.yml"}, false}, true},
		{"a policy that is named", "repo", ".github/codewarrant.yml", "", answer{"repo", []string{".github/codewarrant.yml"}, true}, true},
		{"one that is named in another way", "repo/app", "./../app/../policy.yml", "", answer{"repo", []string{"policy.yml"}, true}, true},
		{"one with its whole path", "repo", "DIR/repo/policy.yml", "", answer{"repo", []string{"policy.yml"}, true}, true},
		{"one with another path to the checkout", "repo", "DIR/alias/.github/codewarrant.yml", "", answer{"repo", []string{".github/codewarrant.yml"}, true}, true},
		{"one in a submodule", "repo", "module/policy.yml", "", answer{"repo", []string{"module/policy.yml"}, true}, true},
		{"one that is a link to outside", "repo", "link.yml", "", answer{"repo", []string{"link.yml"}, true}, true},
		{"one to which a link leads from outside", "repo", "DIR/elsewhere/link.yml", "", answer{"repo", []string{".github/codewarrant.yml"}, true}, true},
		{"one outside", "repo", "DIR/elsewhere/policy.yml", "", answer{}, false},
		{"one above", "repo", "../policy.yml", "", answer{}, false},
		{"a preset", "repo", "preset:strict", "", answer{}, false},
		{"in a submodule, which is the repository there", "repo/module", "", "", answer{"repo/module", []string{".github/codewarrant.yml", "codewarrant.yml"}, false}, true},
		{"in a submodule, in a job", "repo/module", "", "DIR/repo", answer{"repo", []string{"module/.github/codewarrant.yml", "module/codewarrant.yml"}, false}, true},
		{"a policy above a submodule, in a job", "repo/module", "../policy.yml", "DIR/repo", answer{"repo", []string{"policy.yml"}, true}, true},
		{"a policy in a checkout elsewhere than the workspace", "repo/module", "policy.yml", "DIR/work", answer{"repo/module", []string{"policy.yml"}, true}, true},
		{"a checkout in a folder", "work", "src/.github/codewarrant.yml", "DIR/work", answer{"work/src", []string{".github/codewarrant.yml"}, true}, true},
		{"no checkout at all", "work", "", "DIR/work", answer{"work", []string{".github/codewarrant.yml", "codewarrant.yml"}, false}, true},
		{"a policy in no checkout", "work", "policy.yml", "DIR/work", answer{"work", []string{"policy.yml"}, true}, true},
		{"nothing is above the workspace", "work", "../policy.yml", "DIR/work", answer{}, false},
	} {
		t.Run(tt.what, func(t *testing.T) {
			in := func(s string) string {
				if rest, ok := strings.CutPrefix(s, "DIR/"); ok {
					return filepath.Join(dir, rest)
				}
				return s
			}
			t.Chdir(filepath.Join(dir, tt.cwd))
			env := Env{Getenv: func(string) string { return in(tt.workspace) }}
			got, ok, err := placeOf(env, in(tt.name))
			if err != nil {
				t.Fatal(err)
			}
			root := ""
			if ok {
				if root, err = filepath.Rel(dir, got.root); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tt.want, answer{root, got.names, got.named}); diff != "" || ok != tt.inside {
				t.Errorf("inside: %t (-want +got):\n%s", ok, diff)
			}
		})
	}
}
