package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/report"
)

// logFolds are the groups of a log of GitHub Actions, one for each artifact.
type logFolds struct {
	w         io.Writer
	artifacts []string // as they were given
}

// foldsOf returns the groups for what is written to w, which goes to standard output; nil
// where that is no log of GitHub Actions.
func foldsOf(env Env, w io.Writer, artifacts []string) report.Folds {
	if env.Getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	return logFolds{w, artifacts}
}

// Artifact returns the argument that a file was found by, the widest of several.
func (l logFolds) Artifact(path string) string {
	found := path
	for _, arg := range l.artifacts {
		at := filepath.ToSlash(filepath.Clean(arg))
		isPart := at == "." || path == at || strings.HasPrefix(path, strings.TrimSuffix(at, "/")+"/")
		if isPart && (found == path || len(arg) < len(found)) {
			found = arg
		}
	}
	return found
}

func (l logFolds) Begin(artifact string) error {
	_, err := fmt.Fprintf(l.w, "::group::%s\n", strings.ReplaceAll(sanitise.Text(artifact), "%", "%25")) // which the runner undoes
	return err
}

func (l logFolds) End() error {
	_, err := io.WriteString(l.w, "::endgroup::\n")
	return err
}
