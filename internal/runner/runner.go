// Package runner runs a container action on this machine as GitHub's runner
// would, so that the action's tests meet the mounts, the environment, the file
// owners and the command parser that its users meet.
//
// It follows actions/runner 2.336.0: Handlers/ContainerActionHandler.cs (mounts
// and environment), ActionCommand.cs and ActionCommandManager.cs (commands in
// the output), FileCommandManager.cs (files that set outputs, variables and the
// job summary), ExecutionContext.cs (annotations), all under
// https://github.com/actions/runner/tree/main/src.
//
// It evaluates no expression but ${{ github.token }} as a default, and does not run
// `pre` and `post` entry points, or apply problem matchers; an action that uses them is
// refused or told in Result.Errors.
package runner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Options says which action runs, on what, and how.
type Options struct {
	Action    string            // folder of the action.yml
	Workspace string            // folder that is copied to be the job's workspace
	Inputs    map[string]string // the step's `with:`
	Env       map[string]string // the `env:` of workflow, job and step
	Event     []byte            // the event's JSON; a push to the default branch when empty
	EventName string            // push when empty
	Ref       string            // refs/heads/main when empty
	Token     string            // of the job; one that no server knows when empty
	APIURL    string            // https://api.github.com when empty

	Image      string   // image to run; when empty it is built from the action's Dockerfile
	Engine     string   // docker when empty
	BuildFlags []string // more flags for `build`
	RunFlags   []string // more flags for `run`

	// Dir is an empty folder of the caller's that takes the job's workspace and
	// temporary files. The engine must see it under the same path.
	Dir string
}

// Result is what GitHub would know of the step after it.
type Result struct {
	Exit       int    // of the container
	Conclusion string // success or failure

	Outputs map[string]string
	Env     map[string]string // for later steps
	State   map[string]string // for the action's post step
	Paths   []string          // for later steps' PATH

	Commands    []Command // every workflow command that was obeyed, in order
	Annotations []Annotation

	Summary      string // as it is uploaded: empty when it is over the limit
	SummaryBytes int    // as it was written

	Log      string   // both streams as the job's log shows them
	Errors   []string // the runner's own complaints; some fail the step
	Warnings []string

	Workspace       string   // the workspace after the step, on this machine
	FilesNotRunners []string // files in it that the runner's user does not own, sorted
}

// Run runs the action's main entry point once. The error tells that there was no
// step to judge: no action.yml, no engine, a failed build. A step that failed is
// a Result.
func Run(ctx context.Context, o Options) (*Result, error) {
	m, err := ReadManifest(o.Action)
	if err != nil {
		return nil, err
	}
	j, err := newJob(o)
	if err != nil {
		return nil, err
	}
	inputs, warnings := m.inputs(o.Inputs)
	image, err := o.image(ctx, m)
	if err != nil {
		return nil, err
	}
	if o.Token == "" {
		o.Token = jobToken
	}
	for name, value := range inputs {
		if value == tokenExpression {
			inputs[name] = o.Token
		}
	}
	l := newListener(j.paths, secrets(o))
	l.result.Warnings = warnings
	r := l.result
	r.Exit, err = o.run(ctx, image, m, inputs, j, l)
	if err != nil {
		return nil, err
	}
	ok := readFileCommands(j, l) && !l.failed && r.Exit == 0
	r.Conclusion = "failure"
	if ok {
		r.Conclusion = "success"
	}
	r.Workspace = j.workspace
	r.FilesNotRunners, err = notOwned(j.workspace, runnerUID)
	r.Log = l.log.String()
	return r, err
}

// image returns the image that the step runs, built when it has to be.
func (o Options) image(ctx context.Context, m *Manifest) (string, error) {
	if o.Image != "" {
		return o.Image, nil
	}
	if name, ok := m.registryImage(); ok {
		return name, nil
	}
	dockerfile := filepath.Join(o.Action, m.Runs.Image)
	if _, err := os.Stat(dockerfile); err != nil {
		return "", fmt.Errorf("image of the action: %w", err)
	}
	tag := "codewarrant-runner:" + randomHex()
	return tag, Build(ctx, o.Engine, dockerfile, tag, o.BuildFlags...)
}
