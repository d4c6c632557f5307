package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Build builds an image as the runner does before it runs an action: the context
// is the Dockerfile's folder. The error holds what the engine said.
func Build(ctx context.Context, engine, dockerfile, tag string, flags ...string) error {
	args := slices.Concat([]string{"build"}, flags, []string{"-t", tag, "-f", dockerfile, filepath.Dir(dockerfile)})
	out, err := exec.CommandContext(ctx, engineName(engine), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("building %s: %w\n%s", dockerfile, err, out)
	}
	return nil
}

// run runs the container, its output going to the listener, and returns its exit code.
func (o Options) run(ctx context.Context, image string, m *Manifest, inputs map[string]string, j *job, l *listener) (int, error) {
	env := environment(o, m, inputs, j)
	cmd := exec.CommandContext(ctx, engineName(o.Engine), o.arguments(image, m, inputs, env, j)...)
	cmd.Dir = j.workspace
	cmd.Env = os.Environ()
	for _, name := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, name+"="+env[name])
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	var outErr, errErr error
	wg.Go(func() { outErr = l.listen(stdout) })
	wg.Go(func() { errErr = l.listen(stderr) })
	wg.Wait()
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), errors.Join(outErr, errErr)
	}
	return 0, errors.Join(err, outErr, errErr)
}

// arguments is DockerCommandManager.DockerRun: variables go by name, so that no
// value is on the command line.
func (o Options) arguments(image string, m *Manifest, inputs, env map[string]string, j *job) []string {
	args := []string{
		"run", "--name", "codewarrant_runner_" + j.suffix, "--label", "codewarrant-runner",
		"--workdir", "/github/workspace", "--rm",
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		args = append(args, "-e", name)
	}
	entrypoint := m.Runs.Entrypoint
	if entrypoint == "" {
		entrypoint = inputs["entrypoint"]
	}
	if entrypoint != "" {
		args = append(args, "--entrypoint", entrypoint)
	}
	args = append(args, "-v", engineSocket()+":/var/run/docker.sock")
	for _, p := range slices.Backward(j.paths) {
		args = append(args, "-v", p.host+":"+p.container)
	}
	args = append(args, o.RunFlags...)
	args = append(args, image)
	if m.Runs.Args == nil {
		return append(args, strings.Fields(inputs["args"])...)
	}
	return append(args, m.Runs.Args...)
}

// engineSocket is what every container action gets to see: the engine's socket.
func engineSocket() string {
	if path, ok := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://"); ok {
		return path
	}
	return "/var/run/docker.sock"
}

func engineName(name string) string {
	if name == "" {
		return "docker"
	}
	return name
}
