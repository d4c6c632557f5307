package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// npmPack downloads a package with npm, which knows of proxies, mirrors and
// registries' credentials. Nothing of the package is run.
func npmPack(ctx context.Context, spec, dir string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "npm", "pack", "--ignore-scripts", "--fetch-retries=1", "--pack-destination", dir, spec)
	cmd.Stderr = &stderr
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("npm is not installed; the corpus tests need the npm registry")
	case err != nil:
		return "", fmt.Errorf("npm: %s; the corpus tests need the npm registry", npmReason(stderr.String(), err))
	}
	tgz, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(tgz) != 1 {
		return "", fmt.Errorf("npm pack left %d .tgz files, not one", len(tgz))
	}
	return tgz[0], nil
}

// npmReason picks out of what npm printed the line that says what is wrong: the
// first error of more than a word and a code, such as "code ENOTFOUND".
func npmReason(stderr string, err error) string {
	for line := range strings.Lines(stderr) {
		text, ok := strings.CutPrefix(line, "npm error ")
		if !ok {
			text, ok = strings.CutPrefix(line, "npm ERR! ") // before npm 10
		}
		if ok && len(strings.Fields(text)) > 2 {
			return strings.TrimSpace(text)
		}
	}
	return err.Error()
}
