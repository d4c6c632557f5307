package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/sethvargo/go-githubactions"
	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// newAction is the entry of the GitHub Action (action.yml). It runs in the
// workspace and takes its inputs from the environment.
func newAction(env Env) *cobra.Command {
	return &cobra.Command{
		Use:    "action",
		Short:  "Run as a GitHub Action",
		Hidden: true,
		Args:   takesNothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return newJob(env).run(cmd.Context())
		},
	}
}

// job is one run of the action.
type job struct {
	env    Env
	action *githubactions.Action
	// commands collects workflow commands, since the library panics where it
	// cannot write.
	commands bytes.Buffer
	outputs  map[string]string

	comments bool          // the input comment
	report   *check.Report // nil: there is none
}

func newJob(env Env) *job {
	j := &job{env: env, outputs: map[string]string{
		"result": "error", "findings": "0", "unapproved": "0", "report": "", "sarif": "",
	}}
	j.action = githubactions.New(githubactions.WithWriter(&j.commands), githubactions.WithGetenv(env.Getenv))
	return j
}

// run does the work. Whatever comes of it, the outputs are written.
func (j *job) run(ctx context.Context) error {
	err := j.check(ctx)
	var s status
	if err != nil && !errors.As(err, &s) {
		j.complain(err)
		j.outputs["result"] = "error" // whatever the check came to
		err = status(exitUsage)
	}
	if j.comments {
		j.comment(ctx, j.report)
	}
	if werr := j.writeOutputs(); werr != nil {
		j.complain(werr)
		err = status(exitUsage)
	}
	return err
}

// check judges what the inputs name and writes every report that they ask for,
// before the verdict fails the step.
func (j *job) check(ctx context.Context) error {
	in, err := j.inputs()
	if err != nil {
		return err
	}
	r, err := runCheck(ctx, j.env, in.options, in.paths)
	if err != nil {
		return err
	}
	j.outputs["result"] = map[check.Result]string{check.Pass: "pass", check.Fail: "fail", check.Unreadable: "error"}[r.Result()]
	j.outputs["findings"], j.outputs["unapproved"] = strconv.Itoa(len(r.Findings)), strconv.Itoa(r.Unapproved())
	text := report.TextOptions{Folds: foldsOf(j.env, j.env.Stdout, in.paths)}
	if err := report.Text(sanitise.Log(j.env.Stdout), r, text); err != nil {
		return err
	}
	if in.annotations {
		if err := report.GitHub(j.env.Stdout, r); err != nil {
			return err
		}
	}
	for _, file := range []struct {
		output, name string
		write        func(w io.Writer, r *check.Report, version string) error
	}{{"report", in.reportFile, report.JSON}, {"sarif", in.sarifFile, report.SARIF}} {
		if file.name == "" {
			continue
		}
		if err := j.writeReport(file.name, r, file.write); err != nil {
			return fmt.Errorf("%s-file: %w", file.output, err)
		}
		j.outputs[file.output] = file.name
	}
	if in.summary {
		if err := j.appendTo("GITHUB_STEP_SUMMARY", func(w io.Writer) error { return report.Markdown(w, r, 0) }); err != nil {
			return err
		}
	}
	j.report = r
	return exitOf(r)
}

// actionInputs are the inputs of action.yml.
type actionInputs struct {
	paths                 []string
	options               checkOptions
	summary, annotations  bool
	sarifFile, reportFile string
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
	if in.sarifFile != "" && filepath.Clean(in.sarifFile) == filepath.Clean(in.reportFile) {
		return in, errors.New("inputs sarif-file and report-file name the same file")
	}
	if err := j.ownPolicy(in.options.policy); err != nil {
		return in, err
	}
	if in.options.sources, err = j.sources(); err != nil {
		return in, err
	}
	in.paths, err = j.paths(len(in.options.sources) > 0)
	return in, err
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

// complain shows an error in the log and as an annotation; those of a policy
// stand on their lines.
func (j *job) complain(err error) {
	tell(j.env, err)
	const most = report.MaxAnnotations
	var invalid invalidPolicy
	if !errors.As(err, &invalid) {
		j.annotate(nil, err.Error())
	}
	for i, e := range invalid.Errors {
		text := e.Message
		if i == most-1 && len(invalid.Errors) > most {
			text += fmt.Sprintf(" (and %d more errors, in the log)", len(invalid.Errors)-most)
		}
		if invalid.at == "" {
			j.annotate(shownAt(e), text)
		} else {
			j.annotate(nil, fmt.Sprintf("the policy of %s is not valid: %s: %s", invalid.at, e.Position, text))
		}
		if i == most-1 {
			break
		}
	}
	j.flush()
}

// shownAt returns where in the checkout an error is shown: in the policy that leads to it
// when that comes from another repository.
func shownAt(e *policy.ParseError) *policy.Position {
	if policy.IsFile(e.File) {
		return &e.Position
	}
	for i := range e.Related {
		if r := &e.Related[i]; policy.IsFile(r.File) && r.Line > 0 {
			return &r.Position
		}
	}
	return nil
}

func (j *job) annotate(at *policy.Position, text string) {
	fields := map[string]string{"title": "codewarrant"}
	if at != nil {
		fields["file"], fields["line"], fields["col"] = at.File, strconv.Itoa(at.Line), strconv.Itoa(at.Column)
	}
	j.action.WithFieldsMap(fields).Errorf("%s", sanitise.Text(text))
}

// writeReport writes a report into the workspace, and nowhere else, whatever
// links a pull request may have put there. What it creates belongs to the owner
// of the folder it is in: the steps after this one do not run as root.
func (j *job) writeReport(name string, r *check.Report, write func(io.Writer, *check.Report, string) error) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%s is not inside the workspace", name)
	}
	root, err := os.OpenRoot(".")
	if err != nil {
		return err
	}
	defer root.Close()
	name = filepath.ToSlash(filepath.Clean(name))
	for i, c := range name {
		if c == '/' {
			if err := makeFolder(root, name[:i]); err != nil {
				return err
			}
		}
	}
	temp := fmt.Sprintf("%s.%s.part", name, rand.Text())
	f, err := root.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	err = buffered(f, func(w io.Writer) error { return write(w, r, Version()) })
	if err = errors.Join(err, f.Close()); err == nil {
		err = inherit(root, temp)
	}
	if err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	return nil
}

func makeFolder(root *os.Root, name string) error {
	if err := root.Mkdir(name, 0o755); errors.Is(err, os.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	return inherit(root, name)
}

// writeOutputs writes the outputs of the step. The form NAME=VALUE ends with the
// line, so that a value cannot be another output's beginning.
func (j *job) writeOutputs() error {
	return j.appendTo("GITHUB_OUTPUT", func(w io.Writer) error {
		for _, name := range []string{"result", "findings", "unapproved", "report", "sarif"} {
			if strings.ContainsAny(j.outputs[name], "\r\n") {
				return fmt.Errorf("output %s: a value of more than one line", name)
			}
			fmt.Fprintf(w, "%s=%s\n", name, j.outputs[name])
		}
		return nil
	})
}

// appendTo appends to the file that a variable of the runner's names; without the
// variable there is nobody to read it.
func (j *job) appendTo(variable string, write func(io.Writer) error) error {
	name := j.env.Getenv(variable)
	if name == "" {
		return nil
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	return errors.Join(err, f.Close())
}
