package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/audit"
	at "github.com/codewarrant/codewarrant/internal/archivetest"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
	m "github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

const (
	secret = "ghp_YXVkaXRzQWxsT2ZBY21l"
	jit    = "com.apple.security.cs.allow-jit"
	own    = ".github/codewarrant.yml"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// base is the organization's baseline, at a commit of acme/policies.
const base = `version: 1
settings: {unlisted: allow}
stages: {release: {require: signed}}
rules:
  - {entitlement: com.apple.security.cs.*, action: require-justification}
  - {entitlement: com.apple.security.get-task-allow, action: deny}
`

const baseCommit = "b000000000000000000000000000000000000000"

const extends = "version: 1\nextends: [{github: acme/policies//base.yml, ref: " + baseCommit + "}]\n"

// exception returns one for a JIT that ends on a day.
func exception(id, expires string) string {
	return fmt.Sprintf(`exceptions:
  - id: %s
    entitlement: %s
    applies-to: {identifier: com.acme.app, team-id: A1B2C3D4E5}
    category: javascript-engine
    justification: V8 compiles JavaScript; without it the editor is six times slower.
    owner: "@acme/desktop"
    approved-by: ["@acme/product-security"]
    approved-on: 2026-11-02
    expires: %s
`, id, jit, expires)
}

// app is an archive with a program that claims what it is told to.
func app(claims ...any) string {
	sig := m.Signature{Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", Flags: m.FlagAdHoc | m.FlagRuntime}
	if len(claims) > 0 {
		sig.Entitlements, sig.EntitlementsDER = m.XML(claims...), m.DER(claims...)
	}
	return string(at.Zip(at.Files{"acme": string(m.Binary{Signature: &sig}.Bytes())}))
}

// bundle is an archive with an app whose seal is gone, so that much is told of it.
func bundle() string {
	sig := m.Signature{Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", Flags: m.FlagAdHoc | m.FlagRuntime}
	program := string(m.Binary{Signature: &sig}.Bytes())
	return string(at.Zip(at.Files{
		"Acme.app/Contents/Info.plist":                    string(m.XML("CFBundleExecutable", "Acme", "CFBundleIdentifier", "com.acme.app")),
		"Acme.app/Contents/MacOS/Acme":                    program,
		"Acme.app/Contents/Frameworks/x.dylib":            program,
		"Acme.app/Contents/embedded.provisionprofile":     "none",
		"Acme.app/Contents/Frameworks/X.framework/X":      program,
		"Acme.app/Contents/Frameworks/Y.framework/Y/link": "x",
	}))
}

// always is the same answer to all that is asked about a repository.
func always(h http.HandlerFunc) []http.HandlerFunc { return slices.Repeat([]http.HandlerFunc{h}, 50) }

const huge = 2 << 20

// kinds are repositories as an audit meets them, by their names in acme.
var kinds = map[string]*githubtest.Repo{
	"fine":           repo(extends + exception("EXC-1", "2027-04-01")),
	"without":        repo(""),
	"expired":        repo(extends + exception("EXC-2", "2026-11-20")),
	"soon":           repo(extends + exception("EXC-3", "2026-12-05")),
	"invalid":        repo(extends + strings.Replace(exception("EXC-4", "2027-04-01"), `owner: "@acme/desktop"`, `owner: ""`, 1)),
	"bad-yaml":       repo("version: 1\nrules: [\n"),
	"many-errors":    repo("version: 1\n" + strings.Repeat("? x\n", 40)),
	"no-extends":     repo("version: 1\nsettings: {unlisted: allow}\nrules: [{entitlement: com.apple.security.get-task-allow, action: allow}]\n"),
	"old-base":       repo(strings.Replace(extends, baseCommit, "a"+baseCommit[1:], 1)),
	"no-base":        repo(strings.Replace(extends, "base.yml", "gone.yml", 1)),
	"beside":         with(repo("version: 1\nextends: [mac/rules.yml]\n"), ".github/mac/rules.yml", base),
	"beside-missing": repo("version: 1\nextends: [mac/rules.yml]\n"),
	"signed":         with(repo("version: 1\npolicy-id: acme/signed\napprovals: {accept: signed, allowed-signers: signers}\nrules: [{entitlement: com.apple.security.*, action: require-justification}]\n"+exception("EXC-5", "2027-04-01")), ".github/signers", "alice ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Lz0cUVbP4y6q0pzsXq3nYX8nqJm0m8Q5mC8m9u5e1\n"),
	"signers-gone":   repo("version: 1\napprovals: {accept: signed, allowed-signers: signers}\n"),
	"huge":           repo("version: 1\n#" + strings.Repeat("x", huge)),
	"link":           linked(),
	"forbidden":      scripted(repo(extends), always(githubtest.Fail(403, "Resource not accessible by integration"))...),
	"gone":           scripted(repo(extends), always(githubtest.Fail(404, "Not Found"))...),
	"sometimes":      scripted(repo(extends), githubtest.Fail(500, "Server Error"), githubtest.Fail(502, "Bad Gateway")),
	"down":           scripted(repo(extends), always(githubtest.Fail(503, "Unavailable"))...),
	"hung-up":        scripted(repo(extends), githubtest.HangUp, githubtest.CutOff),
	"slow":           scripted(repo(extends), githubtest.SecondaryLimit(403, 30), githubtest.SecondaryLimit(429, -1)),
	"limited":        scripted(repo(extends), always(githubtest.SecondaryLimit(429, 7200))...),
	"elsewhere":      scripted(repo(extends), always(githubtest.Redirect(302, "https://evil.example/x"))...),
	"nonsense":       scripted(repo(extends), always(githubtest.Answer(200, nil, "<html>"))...),
	"injection":      repo("version: 1\nrules: [{entitlement: \"a ::error::b ##[warning]c </script>\", action: deny}]\n"),
	"bare":           repo(""),
	"empty":          {Topics: []string{"macos"}},
	"archived":       archived(),
	"trunk":          trunk(),
	"unsigned-stage": repo("version: 1\nextends: [{github: acme/policies//base.yml, ref: " + baseCommit + "}]\nstages: {nightly: {}}\n"),

	"release":          releasing(extends, githubtest.Asset{ID: 1, Name: "Acme.zip", Data: app()}, githubtest.Asset{ID: 2, Name: "notes.txt", Data: "x"}),
	"release-jit":      releasing(extends, githubtest.Asset{ID: 1, Name: "Acme.zip", Data: app(jit, true)}),
	"release-approved": releasing(extends+exception("EXC-6", "2027-04-01"), githubtest.Asset{ID: 1, Name: "Acme.zip", Data: app(jit, true)}),
	"release-wrong":    releasing(extends, githubtest.Asset{ID: 1, Name: "Acme.zip", Data: app(), Digest: "sha256:" + strings.Repeat("0", 64)}),
	"release-old":      releasing(extends, githubtest.Asset{ID: 1, Name: "Acme.zip", Data: app(), Digest: "none"}),
	"release-hostile":  releasing(extends, githubtest.Asset{ID: 1, Name: "../../x.zip", Data: app()}, githubtest.Asset{ID: 2, Name: "a\n::error::.zip", Data: app()}),
	"release-twice":    releasing(extends, githubtest.Asset{ID: 1, Name: "Acme.zip", Data: app()}, githubtest.Asset{ID: 2, Name: "Acme.zip", Data: app(jit, true)}),
	"release-bundle":   releasing(extends, githubtest.Asset{ID: 1, Name: "Acme.zip", Data: bundle()}),
	"release-other":    releasing(extends, githubtest.Asset{ID: 1, Name: "notes.txt", Data: "x"}),
	"release-windows":  releasing("", githubtest.Asset{ID: 1, Name: "Acme.exe", Data: "MZ"}),
	"release-source":   releasing(extends, githubtest.Asset{ID: 1, Name: "Acme.zip", Data: app()}, githubtest.Asset{ID: 2, Name: "Acme.entitlements", Data: string(m.XML(jit, true))}),
	"release-hidden":   releasing(extends, githubtest.Asset{ID: 1, Name: "Acme.zip", Data: app()}, githubtest.Asset{ID: 2, Name: "x.entitlements", Data: app(jit, true)}),
	"release-no-code":  releasing(extends, githubtest.Asset{ID: 1, Name: "Acme.entitlements", Data: string(m.XML(jit, true))}),
	"release-text":     releasing(extends, githubtest.Asset{ID: 1, Name: "Acme.zip", Data: "not an archive"}),
	"release-no-stage": releasing("version: 1\nstages: {nightly: {}}\n", githubtest.Asset{ID: 1, Name: "Acme.zip", Data: app()}),
	"release-without":  releasing("", githubtest.Asset{ID: 1, Name: "Acme.zip", Data: app()}),
}

func repo(policy string) *githubtest.Repo {
	r := &githubtest.Repo{Topics: []string{"macos"}}
	tree := githubtest.Tree{"README": {Data: "x"}}
	if policy != "" {
		tree[own] = githubtest.Entry{Data: policy}
	}
	sha := "c0ffee0000000000000000000000000000000000"
	r.Commits = map[string]githubtest.Tree{sha: tree}
	r.Branches = map[string]githubtest.Branch{"main": {Commit: sha, Protected: true}}
	return r
}

func with(r *githubtest.Repo, name, data string) *githubtest.Repo {
	for _, tree := range r.Commits {
		tree[name] = githubtest.Entry{Data: data}
	}
	return r
}

func linked() *githubtest.Repo {
	r := with(repo(""), "real.yml", extends)
	for _, tree := range r.Commits {
		tree[own] = githubtest.Entry{Link: "../real.yml"}
	}
	return r
}

func trunk() *githubtest.Repo {
	r := repo(extends)
	r.DefaultBranch = "trunk/1.x"
	r.Branches = map[string]githubtest.Branch{"trunk/1.x": r.Branches["main"]}
	return r
}

func archived() *githubtest.Repo {
	r := repo(extends)
	r.Archived = true
	return r
}

func scripted(r *githubtest.Repo, answers ...http.HandlerFunc) *githubtest.Repo {
	r.Script = answers
	return r
}

func releasing(policy string, assets ...githubtest.Asset) *githubtest.Repo {
	r := repo(policy)
	r.Latest = &githubtest.Release{ID: 5, Tag: "v1.2", Assets: assets}
	return r
}

// acme is an organization with a repository of each kind, and one that has another name now.
func acme(t *testing.T) *githubtest.Server {
	t.Helper()
	s := githubtest.New()
	t.Cleanup(s.Close)
	permissions := githubtest.Permissions{}
	add := func(name string, r *githubtest.Repo) {
		copied := *r
		copied.Private, copied.FullName = true, name
		if copied.ID == 0 {
			copied.ID = 1000 + len(s.Repos)
		}
		copied.Script = slices.Clone(r.Script)
		s.Repos[strings.ToLower(name)] = &copied
		permissions[strings.ToLower(name)] = githubtest.Contents
	}
	for name, r := range kinds {
		add("Acme/"+name, r)
	}
	old := strings.Replace(base, "  - {entitlement: com.apple.security.get-task-allow, action: deny}\n", "", 1)
	policies := repo(base)
	policies.Commits[baseCommit] = githubtest.Tree{"base.yml": {Data: base}}
	policies.Commits["a"+baseCommit[1:]] = githubtest.Tree{"base.yml": {Data: old}}
	add("acme/policies", policies)
	add("initech/tool", repo(extends))
	s.Moved["initech/utensil"] = "initech/tool"
	s.Tokens[secret] = permissions
	s.Reset = noon.Add(2 * time.Hour)
	return s
}

// file is what is audited.
const file = `version: 1
repositories: [initech/utensil, acme/WITHOUT, acme/archived, acme/missing]
discover: [{org: acme, topic: macos}]
baseline: {github: acme/policies//base.yml, ref: ` + baseCommit + `}
release: {assets: ["*.zip", "*.entitlements"]}
`

// client asks s, and waits for nothing.
func client(s *githubtest.Server, store github.Store) *github.Client {
	return &github.Client{
		BaseURL: s.URL, Token: secret, Store: store, MaxFile: policy.MaxSize, Now: func() time.Time { return noon }, Patience: time.Hour,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

// open opens the state in a folder.
func open(t *testing.T, dir string) *audit.State {
	t.Helper()
	s, err := audit.OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// makePlan makes the plan of a file.
func makePlan(ctx context.Context, c *github.Client, src string, shards int) (*audit.Plan, error) {
	a, err := policy.ParseAudit("audit.yml", []byte(src))
	if err != nil {
		return nil, err
	}
	return audit.Make(ctx, c, []byte(src), a, policy.DateOf(noon), shards, "test", func(policy.Location) ([]byte, error) {
		return nil, os.ErrNotExist
	})
}

// merged joins reports into one.
func merged(t *testing.T, names ...string) string {
	t.Helper()
	var j report.Merger
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Add(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := j.Write(&b, "test"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// jobs is how many repositories are looked at at a time.
const jobs = 3

// run audits with a state in a folder, as the command does, and returns the reports as one.
func run(ctx context.Context, t *testing.T, s *githubtest.Server, src, dir string) (string, error) {
	t.Helper()
	state := open(t, dir)
	c := client(s, state)
	p, err := makePlan(ctx, c, src, 1)
	if err != nil {
		return "", err
	}
	return runPlan(ctx, t, c, p, state, 0)
}

func runPlan(ctx context.Context, t *testing.T, c *github.Client, p *audit.Plan, state *audit.State, shard int) (string, error) {
	t.Helper()
	if err := state.Begin(p, shard); err != nil {
		return "", err
	}
	files, _, err := audit.Run(ctx, p, audit.Options{Client: c, Version: "test", State: state, Shard: shard, Jobs: jobs})
	if err != nil {
		return "", err
	}
	text := merged(t, files...)
	return text, state.End()
}

// write writes a file of a test.
func write(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
