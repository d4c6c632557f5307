package cli

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/codewarrant/codewarrant/policy"
)

// place is where a policy stands in the repository that is checked out.
type place struct {
	root  string   // absolute folder of the repository
	names []string // by which it is looked for from there, slash-separated
	named bool     // it was named, and is not merely where policies are looked for
	known bool     // root is a checkout, and not merely the current folder
	outer string   // a checkout that root lies in, where nothing tells which of them is meant
}

// placeOf returns the place of the policy of that name. Ok is false for a preset, and for a
// file that is in no checkout, nor in the workspace of a job.
//
// The repository is found from the current folder on, and not from the policy: a change
// may make any folder of it look like another repository, by a submodule, but none above.
// Where the workspace of a job is known, the outermost one in it is taken, since then the
// current folder may be one of those. A policy that is not in the repository around the
// current folder may be in another one all the same, see [placeElsewhere].
func placeOf(env Env, name string) (p place, ok bool, err error) {
	if strings.HasPrefix(name, policy.PresetPrefix) {
		return place{}, false, nil
	}
	cwd, err := os.Getwd()
	if err != nil {
		return place{}, false, err
	}
	root, found := rootAbove(cwd, env.Getenv("GITHUB_WORKSPACE"))
	if name == "" {
		if !found {
			root = cwd
		}
		rel, _ := below(root, cwd)
		for _, candidate := range policyFiles {
			p.names = append(p.names, path.Join(rel, candidate))
		}
		p.root, p.known = root, found
		return p, true, nil
	}
	file := name
	if !filepath.IsAbs(name) {
		file = filepath.Join(cwd, name)
	}
	if !found {
		root = rootBelow(cwd, file)
	}
	rel, ok := below(root, file)
	if !ok || isElsewhere(root, file, env.Getenv("GITHUB_WORKSPACE")) {
		p, ok = placeElsewhere(file, env.Getenv("GITHUB_WORKSPACE"))
		return p, ok, nil
	}
	return place{root: root, names: []string{rel}, named: true, known: isCheckout(root)}, true, nil
}

// isElsewhere reports whether a file stands, as it is written, in another checkout than
// root. Where a link in that one leads is said by that one, so that a change of it could
// choose a policy of root.
func isElsewhere(root, file, workspace string) bool {
	if rel, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(rel) {
		return false
	}
	other, found := rootAbove(filepath.Dir(file), workspace)
	return found && !same(other, root)
}

// placeElsewhere returns the place of a file from the file on upwards: in the outermost
// checkout in the workspace of a job, or in the workspace itself. What is outside of that
// is in no place. Without a workspace it is the checkout around the file, and if there are
// several, the change may have made the inner one.
func placeElsewhere(file, workspace string) (place, bool) {
	if workspace != "" {
		rel, ok := below(workspace, file)
		if !ok {
			return place{}, false
		}
		file = filepath.Join(workspace, filepath.FromSlash(rel))
		root, found := rootAbove(filepath.Dir(file), workspace)
		if found {
			rel, ok = below(root, file)
		} else {
			root = workspace
		}
		return place{root: root, names: []string{rel}, named: true, known: found}, ok
	}
	all := checkoutsAbove(filepath.Dir(file))
	if real, err := filepath.EvalSymlinks(file); err == nil {
		where := checkoutsAbove(filepath.Dir(real))
		if len(all) == 0 {
			file = real
		}
		if len(where) > len(all) {
			all = where
		}
	}
	if len(all) == 0 {
		return place{}, false
	}
	rel, ok := below(all[0], file)
	p := place{root: all[0], names: []string{rel}, named: true, known: true}
	if len(all) > 1 {
		p.outer = all[1]
	}
	return p, ok
}

// checkoutsAbove returns the folders from dir upwards that hold .git, the innermost first.
func checkoutsAbove(dir string) []string {
	var all []string
	for {
		if isCheckout(dir) {
			all = append(all, dir)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return all
		}
		dir = parent
	}
}

// rootAbove returns the folder from dir upwards that holds .git: the outermost one that is
// not above top, if dir is in top, and else the innermost.
func rootAbove(dir, top string) (root string, ok bool) {
	var all []string
	for {
		if isCheckout(dir) {
			all = append(all, dir)
		}
		parent := filepath.Dir(dir)
		inTop := same(dir, top)
		switch {
		case parent != dir && !inTop:
			dir = parent
			continue
		case len(all) == 0:
			return "", false
		case inTop:
			return all[len(all)-1], true
		}
		return all[0], true
	}
}

// rootBelow returns the outermost folder on the way from dir to a file that holds .git, as
// when actions/checkout was given a path; else dir.
func rootBelow(dir, file string) string {
	rel, ok := below(dir, file)
	if !ok {
		return dir
	}
	for i, c := range rel {
		if c == '/' && isCheckout(filepath.Join(dir, rel[:i])) {
			return filepath.Join(dir, rel[:i])
		}
	}
	return dir
}

func isCheckout(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// below returns the slash-separated path of a file from a folder it is in: as it is
// written, or else where its links lead.
func below(dir, file string) (rel string, ok bool) {
	for range 2 {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), true
		}
		var err error
		if dir, err = filepath.EvalSymlinks(dir); err != nil {
			return "", false
		}
		if real, err := filepath.EvalSymlinks(file); err == nil {
			file = real
		}
	}
	return "", false
}
