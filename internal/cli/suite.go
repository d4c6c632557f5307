package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// suiteFormats are the ways to write what became of cases.
var suiteFormats = formats[[]report.SuiteRun]{
	{"text", func(w io.Writer, runs []report.SuiteRun, o report.TextOptions) error {
		return report.SuiteText(sanitise.Log(w), runs, o)
	}},
	{"junit", func(w io.Writer, runs []report.SuiteRun, _ report.TextOptions) error {
		return report.JUnit(sanitise.Log(w), runs)
	}},
}

func newPolicyTest(env Env) *cobra.Command {
	var o suiteOptions
	var output string
	var format formatFlag[[]report.SuiteRun]
	cmd := &cobra.Command{
		Use:   "test [FILE|DIR…]",
		Short: "Hold a policy against cases: this code, that verdict",
		Long: `test reads cases in YAML: code that is given, and what the policy is expected to say of it. They are
judged by what judges binaries, signatures of exceptions too; what has to be merged to be approved
counts as if it were. Without an argument the files named *.test.yml in .github and in the current
folder are run; of a folder that is named, those in it.

The policy is the one that --policy names, else the one that the file names, else the one beside
it that it is named after: codewarrant.test.yml goes with codewarrant.yml.

  version: 1
  cases:
    - name: a debugger cannot attach to a release
      given:
        entitlements: {com.apple.security.get-task-allow: true}
        identifier: com.acme.app
        team-id: A1B2C3D4E5
      expect:
        verdicts: {com.apple.security.get-task-allow: denied}

Exit status: 0 all cases pass, 1 a case fails or, with --require-tests, a rule or an exception is
not tested, 2 wrong usage or a file that is not valid, 3 there are no cases.`,
		Example: `  codewarrant policy test
  codewarrant policy test --require-tests policies/
  codewarrant policy test --format junit --output tests.xml .github/codewarrant.test.yml`,
		Args: takes(0, -1, "files of cases, and folders that hold some", ".github/codewarrant.test.yml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			runs, err := runSuites(cmd.Context(), env, o, args)
			if err != nil {
				return err
			}
			if err := format.emit(env, output, runs, report.TextOptions{}); err != nil {
				return err
			}
			untested := slices.ContainsFunc(runs, func(r report.SuiteRun) bool { return len(r.Untested) > 0 })
			if untested || report.Failures(runs) > 0 {
				return status(exitFindings)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.policy, "policy", "", "`policy` to test: a file, or preset:NAME (default as told above)")
	f.StringVar(&o.at, "at", "", "judge cases that give no day as on this `day`, YYYY-MM-DD (default today, UTC)")
	f.BoolVar(&o.requireTests, "require-tests", false, "fail when a rule or an exception is exercised by no case")
	format.flag(cmd, suiteFormats, "`format` of the report")
	f.StringVarP(&output, "output", "o", "", "`file` to write to, instead of standard output")
	complete(cmd, "at", nil)
	completePolicy(cmd)
	return cmd
}

type suiteOptions struct {
	policy, at   string
	requireTests bool
}

// suiteSuffixes are what the names of files of cases end in.
var suiteSuffixes = []string{".test.yml", ".test.yaml"}

// runSuites runs the cases of all files. What the cases of several files exercise of
// one policy counts together.
func runSuites(ctx context.Context, env Env, o suiteOptions, args []string) ([]report.SuiteRun, error) {
	day, err := dayOf(env, o.at)
	if err != nil {
		return nil, err
	}
	files, err := suiteFiles(args)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		fmt.Fprintf(env.Stderr, "codewarrant: no cases were found\nhint: write them beside the policy, in a file whose name ends in %s\n", suiteSuffixes[0])
		return nil, status(exitUnreadable)
	}
	var runs []report.SuiteRun
	var names []string // of policies, as they come
	inputs := map[string]check.Input{}
	covered := map[string]*check.Coverage{}
	cases := 0
	for _, file := range files {
		suite, src, err := loadSuite(file)
		if err != nil {
			return nil, err
		}
		name, err := suitePolicy(file, suite, o.policy)
		if err != nil {
			return nil, err
		}
		if covered[name] == nil {
			p, demand, err := workspacePolicy(ctx, env, name)
			if err != nil {
				return nil, err
			}
			inputs[name] = check.Input{Policy: p, Signed: demand.Verify(p.Exceptions), At: day}
			names, covered[name] = append(names, name), &check.Coverage{}
		}
		run, err := runSuite(suite, src, inputs[name], covered[name])
		if err != nil {
			return nil, err
		}
		cases += len(run.Results)
		runs = append(runs, run)
	}
	if cases == 0 {
		fmt.Fprintf(sanitise.Log(env.Stderr), "codewarrant: there are no cases in %s\nhint: write one, as codewarrant policy test --help shows\n", sanitise.Text(strings.Join(files, ", ")))
		return nil, status(exitUnreadable)
	}
	for _, name := range names {
		if o.requireTests {
			p := inputs[name].Policy
			runs = append(runs, report.SuiteRun{Policy: p, Untested: covered[name].Untested(p)})
		}
	}
	return runs, nil
}

// runSuite runs the cases of one file.
func runSuite(suite *policy.Suite, src []byte, in check.Input, covered *check.Coverage) (report.SuiteRun, error) {
	run := report.SuiteRun{Suite: suite.Name, Policy: in.Policy}
	var errs policy.Errors
	for i := range suite.Cases {
		c := &suite.Cases[i]
		result, err := check.RunCase(in, c)
		if err != nil {
			at := cmp.Or(c.Given.Fields["stage"], c.Position)
			errs = append(errs, &policy.ParseError{Position: at, Message: err.Error()})
			continue
		}
		covered.Add(result)
		run.Results = append(run.Results, result)
	}
	if errs != nil {
		return run, invalidPolicy{Errors: errs, source: src}
	}
	return run, nil
}

func loadSuite(file string) (*policy.Suite, []byte, error) {
	src, err := readBounded(file, policy.MaxSize)
	if err != nil {
		return nil, nil, hinted{fmt.Errorf("cases: %w", err), "name a file of cases, or a folder of files that end in " + suiteSuffixes[0]}
	}
	suite, err := policy.ParseSuite(filepath.ToSlash(file), src, check.SuiteWords())
	return suite, src, withSource(err, src)
}

// suiteFiles returns the files of cases that are named, and those in the folders
// that are, in the order of the arguments.
func suiteFiles(args []string) ([]string, error) {
	var files []string
	if len(args) == 0 {
		for _, p := range policyFiles {
			args = append(args, filepath.Dir(p))
		}
		args = slices.DeleteFunc(args, func(dir string) bool { _, err := os.Stat(dir); return err != nil })
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() {
			files = append(files, arg) // what is wrong with it is told when it is read
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if slices.ContainsFunc(suiteSuffixes, func(s string) bool { return strings.HasSuffix(e.Name(), s) }) {
				files = append(files, filepath.Join(arg, e.Name()))
			}
		}
	}
	return files, nil
}

// suitePolicy returns the name of the policy that the cases of a file go with.
func suitePolicy(file string, s *policy.Suite, flag string) (string, error) {
	switch {
	case flag != "":
		return flag, nil
	case strings.HasPrefix(s.Policy, policy.PresetPrefix):
		return s.Policy, nil
	case s.Policy != "":
		return filepath.Join(filepath.Dir(file), s.Policy), nil
	}
	for _, suffix := range suiteSuffixes {
		base, ok := strings.CutSuffix(file, suffix)
		if !ok {
			continue
		}
		beside := base + strings.TrimPrefix(suffix, ".test")
		for _, name := range []string{beside, filepath.Join(filepath.Dir(file), filepath.Base(policyFiles[0]))} {
			if _, err := os.Stat(name); err == nil {
				return name, nil
			}
		}
	}
	return "", hinted{
		fmt.Errorf("%s does not say which policy its cases go with, and none beside it is named after it", file),
		"name it with --policy, or in the file with policy: codewarrant.yml",
	}
}
