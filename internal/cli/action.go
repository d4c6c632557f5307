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

	comments bool            // the input comment
	report   *check.Report   // nil: there is none
	differs  *report.Changes // from the baseline; nil: there is none
}

func newJob(env Env) *job {
	j := &job{env: env, outputs: map[string]string{
		"result": "error", "findings": "0", "unapproved": "0", "report": "", "sarif": "",
		"attestation": "", "predicate": "", "subjects": "",
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
	attest := attesting{file: j.inWorkspace(j.action.GetInput("attestation-file")), resource: j.action.GetInput("resource-uri")}
	if attest.file != "" {
		if err := attest.clear(j); err != nil { // before any other input is found wrong
			return err
		}
	}
	in, err := j.inputs()
	if err != nil {
		return err
	}
	if err := attest.begin(ctx, j.env, in.options, in.paths, j); err != nil {
		return err
	}
	r, err := runCheck(ctx, j.env, in.options, in.paths)
	if err != nil {
		return err
	}
	j.outputs["result"] = string(r.Result())
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
		if err := j.write(file.name, func(w io.Writer) error { return file.write(w, r, Version()) }); err != nil {
			return fmt.Errorf("%s-file: %w", file.output, err)
		}
		j.outputs[file.output] = file.name
	}
	var other error // that the baseline is not what it is said to be is told beside the verdict
	if j.differs, other = j.changes(ctx, in.baseline, r); j.differs != nil {
		fmt.Fprintf(j.env.Stdout, "\ncodewarrant: what %s changes in what the app may do\n", j.differs.By)
		if err := report.ChangesText(sanitise.Log(j.env.Stdout), j.differs, report.TextOptions{}); err != nil {
			return err
		}
	}
	if in.summary {
		text, err := j.markdown(r, report.SummaryLimit)
		if err != nil {
			return err
		}
		if err := j.appendTo("GITHUB_STEP_SUMMARY", func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
			return err
		}
	}
	j.report = r
	if other != nil {
		return other
	}
	// At the end, so that no run that fails otherwise leaves one.
	switch written, err := attest.finish(ctx, j.env, r, in.options.policy, j); {
	case err != nil:
		return err
	case written:
		for i, name := range attestationFiles(attest.file) {
			j.outputs[[]string{"attestation", "predicate", "subjects"}[i]] = name
		}
	}
	return exitOf(r)
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

// write writes a file into the workspace, and nowhere else, whatever
// links a pull request may have put there. What it creates belongs to the owner
// of the folder it is in: the steps after this one do not run as root.
func (j *job) write(name string, write func(io.Writer) error) error {
	root, err := workspaceOf(name)
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
	temp := path.Join(path.Dir(name), temporary+rand.Text())
	f, err := root.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	err = buffered(f, write)
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

// remove removes a file in the workspace.
func (j *job) remove(name string) error {
	root, err := workspaceOf(name)
	if err != nil {
		return err
	}
	defer root.Close()
	return root.Remove(name)
}

// open opens a file in the workspace.
func (j *job) open(name string) (fs.File, error) {
	root, err := workspaceOf(name)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Open(name)
}

// workspaceOf opens the workspace, for a name that is inside of it.
func workspaceOf(name string) (*os.Root, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%s is not inside the workspace", name)
	}
	return os.OpenRoot(".")
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
		for _, name := range []string{"result", "findings", "unapproved", "report", "sarif", "attestation", "predicate", "subjects"} {
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
