package runner

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// runnerUID is the user that owns the workspace on GitHub's hosted Linux runners.
const runnerUID = 1001

// repository is the one that the emulated job belongs to.
const repository = "octo/demo"

// pushed is the event of a push to the default branch, as far as an action may care.
const pushed = `{"ref":"refs/heads/main","repository":{"full_name":"` + repository + `","default_branch":"main"}}`

// mapping is a folder of this machine that the container sees under another name.
type mapping struct{ host, container string }

// job is the runner's side of a job: its folders, laid out as
// /home/runner/work is.
type job struct {
	pipeline  string // the folder that the workspace is in
	workspace string
	temp      string
	commands  string // folder of the file commands
	suffix    string // of this step's file commands
	event     string // file with the event
	name      string // of the event
	paths     []mapping
}

func newJob(o Options) (*job, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	temp := filepath.Join(dir, "_temp")
	pipeline := filepath.Join(dir, filepath.Base(repository))
	j := &job{
		pipeline:  pipeline,
		workspace: filepath.Join(pipeline, filepath.Base(repository)),
		temp:      temp,
		commands:  filepath.Join(temp, "_runner_file_commands"),
		suffix:    randomHex(),
		event:     filepath.Join(temp, "_github_workflow", "event.json"),
		name:      o.EventName,
	}
	if j.name == "" {
		j.name = "push"
	}
	// The order in which ContainerActionHandler.cs looks a path up.
	j.paths = []mapping{
		{j.workspace, "/github/workspace"},
		{j.commands, "/github/file_commands"},
		{filepath.Join(temp, "_github_workflow"), "/github/workflow"},
		{filepath.Join(temp, "_github_home"), "/github/home"},
		{temp, "/github/runner_temp"},
	}
	if err := j.layOut(o); err != nil {
		return nil, fmt.Errorf("job's folders: %w", err)
	}
	return j, own(dir, runnerUID)
}

func (j *job) layOut(o Options) error {
	for _, m := range j.paths {
		if err := os.MkdirAll(m.host, 0o755); err != nil {
			return err
		}
	}
	if err := os.CopyFS(j.workspace, os.DirFS(o.Workspace)); err != nil {
		return err
	}
	event := o.Event
	if len(event) == 0 {
		event = []byte(pushed)
	}
	if err := os.WriteFile(j.event, event, 0o644); err != nil {
		return err
	}
	for _, c := range fileCommands {
		if err := os.WriteFile(filepath.Join(j.commands, c.prefix+j.suffix), nil, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// own gives a folder and all in it to a user.
func own(dir string, uid int) error {
	others, err := notOwned(dir, uid)
	for _, name := range others {
		if err == nil {
			err = os.Lchown(filepath.Join(dir, name), uid, uid)
		}
	}
	return err
}

// notOwned returns what in a folder, the folder itself included, belongs to
// another user, sorted.
func notOwned(dir string, uid int) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || int(s.Uid) != uid {
			rel, err := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
			return err
		}
		return nil
	})
	return names, err
}

func toContainer(paths []mapping, s string) string {
	for _, m := range paths {
		if s == m.host || strings.HasPrefix(s, m.host+"/") {
			return m.container + s[len(m.host):]
		}
	}
	return s
}

func toHost(paths []mapping, s string) string {
	for _, m := range paths {
		if s == m.container || strings.HasPrefix(s, m.container+"/") {
			return m.host + s[len(m.container):]
		}
	}
	return s
}

func randomHex() string {
	var b [8]byte
	rand.Read(b[:]) // never fails: see crypto/rand
	return hex.EncodeToString(b[:])
}
