package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codewarrant/codewarrant/policy"
)

// tellMisplaced says of a file that was probably meant for the policy that it is not
// looked at, so that the default preset applies in its place.
func tellMisplaced(env Env) {
	dirs := []string{"."}
	if cwd, err := os.Getwd(); err == nil {
		if root, ok := rootAbove(cwd, env.Getenv("GITHUB_WORKSPACE")); ok {
			if up, err := filepath.Rel(cwd, root); err == nil && up != "." {
				dirs = append(dirs, up)
			}
		}
	}
	for _, dir := range dirs {
		for _, name := range policyFiles {
			for _, there := range []string{name, strings.TrimSuffix(name, ".yml") + ".yaml"} {
				there := filepath.ToSlash(filepath.Join(dir, there))
				if info, err := os.Stat(there); err != nil || info.IsDir() {
					continue
				}
				fmt.Fprintf(env.Stderr, "codewarrant: warning: %s is not looked at, and %s%s applies\nhint: name it with --policy %[1]s, or put it where it is looked for from here: %[4]s\n",
					there, policy.PresetPrefix, policy.DefaultPreset, strings.Join(policyFiles, " or "))
				return
			}
		}
	}
}
