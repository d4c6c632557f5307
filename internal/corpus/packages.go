package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// npmPackage is one line of packages.tsv.
type npmPackage struct {
	Name, Version string
	SHA256        string // of the .tgz, lower-case hexadecimal
	Large         bool   // left out unless asked for
}

// Spec names the package as npm does.
func (p npmPackage) Spec() string { return p.Name + "@" + p.Version }

// Folder is the name of the folder it is unpacked into, which is that of its .tgz.
func (p npmPackage) Folder() string {
	return strings.ReplaceAll(strings.TrimPrefix(p.Name, "@"), "/", "-") + "-" + p.Version
}

// stamp is the file in an unpacked package that holds the SHA-256 of its .tgz.
const stamp = ".sha256"

// Have reports whether dir holds the package, whole.
func (p npmPackage) Have(dir string) bool {
	sum, err := os.ReadFile(filepath.Join(dir, p.Folder(), stamp))
	return err == nil && string(sum) == p.SHA256
}

// readPackages reads the list of packages: columns between tabs, and comments.
func readPackages(path string) ([]npmPackage, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var pkgs []npmPackage
	for i, line := range strings.Split(string(b), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		p, err := parsePackage(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) == 0 {
		return nil, fmt.Errorf("%s: no package in it", path)
	}
	return pkgs, nil
}

func parsePackage(line string) (npmPackage, error) {
	col := strings.Split(line, "\t")
	if len(col) != 4 {
		return npmPackage{}, fmt.Errorf("%d columns, not 4: name, version, SHA-256, core or large", len(col))
	}
	if sum, err := hex.DecodeString(col[2]); err != nil || len(sum) != 32 {
		return npmPackage{}, fmt.Errorf("%q is no SHA-256", col[2])
	}
	if col[3] != "core" && col[3] != "large" {
		return npmPackage{}, fmt.Errorf("%q is neither core nor large", col[3])
	}
	return npmPackage{Name: col[0], Version: col[1], SHA256: col[2], Large: col[3] == "large"}, nil
}

// core returns the packages that are not large.
func core(pkgs []npmPackage) []npmPackage {
	var list []npmPackage
	for _, p := range pkgs {
		if !p.Large {
			list = append(list, p)
		}
	}
	return list
}
