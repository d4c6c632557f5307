package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/codewarrant/codewarrant/policy"
)

// actionInputs are the inputs of action.yml.
type actionInputs struct {
	paths                 []string
	options               checkOptions
	summary, annotations  bool
	sarifFile, reportFile string
	baseline              baseline
}

func (j *job) inputs() (in actionInputs, err error) {
	in.options = checkOptions{
		policy: j.inWorkspace(j.action.GetInput("policy")),
		stage:  j.action.GetInput("stage"),
		failOn: j.action.GetInput("fail-on"), preflight: j.action.GetInput("preflight"),
		base: j.action.GetInput("base"),
	}
	in.sarifFile = j.inWorkspace(j.action.GetInput("sarif-file"))
	in.reportFile = j.inWorkspace(j.action.GetInput("report-file"))
	if in.summary, err = j.boolean("summary", true); err != nil {
		return in, err
	}
	if in.annotations, err = j.boolean("annotations", true); err != nil {
		return in, err
	}
	if j.comments, err = j.boolean("comment", false); err != nil {
		return in, err
	}
	if err := j.distinct(); err != nil {
		return in, err
	}
	if err := j.ownPolicy(in.options.policy); err != nil {
		return in, err
	}
	if in.options.sources, err = j.sources(); err != nil {
		return in, err
	}
	if in.baseline, err = j.baseline(); err != nil {
		return in, err
	}
	if in.paths, err = j.paths(len(in.options.sources) > 0); err != nil {
		return in, err
	}
	read := append(slices.Clone(in.paths), in.options.policy, in.baseline.path)
	if in.options.policy == "" {
		read = append(read, policyFiles...)
	}
	return in, j.replaces(read)
}

// outputFiles are the inputs that name files to be written.
var outputFiles = []string{"sarif-file", "report-file", "attestation-file"}

// written are the files that such an input has written.
func (j *job) written(input string) []string {
	name := j.inWorkspace(j.action.GetInput(input))
	switch {
	case name == "":
		return nil
	case input == "attestation-file":
		return attestationFiles(name)
	default:
		return []string{name}
	}
}

// replaces refuses a file to be written that is one of those that are read.
func (j *job) replaces(read []string) error {
	for _, input := range outputFiles {
		if name := among(j.written(input), read); name != "" {
			return hinted{fmt.Errorf("input %s: %s is what is read", input, name), "name another file"}
		}
	}
	return nil
}

// distinct refuses inputs of which two name the same file to be written.
func (j *job) distinct() error {
	by := map[string]string{}
	for _, input := range outputFiles {
		for _, name := range j.written(input) {
			name = filepath.Clean(name)
			if other := by[name]; other != "" {
				return fmt.Errorf("inputs %s and %s name the same file", other, input)
			}
			by[name] = input
		}
	}
	return nil
}

// sources returns the lines of the input sources.
func (j *job) sources() (list []string, err error) {
	for line := range strings.Lines(j.action.GetInput("sources")) {
		if line = j.inWorkspace(strings.TrimSpace(line)); line != "" {
			list = append(list, line)
		}
	}
	return list, j.own("sources", list)
}

// ownPolicy refuses a policy in the workspace that a pull request made a link: what
// is wrong with a policy is printed, and a link may lead to secrets.
func (j *job) ownPolicy(name string) error {
	if name == "" || strings.HasPrefix(name, policy.PresetPrefix) || filepath.IsAbs(name) {
		return nil
	}
	root, err := os.OpenRoot(".")
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // which is told when it is needed
	}
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		return fmt.Errorf("input policy: %w", err)
	}
	return nil
}

func (j *job) boolean(name string, byDefault bool) (bool, error) {
	switch v := j.action.GetInput(name); v {
	case "":
		return byDefault, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, fmt.Errorf("input %s: %q is not one of true, false", name, v)
	}
}

// paths expands the lines of the input path. A line that matches nothing is an
// error: a gate that looks at nothing passes nothing.
func (j *job) paths(optional bool) ([]string, error) {
	var list []string
	for line := range strings.Lines(j.action.GetInput("path")) {
		line = j.inWorkspace(strings.TrimSpace(line))
		if line == "" {
			continue
		}
		if _, err := os.Lstat(line); err == nil {
			list = append(list, line)
			continue
		}
		matches, err := doublestar.FilepathGlob(line, doublestar.WithFailOnIOErrors(), doublestar.WithNoFollow())
		if err != nil {
			return nil, fmt.Errorf("input path: %s: %w", line, err)
		}
		if len(matches) == 0 {
			return nil, hinted{
				fmt.Errorf("input path: %s matches nothing in the workspace", line),
				"was the build downloaded and unpacked before this step?",
			}
		}
		list = append(list, matches...)
	}
	if len(list) == 0 && !optional {
		return nil, hinted{errors.New("input path: no path is given"), "name what to check, one a line"}
	}
	return list, j.own("path", list)
}

// own refuses paths in the workspace that a pull request made links out of it: what
// is read is printed.
func (j *job) own(input string, list []string) error {
	root, err := os.OpenRoot(".")
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range list {
		if filepath.IsAbs(name) {
			continue // named so by the workflow
		}
		if _, err := root.Stat(name); err != nil {
			return fmt.Errorf("input %s: %s: %w", input, name, err)
		}
	}
	return nil
}

// inWorkspace makes a path inside the workspace relative to it. The runner
// translates its own path of the workspace into the container's only where an
// input begins with it, so the second line of one arrives as it is outside
// (ContainerActionHandler.cs in actions/runner).
func (j *job) inWorkspace(p string) string {
	_, repo := path.Split(j.env.Getenv("GITHUB_REPOSITORY"))
	for _, workspace := range []string{
		j.env.Getenv("GITHUB_WORKSPACE"),
		path.Join(j.env.Getenv("RUNNER_WORKSPACE"), repo),
	} {
		if !path.IsAbs(workspace) || workspace == "/" {
			continue
		}
		if p == workspace {
			return "."
		}
		if rest, ok := strings.CutPrefix(p, workspace+"/"); ok {
			return rest
		}
	}
	return p
}
