package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// policyFiles are where a policy is looked for when none is named.
var policyFiles = []string{".github/codewarrant.yml", "codewarrant.yml"}

// invalidPolicy is a policy that could not be parsed, with its source.
type invalidPolicy struct {
	policy.Errors
	source []byte
	at     string // the trusted ref that it stands at; empty: it is in the workspace
}

// loadPolicy reads the policy of that name, or finds the one that is meant. What a
// policy says is printed where it is wrong, so one that comes with the code that is
// checked must not be a link to something else.
func loadPolicy(name string) (*policy.Policy, error) {
	if preset, ok := strings.CutPrefix(name, policy.PresetPrefix); ok {
		return policy.Preset(preset)
	}
	if name == "" {
		root, err := os.OpenRoot(".") // which no link leads out of
		if err != nil {
			return nil, err
		}
		defer root.Close()
		for _, candidate := range policyFiles {
			// Whatever is wrong with a file that is there is told; only its absence
			// leads on to the next.
			info, err := root.Lstat(candidate)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil && !info.Mode().IsRegular() {
				err = fmt.Errorf("%s is not a regular file", candidate)
			}
			if err != nil {
				return nil, hinted{fmt.Errorf("policy: %w", err), "name the policy with --policy"}
			}
			return loadPolicy(candidate)
		}
		return policy.Preset(policy.DefaultPreset)
	}
	src, err := workspace{}.ReadFile(name)
	if err != nil {
		return nil, hinted{fmt.Errorf("policy: %w", err), "give --policy a file, or one of " + strings.Join(presets(), ", ")}
	}
	return parsePolicy(filepath.ToSlash(name), src)
}

// parsePolicy parses a policy, and keeps its source to show what is wrong with it.
func parsePolicy(name string, src []byte) (*policy.Policy, error) {
	p, err := policy.Parse(name, src)
	var errs policy.Errors
	if errors.As(err, &errs) {
		return nil, invalidPolicy{Errors: errs, source: src}
	}
	return p, err
}

// presets are the built-in policies, as --policy takes them.
func presets() []string {
	names := policy.PresetNames()
	for i, name := range names {
		names[i] = policy.PresetPrefix + name
	}
	return names
}

// readBounded reads a regular file, and one byte over the limit at most, so that
// the reader behind it sees that there is too much.
func readBounded(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit+1))
}

func stageName(given string) string { return cmp.Or(given, policy.DefaultStage) }

// maxSources bounds the .entitlements files of one run, in bytes: a claim takes some
// kilobytes of memory until the report is written. Real files have one or two.
const maxSources = 2 << 20

// addSources reads the .entitlements files of that name into the input of a check,
// each once.
func addSources(in *check.Input, names []string) {
	left := maxSources
	seen := map[string]bool{}
	for _, name := range names {
		path := relative(name)
		if seen[path] {
			continue
		}
		seen[path] = true
		b, err := readBounded(name, entitlement.MaxSize)
		if left -= len(b); left < 0 && err == nil {
			err = fmt.Errorf("the .entitlements files of one run are more than %d bytes; check them in parts", maxSources)
		}
		if err != nil {
			in.Unread = append(in.Unread, check.Unread{Path: path, Err: err})
			continue
		}
		in.Sources = append(in.Sources, check.Source{Path: path, Inside: inside(path), Source: entitlement.ReadSource(b)})
	}
}

// relative returns a path below the current folder relative to it, as a policy
// and a pull request name it; any other one as it is.
func relative(name string) string {
	if cwd, err := os.Getwd(); err == nil && filepath.IsAbs(name) {
		if rel, err := filepath.Rel(cwd, name); err == nil && filepath.IsLocal(rel) {
			name = rel
		}
	}
	return filepath.ToSlash(filepath.Clean(name))
}

// inside returns what a policy can match of a path that leads out of the current
// folder: what is below the folders above.
func inside(path string) string {
	path = strings.TrimPrefix(path, "/")
	for strings.HasPrefix(path, "../") {
		path = path[len("../"):]
	}
	return path
}
