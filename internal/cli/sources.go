package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/codewarrant/codewarrant/check"
	sources "github.com/codewarrant/codewarrant/source"
)

// addTrees looks through the folders of --sources, and puts what it finds into the input of
// a check. What two of them have in common is there once.
func addTrees(in *check.Input, dirs []string) error {
	for _, dir := range dirs {
		path := relative(dir)
		if dir == "" {
			return hinted{errors.New("--sources is empty"), "is a variable not set?"}
		}
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			return hinted{fmt.Errorf("--sources %s: it is not a folder", dir), "name the folder of the project; an .entitlements file is given as a path"}
		}
		root, err := os.OpenRoot(dir) // which no link leads out of
		if err != nil {
			in.Unread = append(in.Unread, check.Unread{Path: path, Err: err, Hint: "name the folder of the project"})
			continue
		}
		tree := sources.Read(root.FS(), path)
		root.Close()
		if tree.Empty() {
			in.Empty = append(in.Empty, check.Unread{Path: path, Err: errors.New("no .entitlements file was found here, and no project that names one")})
		}
		addTree(in, tree)
	}
	return nil
}

func addTree(in *check.Input, tree *sources.Tree) {
	for _, f := range tree.Files {
		if !slices.ContainsFunc(in.Sources, func(s check.Source) bool { return s.Path == f.Path }) {
			in.Sources = append(in.Sources, check.Source{Path: f.Path, Inside: check.Inside(f.Path), Source: f.Source})
		}
	}
	before := in.Signings // in one tree, several projects may be built with one configuration
	for _, g := range tree.Signings {
		if !slices.ContainsFunc(before, func(o sources.Signing) bool { return o.Place == g.Place && o.Name() == g.Name() }) {
			in.Signings = append(in.Signings, g)
		}
	}
	for _, p := range tree.Problems {
		if !slices.Contains(in.Unresolved, p) {
			in.Unresolved = append(in.Unresolved, p)
		}
	}
}
