package runner

import (
	"maps"
	"strings"
)

// Values of the job's contexts that an action may not tell from real ones.
const (
	commit       = "0123456789abcdef0123456789abcdef01234567"
	runtimeToken = "emulated-runtime-token"
	jobToken     = "emulated-job-token"
)

// secrets are the values that the runner masks from the start.
func secrets(o Options) []string {
	return []string{runtimeToken, o.Token}
}

// environment returns the container's variables. Later ones win, in the order of
// ContainerActionHandler.RunAsync: the step's env, the inputs, the action's own
// env where it is free, HOME, the contexts, the runtime's.
func environment(o Options, m *Manifest, inputs map[string]string, j *job) map[string]string {
	env := make(map[string]string)
	maps.Copy(env, o.Env)
	for name, value := range inputs {
		env["INPUT_"+strings.ToUpper(strings.ReplaceAll(name, " ", "_"))] = value
	}
	for name, value := range m.Runs.Env {
		if _, ok := env[name]; !ok {
			env[name] = value
		}
	}
	env["HOME"] = j.temp + "/_github_home"
	maps.Copy(env, githubContext(j))
	if o.Ref != "" {
		maps.Copy(env, refContext(o.Ref))
	}
	if o.APIURL != "" {
		env["GITHUB_API_URL"] = o.APIURL
	}
	maps.Copy(env, runnerContext(j))
	env["ACTIONS_RUNTIME_URL"] = "http://127.0.0.1:9/"
	env["ACTIONS_RESULTS_URL"] = "http://127.0.0.1:9/"
	env["ACTIONS_RUNTIME_TOKEN"] = runtimeToken
	env["GITHUB_ACTIONS"] = "true"
	if _, ok := env["CI"]; !ok {
		env["CI"] = "true"
	}
	for name, value := range env {
		env[name] = toContainer(j.paths, value)
	}
	return env
}

// refContext has the variables of the ref that the job runs for.
func refContext(ref string) map[string]string {
	kind, name := "branch", strings.TrimPrefix(ref, "refs/heads/")
	if tag, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		kind, name = "tag", tag
	}
	return map[string]string{"GITHUB_REF": ref, "GITHUB_REF_NAME": name, "GITHUB_REF_TYPE": kind}
}

// githubContext has the variables of GitHubContext.cs.
func githubContext(j *job) map[string]string {
	env := map[string]string{
		"GITHUB_ACTION":              "__codewarrant_codewarrant",
		"GITHUB_ACTION_REF":          "v1",
		"GITHUB_ACTION_REPOSITORY":   "codewarrant/codewarrant",
		"GITHUB_ACTOR":               "octocat",
		"GITHUB_ACTOR_ID":            "1",
		"GITHUB_API_URL":             "https://api.github.com",
		"GITHUB_BASE_REF":            "",
		"GITHUB_EVENT_NAME":          j.name,
		"GITHUB_EVENT_PATH":          j.event,
		"GITHUB_GRAPHQL_URL":         "https://api.github.com/graphql",
		"GITHUB_HEAD_REF":            "",
		"GITHUB_JOB":                 "test",
		"GITHUB_REF":                 "refs/heads/main",
		"GITHUB_REF_NAME":            "main",
		"GITHUB_REF_PROTECTED":       "false",
		"GITHUB_REF_TYPE":            "branch",
		"GITHUB_REPOSITORY":          repository,
		"GITHUB_REPOSITORY_ID":       "1",
		"GITHUB_REPOSITORY_OWNER":    "octo",
		"GITHUB_REPOSITORY_OWNER_ID": "1",
		"GITHUB_RETENTION_DAYS":      "90",
		"GITHUB_RUN_ATTEMPT":         "1",
		"GITHUB_RUN_ID":              "1",
		"GITHUB_RUN_NUMBER":          "1",
		"GITHUB_SERVER_URL":          "https://github.com",
		"GITHUB_SHA":                 commit,
		"GITHUB_TRIGGERING_ACTOR":    "octocat",
		"GITHUB_WORKFLOW":            "test",
		"GITHUB_WORKFLOW_REF":        repository + "/.github/workflows/test.yml@refs/heads/main",
		"GITHUB_WORKFLOW_SHA":        commit,
		"GITHUB_WORKSPACE":           j.workspace,
	}
	for _, c := range fileCommands {
		env["GITHUB_"+strings.ToUpper(c.name)] = j.commands + "/" + c.prefix + j.suffix
	}
	return env
}

// runnerContext has the variables of RunnerContext.cs.
func runnerContext(j *job) map[string]string {
	return map[string]string{
		"RUNNER_ARCH":        "X64",
		"RUNNER_ENVIRONMENT": "github-hosted",
		"RUNNER_NAME":        "emulated",
		"RUNNER_OS":          "Linux",
		"RUNNER_TEMP":        j.temp,
		"RUNNER_TOOL_CACHE":  "/opt/hostedtoolcache",
		"RUNNER_WORKSPACE":   j.pipeline,
	}
}
