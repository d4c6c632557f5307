//go:build unix

package actiontest

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/githubtest"
)

// release builds the program of this machine once, as a release has it.
var release = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "codewarrant")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", name, ".")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return os.ReadFile(name)
})

// asset is the program of this machine as a release names it.
var asset = "codewarrant_v1.2.3_" + runtime.GOOS + "_" + runtime.GOARCH

// nativeRun is one run of the native action.
type nativeRun struct {
	exit                 int
	log, outputs, report string
	left                 []string // below RUNNER_TEMP
}

// runNative runs the step of native/action.yml as GitHub's runner does: the script in a file,
// bash with the flags that `shell: bash` stands for, inputs in the environment that the step
// gives them. checksums is the list of the commit.
func runNative(t *testing.T, workspace, checksums string, inputs map[string]string, env ...string) nativeRun {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"action", "runner's temp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c, action, temp := native(t), filepath.Join(dir, "action"), filepath.Join(dir, "runner's temp")
	script, err := os.ReadFile(filepath.Join(root, "native/run.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"run.sh": string(script), "checksums.txt": checksums, "step.sh": c.Runs.Steps[0].Run} {
		if err := os.WriteFile(filepath.Join(action, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	output := filepath.Join(dir, "output")
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", filepath.Join(action, "step.sh"))
	cmd.Dir = workspace
	// No server but that of the test is reached: others are asked for through a proxy that is not there.
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "https_proxy=http://127.0.0.1:9", "no_proxy=127.0.0.1",
		"GITHUB_ACTION_PATH=" + action, "GITHUB_OUTPUT=" + output, "RUNNER_TEMP=" + temp, "GITHUB_WORKSPACE=" + workspace,
		"RUNNER_OS=" + map[string]string{"darwin": "macOS", "linux": "Linux"}[runtime.GOOS],
		"RUNNER_ARCH=" + map[string]string{"amd64": "X64", "arm64": "ARM64"}[runtime.GOARCH],
	}, env...)
	for name, in := range c.Inputs {
		value, given := inputs[name]
		if !given {
			value = strings.ReplaceAll(in.Default, "${{ github.token }}", "")
		}
		cmd.Env = append(cmd.Env, variable(name)+"="+value)
	}
	log, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	r := nativeRun{exit: cmd.ProcessState.ExitCode(), log: string(log)}
	if text, err := os.ReadFile(output); err == nil {
		r.outputs = string(text)
	}
	if text, err := os.ReadFile(filepath.Join(workspace, "out.json")); err == nil {
		r.report = string(text)
	}
	r.left, err = filepath.Glob(filepath.Join(temp, "*"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("exit %d, log:\n%s", r.exit, r.log)
		}
	})
	return r
}

const noOutputs = "result=error\nfindings=0\nunapproved=0\nreport=\nsarif=\n" + noAttestation

const noAttestation = "attestation=\npredicate=\nsubjects=\n"

// github plays a server with one release. The path of the program can lead to elsewhere.
func github(t *testing.T, program http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /codewarrant/codewarrant/releases/download/v1.2.3/"+asset, program)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func TestNativeAction(t *testing.T) {
	program, err := release()
	if err != nil {
		t.Fatal(err)
	}
	sends := func(w http.ResponseWriter, _ *http.Request) { w.Write(program) }
	store := httptest.NewServer(http.HandlerFunc(sends))
	defer store.Close()
	listed := fmt.Sprintf("%x  %s\n", sha256.Sum256(program), asset)
	other := strings.Repeat("0", 64) + "  codewarrant_v1.2.3_plan9_mips\n"
	failures := 0
	for _, tt := range []struct {
		name      string
		checksums string
		server    http.HandlerFunc
		inputs    map[string]string
		exit      int
		outputs   string
	}{
		{"a program with findings fails the step", other + listed, sends, map[string]string{"path": "pg_ctl"}, 1, "result=fail\nfindings=4\nunapproved=3\nreport=\nsarif=\n" + noAttestation},
		{
			"inputs with hyphens arrive", listed, sends,
			map[string]string{"path": "pg_ctl", "fail-on": "never", "report-file": "out.json", "sarif-file": "out.sarif"},
			0, "result=pass\nfindings=4\nunapproved=3\nreport=out.json\nsarif=out.sarif\n" + noAttestation,
		},
		{"an input of two lines arrives as such", listed, sends, map[string]string{"path": "nothing*\npg_ctl", "fail-on": "never"}, 2, noOutputs},
		{
			"what looks like commands is a path", listed, sends,
			map[string]string{"path": "$(touch out.json)`touch out.json`\"; touch out.json; '"},
			2, noOutputs,
		},
		{
			"the server may lead to where the program is", listed,
			func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, store.URL+"/anywhere", http.StatusFound)
			},
			map[string]string{"path": "pg_ctl", "fail-on": "never"},
			0, "result=pass\nfindings=4\nunapproved=3\nreport=\nsarif=\n" + noAttestation,
		},
		{
			"a server that is busy for once is asked again", listed,
			func(w http.ResponseWriter, r *http.Request) {
				if failures++; failures == 1 {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				sends(w, r)
			},
			map[string]string{"path": "pg_ctl", "fail-on": "never"},
			0, "result=pass\nfindings=4\nunapproved=3\nreport=\nsarif=\n" + noAttestation,
		},
		{"a list from Windows is read", strings.ReplaceAll(listed, "\n", "\r\n"), sends, map[string]string{"path": "pg_ctl", "fail-on": "never"}, 0, "result=pass\nfindings=4\nunapproved=3\nreport=\nsarif=\n" + noAttestation},
	} {
		t.Run(tt.name, func(t *testing.T) {
			workspace := files{"pg_ctl": pgCtl}.write(t)
			r := runNative(t, workspace, tt.checksums, tt.inputs, "GITHUB_SERVER_URL="+github(t, tt.server))
			if r.exit != tt.exit {
				t.Errorf("exit %d, want %d", r.exit, tt.exit)
			}
			if diff := cmp.Diff(tt.outputs, r.outputs); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
			if (r.report != "") != (tt.inputs["report-file"] != "") {
				t.Errorf("a report of %d bytes", len(r.report))
			}
		})
	}
}

// Nothing that is not the release is run: what the servers send here would make a file.
func TestNativeActionRunsNothingElse(t *testing.T) {
	evil := "#!/bin/sh\n: >\"$GITHUB_WORKSPACE/ran\"\n"
	sends := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, evil) }
	listed := strings.Repeat("a", 64) + "  " + asset + "\n"
	closed := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return "http://" + l.Addr().String()
	}()
	for _, tt := range []struct {
		name      string
		checksums string
		server    string
		env       string // one more variable
		want      string
	}{
		{"a commit that is no release", "", github(t, sends), "", "this commit of the action is not a release"},
		{"another program than the commit's", listed, github(t, sends), "", asset + " is not the release: its SHA-256 is " + fmt.Sprintf("%x", sha256.Sum256([]byte(evil))) + ", and the action's commit says aaaa"},
		{"a program that is cut short", listed, github(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, evil)
		}), "", "no answer (curl exits with 18); https://github.com/codewarrant/codewarrant/releases/download/v1.2.3/" + asset},
		{"a program that is too large", listed, github(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000000000")
			fmt.Fprint(w, evil)
		}), "", "no answer (curl exits with 63)"},
		{"a release without this program", strings.ReplaceAll(listed, asset, "codewarrant_v1.2.3_plan9_mips"), github(t, sends), "", "the release has no program for this runner, which would be codewarrant_VERSION_" + runtime.GOOS},
		{"a release that the server does not have", listed, github(t, http.NotFound), "", "the server answers 404, as for a release that was withdrawn"},
		{"a program that only some may read", listed, github(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }), "", "the server answers 403"},
		{"a redirect without end", listed, github(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }), "", "no answer (curl exits with 47)"},
		{"a redirect to a file", listed, github(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "file:///bin/sh")
			w.WriteHeader(302)
		}), "", "no answer (curl exits with 1)"},
		{"no server", listed, closed, "", "no answer (curl exits with 7)"},
		{"no network", listed, "https://github.com", "", "v1.2.3/" + asset + ": no answer (curl exits with 7)"},
		{"a damaged list", "aaaa  " + asset + "\n", github(t, sends), "", "the list of checksums of the action is damaged"},
		{"a system without releases", listed, github(t, sends), "RUNNER_OS=Plan9", "no release for the system of this runner"},
		{"an architecture without releases", listed, github(t, sends), "RUNNER_ARCH=X86", "no release for the architecture of this runner"},
		{"a folder for the program that is missing", listed, github(t, sends), "RUNNER_TEMP=/nonexistent", "no folder could be made in RUNNER_TEMP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := []string{"GITHUB_SERVER_URL=" + tt.server}
			if tt.env != "" {
				env = append(env, tt.env)
			}
			workspace := t.TempDir()
			r := runNative(t, workspace, tt.checksums, map[string]string{"path": "x"}, env...)
			if r.exit != 2 {
				t.Errorf("exit %d, want 2", r.exit)
			}
			if !strings.Contains(r.log, "::error title=codewarrant::") || !strings.Contains(r.log, tt.want) {
				t.Errorf("no error with %q", tt.want)
			}
			if r.outputs != noOutputs {
				t.Errorf("outputs %q", r.outputs)
			}
			if len(r.left) > 0 {
				t.Errorf("left behind: %q", r.left)
			}
			if _, err := os.Stat(filepath.Join(workspace, "ran")); err == nil {
				t.Error("it was run")
			}
		})
	}
}

// The native action keeps a comment on a pull request, as the container's does.
func TestNativeActionComments(t *testing.T) {
	program, err := release()
	if err != nil {
		t.Fatal(err)
	}
	const secret, head = "ghs_0123456789abcdefghijklmnopqrstuvwxyz", "2222222222222222222222222222222222222222"
	api := githubtest.New()
	defer api.Close()
	pull := &githubtest.Pull{}
	api.Repos["octo/demo"] = &githubtest.Repo{Private: true, Pulls: map[int]*githubtest.Pull{7: pull}}
	api.Tokens[secret] = githubtest.Permissions{"octo/demo": githubtest.Contents, "octo/demo pulls": githubtest.Write}
	api.Accounts[secret] = githubtest.Account{Login: "github-actions[bot]", ID: 41898282}
	event := filepath.Join(t.TempDir(), "event.json")
	payload := `{"pull_request": {"number": 7, "user": {"login": "jo", "id": 1}, "head": {"sha": "` + head + `", "repo": {"id": 1}},
		"base": {"ref": "main", "repo": {"id": 1}}}, "repository": {"default_branch": "main"}}`
	if err := os.WriteFile(event, []byte(payload), 0o600); err != nil {
		t.Fatal(err)
	}
	listed := fmt.Sprintf("%x  %s\n", sha256.Sum256(program), asset)
	server := github(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(program) })
	for _, want := range []string{"codewarrant: fail", "codewarrant: pass"} {
		inputs := map[string]string{"path": "pg_ctl", "comment": "true", "base": ".", "token": secret}
		if want == "codewarrant: pass" {
			inputs["fail-on"] = "never"
		}
		r := runNative(t, files{"pg_ctl": pgCtl}.write(t), listed, inputs, "GITHUB_SERVER_URL="+server,
			"GITHUB_API_URL="+api.URL, "GITHUB_REPOSITORY=octo/demo", "GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH="+event,
			"GITHUB_WORKFLOW=Check", "GITHUB_JOB=check", "GITHUB_RUN_ID=1", "GITHUB_ACTOR=jo")
		if len(pull.Comments) != 1 || !strings.Contains(pull.Comments[0].Body, want) || strings.Contains(r.log, secret) {
			t.Errorf("comments %+v, want one with %q", pull.Comments, want)
		}
	}
}
