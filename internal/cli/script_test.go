package cli_test

import (
	"archive/zip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/pem"
	"flag"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"github.com/codewarrant/codewarrant/internal/cli"
	"github.com/codewarrant/codewarrant/internal/githubtest"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

var update = flag.Bool("update", false, "rewrite the expected output inside the scripts")

// today is the day on which the scripts run.
var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"codewarrant": func() {
			os.Exit(cli.Main(cli.Env{
				Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
				Now: func() time.Time { return today },
			}))
		},
	})
}

// TestScript runs the stories of testdata/script. Beside testscript's own commands
// they have
//
//	fixture NAME PATH       copy testdata/binaries/NAME to PATH
//	packages NAME PATH      copy testdata/packages/NAME to PATH
//	images NAME PATH        copy testdata/images/NAME to PATH
//	archive PATH FILE       pack a file or a folder into a .tar.gz or a .zip
//	dmg PATH DIR [damaged]  put DIR on a disk image that is signed ad hoc, and change a byte of it
//	        with damaged
//	installer PATH DIR      pack the folders Payload and Scripts of DIR into a package, signed by the
//	        [signed]        tests' own authority with signed
//	macho PATH [OPTION…]    write a signed Mach-O file, see writeMachO
//	exits STATUS COMMAND…   run a command that ends with exactly that status
//	paste FROM TO           take the YAML that a report printed into a policy
//	fill FILE               fill in what people have to write in a pasted policy
//	sshkey NAME…            write the SSH key of that name and its public half, NAME.pub
//	edit FILE OLD NEW       put NEW in the place of OLD, which is there once
//	replace OLD NEW FILE    replace a text wherever it stands
//	github REPO DIR TOKEN [NEXT]
//	                        play GitHub's API with a private repository that the token may
//	                        read; its commit, $COMMIT, has the files of the folder, and the
//	                        one after it, $NEXT, those of the folder NEXT
//	hosted REPO DIR TOKEN [FILE…]
//	                        put another such repository beside it, with the topic macos, and a
//	                        release whose assets are the files
//	pull REPO TOKEN TEAM LOGIN…
//	                        give that repository the pull request 1, which the token may
//	                        comment on, and the team its members, whom the token may see
//	review LOGIN STATE COMMIT
//	                        review the pull request
//	comments FILE           write the comments on the pull request into a file
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values[played{}] = &played{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fixture":   copyFixture,
			"packages":  copyPackage,
			"images":    copyImage,
			"archive":   writeArchive,
			"dmg":       writeImage,
			"installer": writePackage,
			"macho":     writeMachO,
			"exits":     exits,
			"paste":     paste,
			"fill":      fill,
			"sshkey":    writeKeys,
			"edit":      edit,
			"replace":   replaceText,
			"github":    playGitHub,
			"hosted":    hostRepository,
			"pull":      playPull,
			"review":    playReview,
			"comments":  readComments,
		},
	})
}

func copyPackage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: packages NAME PATH")
	}
	copyFixture(ts, false, []string{"../packages/" + args[0], args[1]})
}

func copyImage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: images NAME PATH")
	}
	copyFixture(ts, false, []string{"../images/" + args[0], args[1]})
}

func copyFixture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fixture NAME PATH")
	}
	b, err := os.ReadFile(filepath.Join(fixtures, args[0]))
	ts.Check(err)
	write(ts, args[1], b)
}

// fixtures is absolute, since scripts run elsewhere.
var fixtures, _ = filepath.Abs("../../testdata/binaries")

func write(ts *testscript.TestScript, name string, b []byte) {
	path := ts.MkAbs(name)
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, b, 0o644))
}

// writeMachO writes an arm64 program, signed ad hoc, hardened and with com.acme.app
// and team A1B2C3D4E5 for identity unless options say otherwise: identifier=ID,
// team=ID, claim=KEY (true; repeated), xml=FILE (the XML alone), info=FILE (the
// Info.plist that is bound), dylib, plain (not hardened), unsigned, fat (x86_64 too),
// sealed (the bundle, of which it is Contents/MacOS/NAME, in a CodeResources that is bound),
// code=ARCH/BUILD/NAME (what testdata/evidence/NAME.c was compiled to, signed anew).
func writeMachO(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: macho PATH [OPTION…]")
	}
	sig := &machotest.Signature{Identifier: "com.acme.app", TeamID: "A1B2C3D4E5", Flags: machotest.FlagAdHoc | machotest.FlagRuntime}
	b, fat := machotest.Binary{}, false
	var claims []any
	var code []byte
	for _, arg := range args[1:] {
		option, value, _ := strings.Cut(arg, "=")
		switch option {
		case "identifier":
			sig.Identifier = value
		case "team":
			sig.TeamID = value
		case "claim":
			claims = append(claims, value, true)
		case "xml":
			sig.Entitlements = []byte(ts.ReadFile(value))
		case "info":
			sig.InfoPlist = []byte(ts.ReadFile(value))
		case "sealed":
			sig.CodeResources = seal(ts, args[0])
		case "dylib":
			b.FileType = machotest.MHDylib
		case "plain":
			sig.Flags = machotest.FlagAdHoc
		case "unsigned":
			sig = nil
		case "fat":
			fat = true
		case "code":
			program, err := compiled(value)
			ts.Check(err)
			code = program
		default:
			ts.Fatalf("macho: unknown option %s", arg)
		}
	}
	if len(claims) > 0 {
		sig.Entitlements, sig.EntitlementsDER = machotest.XML(claims...), machotest.DER(claims...)
	}
	if code != nil {
		write(ts, args[0], machotest.Resign(code, sig))
		return
	}
	b.Signature = sig
	if !fat {
		write(ts, args[0], b.Bytes())
		return
	}
	intel := b
	intel.CPU, intel.SubCPU = machotest.CPUX86_64, machotest.SubX86All
	write(ts, args[0], machotest.Fat{Slices: []machotest.Slice{{Binary: intel}, {Binary: b}}}.Bytes())
}

// seal seals the files of the bundle around a main executable, and returns the seal.
func seal(ts *testscript.TestScript, program string) []byte {
	support := filepath.Dir(filepath.Dir(ts.MkAbs(program)))
	sealer := machotest.Sealer{Executable: "MacOS/" + filepath.Base(program)}
	b := sealer.CodeResources(os.DirFS(support))
	write(ts, filepath.Join(support, "_CodeSignature", "CodeResources"), b)
	return b
}

// compiled returns one of the programs that were compiled for the evidence.
func compiled(name string) ([]byte, error) {
	z, err := zip.OpenReader(filepath.Join(fixtures, "../evidence/programs.zip"))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return fs.ReadFile(&z.Reader, name)
}

// exits runs a command and compares its exit status; ! does not tell 1 from 3.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// paste makes a policy of the YAML that a text report printed: the lines from
// exceptions: on, up to the empty one.
func paste(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: paste FROM TO")
	}
	_, block, ok := strings.Cut(ts.ReadFile(args[0]), "\nexceptions:\n")
	if !ok {
		ts.Fatalf("%s has no exceptions to paste", args[0])
	}
	block, _, _ = strings.Cut(block, "\n\n")
	write(ts, args[1], []byte("version: 1\nsettings: {unlisted: allow}\nrules:\n  - {entitlement: com.apple.security.cs.*, action: require-justification}\nexceptions:\n"+block+"\n"))
}

// Of the repository that playGitHub makes, the commit and the one after it.
const (
	commit = "0123456789abcdef0123456789abcdef01234567"
	next   = "89abcdef0123456789abcdef0123456789abcdef"
)

func playGitHub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 && len(args) != 4 {
		ts.Fatalf("usage: github REPO DIR TOKEN [NEXT]")
	}
	s := githubtest.New()
	ts.Defer(s.Close)
	commits := map[string]githubtest.Tree{commit: treeOf(ts, args[1])}
	if len(args) == 4 {
		commits[next] = treeOf(ts, args[3])
	}
	s.Set(func() {
		s.Repos[args[0]] = &githubtest.Repo{
			Private: true, Commits: commits,
			Branches: map[string]githubtest.Branch{"main": {Commit: commit}},
		}
		s.Tokens[args[2]] = githubtest.Permissions{args[0]: githubtest.Contents}
	})
	ts.Value(played{}).(*played).server = s
	ts.Setenv("GITHUB_API_URL", s.URL)
	ts.Setenv("COMMIT", commit)
	ts.Setenv("NEXT", next)
}

// hostRepository adds a repository to the GitHub of a script.
func hostRepository(ts *testscript.TestScript, neg bool, args []string) {
	g := ts.Value(played{}).(*played)
	if neg || len(args) < 3 || g.server == nil {
		ts.Fatalf("usage: hosted REPO DIR TOKEN [FILE…], after github")
	}
	name := strings.ToLower(args[0])
	r := &githubtest.Repo{
		FullName: args[0], Private: true, Topics: []string{"macos"},
		Commits:  map[string]githubtest.Tree{commit: treeOf(ts, args[1])},
		Branches: map[string]githubtest.Branch{"main": {Commit: commit}},
	}
	for i, file := range args[3:] {
		if r.Latest == nil {
			r.Latest = &githubtest.Release{ID: 1, Tag: "v1.3"}
		}
		r.Latest.Assets = append(r.Latest.Assets, githubtest.Asset{ID: i + 1, Name: filepath.Base(file), Data: ts.ReadFile(file)})
	}
	g.server.Set(func() {
		g.server.Repos[name] = r
		g.server.Tokens[args[2]][name] = githubtest.Contents
	})
}

// played is the GitHub of one script.
type played struct {
	server *githubtest.Server
	pull   *githubtest.Pull
}

func playPull(ts *testscript.TestScript, neg bool, args []string) {
	g := ts.Value(played{}).(*played)
	if neg || len(args) < 3 || g.server == nil {
		ts.Fatalf("usage: pull REPO TOKEN TEAM LOGIN…, after github")
	}
	repo, token, team := args[0], args[1], args[2]
	org, _, _ := strings.Cut(team, "/")
	g.pull = &githubtest.Pull{}
	g.server.Set(func() {
		g.server.Repos[repo].Pulls = map[int]*githubtest.Pull{1: g.pull}
		g.server.Tokens[token][repo+" pulls"], g.server.Tokens[token][org] = githubtest.Write, githubtest.Members
		g.server.Accounts[token] = githubtest.Account{Login: "acme-checks[bot]", ID: 1}
		g.server.Teams[team] = map[string]string{}
		for _, login := range args[3:] {
			g.server.Teams[team][login] = "active"
		}
	})
}

func playReview(ts *testscript.TestScript, neg bool, args []string) {
	g := ts.Value(played{}).(*played)
	if neg || len(args) != 3 || g.pull == nil {
		ts.Fatalf("usage: review LOGIN STATE COMMIT, after pull")
	}
	by := githubtest.Account{Login: args[0], ID: int(crc32.ChecksumIEEE([]byte(args[0])))}
	g.server.Set(func() {
		g.pull.Reviews = append(g.pull.Reviews, githubtest.Review{By: by, State: args[1], Commit: args[2]})
	})
}

func readComments(ts *testscript.TestScript, neg bool, args []string) {
	g := ts.Value(played{}).(*played)
	if neg || len(args) != 1 || g.pull == nil {
		ts.Fatalf("usage: comments FILE, after pull")
	}
	var b strings.Builder
	g.server.Set(func() {
		for _, c := range g.pull.Comments {
			fmt.Fprintf(&b, "%s wrote:\n%s", c.By.Login, c.Body)
		}
	})
	write(ts, args[0], []byte(b.String()))
}

// treeOf returns the files below a folder as a commit has them.
func treeOf(ts *testscript.TestScript, dir string) githubtest.Tree {
	tree := githubtest.Tree{}
	dir = ts.MkAbs(dir)
	ts.Check(filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		tree[filepath.ToSlash(rel)] = githubtest.Entry{Data: ts.ReadFile(name)}
		return err
	}))
	return tree
}

// fill writes what people have to write into the empty fields.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fill FILE")
	}
	filled := strings.NewReplacer(
		`category: ""`, "category: language-runtime",
		`justification: ""`, "justification: LLVM compiles the expressions of long queries; without it reports take twice as long.",
		`owner: ""`, `owner: "@acme/database"`,
		`approved-by: []`, `approved-by: ["@acme/product-security"]`,
		`approved-on: ""`, "approved-on: 2026-11-02",
		`expires: ""`, "expires: 2027-04-30",
	).Replace(ts.ReadFile(args[0]))
	write(ts, args[0], []byte(filled))
}

// writeKeys writes Ed25519 keys that follow from their names, so that fingerprints and
// signatures are the same in each run.
func writeKeys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: sshkey NAME…")
	}
	for _, name := range args {
		seed := sha256.Sum256([]byte(name))
		key := ed25519.NewKeyFromSeed(seed[:])
		block, err := ssh.MarshalPrivateKey(key, name)
		ts.Check(err)
		public, err := ssh.NewPublicKey(key.Public())
		ts.Check(err)
		write(ts, name, pem.EncodeToMemory(block))
		write(ts, name+".pub", ssh.MarshalAuthorizedKey(public))
	}
}

func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%s has %q %d times", args[0], args[1], n)
	}
	write(ts, args[0], []byte(strings.Replace(text, args[1], args[2], 1)))
}

func replaceText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	text := ts.ReadFile(args[2])
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("%s has no %q", args[2], args[0])
	}
	write(ts, args[2], []byte(strings.ReplaceAll(text, args[0], args[1])))
}
