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
	outside, err := filepath.EvalSymlinks(t.TempDir())
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
	for _, file := range []string{"repo/.github/codewarrant.yml", "elsewhere/policy.yml", "work/src/policy.yml", "work/policies/lax.yml"} {
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"repo/link.yml": "elsewhere/policy.yml", "elsewhere/link.yml": "repo/.github/codewarrant.yml", "alias": "repo", "work/src/lax.yml": "work/policies/lax.yml"} {
		if err := os.Symlink(filepath.Join(dir, to), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "work"), filepath.Join(outside, "work")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(outside, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		Root  string // below dir
		Names []string
		Named bool
		Known bool
		Outer string // below dir
	}
	for _, tt := range []struct {
		what      string
		cwd, name string // DIR stands for dir, and OUT for a folder outside of it
		workspace string
		want      answer
		inside    bool
	}{
		{"where policies are looked for", "repo", "", "", answer{"repo", []string{".github/codewarrant.yml", "codewarrant.yml"}, false, true, ""}, true},
		{"from a folder of the checkout", "repo/app", "", "", answer{"repo", []string{"app/.github/codewarrant.yml", "app/codewarrant.yml"}, false, true, ""}, true},
		{"a policy that is named", "repo", ".github/codewarrant.yml", "", answer{"repo", []string{".github/codewarrant.yml"}, true, true, ""}, true},
		{"one that is named in another way", "repo/app", "./../app/../policy.yml", "", answer{"repo", []string{"policy.yml"}, true, true, ""}, true},
		{"one with its whole path", "repo", "DIR/repo/policy.yml", "", answer{"repo", []string{"policy.yml"}, true, true, ""}, true},
		{"one with another path to the checkout", "repo", "DIR/alias/.github/codewarrant.yml", "", answer{"repo", []string{".github/codewarrant.yml"}, true, true, ""}, true},
		{"one in a submodule", "repo", "module/policy.yml", "", answer{"repo", []string{"module/policy.yml"}, true, true, ""}, true},
		{"one that is a link to outside", "repo", "link.yml", "", answer{"repo", []string{"link.yml"}, true, true, ""}, true},
		{"one to which a link leads from another checkout", "repo", "DIR/elsewhere/link.yml", "", answer{"repo", []string{".github/codewarrant.yml"}, true, true, "."}, true},
		{"one to which a link leads from a checkout beside, in a job", "work/policies", "../src/lax.yml", "DIR/work", answer{"work/src", []string{"lax.yml"}, true, true, ""}, true},
		{"one outside", "repo", "OUT/policy.yml", "", answer{}, false},
		{"one above", "repo", "../policy.yml", "", answer{".", []string{"policy.yml"}, true, true, ""}, true},
		{"one in another checkout", "OUT/", "DIR/repo/.github/codewarrant.yml", "", answer{"repo", []string{".github/codewarrant.yml"}, true, true, "."}, true},
		{"one below the current folder, by a link", "OUT/", "work/src/policy.yml", "", answer{"work/src", []string{"policy.yml"}, true, true, ""}, true},
		{"one by a link that leads past a checkout", "OUT/below", "../work/src/policy.yml", "", answer{"work/src", []string{"policy.yml"}, true, true, "."}, true},
		{"one in the workspace, named from a checkout beside", "work/policies", "../src/.github/codewarrant.yml", "DIR/work", answer{"work/src", []string{".github/codewarrant.yml"}, true, true, ""}, true},
		{"one in the workspace, named from outside", "OUT/", "DIR/repo/module/policy.yml", "DIR/repo", answer{"repo", []string{"module/policy.yml"}, true, true, ""}, true},
		{"one in the workspace by a link", "OUT/", "work/src/policy.yml", "DIR/work", answer{"work/src", []string{"policy.yml"}, true, true, ""}, true},
		{"one in the workspace and in no checkout", "work/src", "../policy.yml", "DIR/work", answer{"work", []string{"policy.yml"}, true, false, ""}, true},
		{"one in a checkout outside of the workspace", "work", "DIR/repo/policy.yml", "DIR/work", answer{}, false},
		{"a preset", "repo", "preset:strict", "", answer{}, false},
		{"in a submodule, which is the repository there", "repo/module", "", "", answer{"repo/module", []string{".github/codewarrant.yml", "codewarrant.yml"}, false, true, ""}, true},
		{"in a submodule, in a job", "repo/module", "", "DIR/repo", answer{"repo", []string{"module/.github/codewarrant.yml", "module/codewarrant.yml"}, false, true, ""}, true},
		{"a policy above a submodule, in a job", "repo/module", "../policy.yml", "DIR/repo", answer{"repo", []string{"policy.yml"}, true, true, ""}, true},
		{"a policy in a checkout elsewhere than the workspace", "repo/module", "policy.yml", "DIR/work", answer{"repo/module", []string{"policy.yml"}, true, true, ""}, true},
		{"a checkout in a folder", "work", "src/.github/codewarrant.yml", "DIR/work", answer{"work/src", []string{".github/codewarrant.yml"}, true, true, ""}, true},
		{"no checkout at all", "work", "", "DIR/work", answer{"work", []string{".github/codewarrant.yml", "codewarrant.yml"}, false, false, ""}, true},
		{"a policy in no checkout", "work", "policy.yml", "DIR/work", answer{"work", []string{"policy.yml"}, true, false, ""}, true},
		{"nothing is above the workspace", "work", "../policy.yml", "DIR/work", answer{}, false},
	} {
		t.Run(tt.what, func(t *testing.T) {
			in := func(s string) string {
				if rest, ok := strings.CutPrefix(s, "DIR/"); ok {
					return filepath.Join(dir, rest)
				}
				if rest, ok := strings.CutPrefix(s, "OUT/"); ok {
					return filepath.Join(outside, rest)
				}
				return s
			}
			cwd := in(tt.cwd)
			if cwd == tt.cwd {
				cwd = filepath.Join(dir, cwd)
			}
			t.Chdir(cwd)
			env := Env{Getenv: func(string) string { return in(tt.workspace) }}
			got, ok, err := placeOf(env, in(tt.name))
			if err != nil {
				t.Fatal(err)
			}
			rel := func(folder string) string {
				if folder == "" {
					return ""
				}
				if folder, err = filepath.EvalSymlinks(folder); err == nil {
					folder, err = filepath.Rel(dir, folder)
				}
				if err != nil {
					t.Fatal(err)
				}
				return folder
			}
			if diff := cmp.Diff(tt.want, answer{rel(got.root), got.names, got.named, got.known, rel(got.outer)}); diff != "" || ok != tt.inside {
				t.Errorf("inside: %t (-want +got):\n%s", ok, diff)
			}
		})
	}
}
