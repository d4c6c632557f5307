package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// checkOptions are the flags of check and the inputs of the action.
type checkOptions struct {
	policy, stage, at, failOn string
	verify                    string // slots or full; empty: full
	preflight                 string // notarization; empty: none
	noExceptions              bool
	base                      string   // a ref, or here; empty: what the event tells
	sources                   []string // folders of projects
	trace                     []string // entitlements whose verdicts are to be explained
	reading                   reading
}

func newCheck(env Env) *cobra.Command {
	var o checkOptions
	var output string
	var format formatFlag[*check.Report]
	var verbose bool
	var attest attesting
	cmd := &cobra.Command{
		Use:   "check PATH… [--sources DIR]",
		Short: "Hold binaries and .entitlements files against a policy",
		Long: `check finds every Mach-O file in the paths, whatever its name, reads what each architecture
slice is signed with, and holds every entitlement against the policy. Files named *.entitlements
are judged by the same policy, on their lines. --sources finds them in the folder of a project,
with who signs with them: Xcode's targets, electron-builder, Electron Forge and Tauri. What is built
from it and given too is compared with them.

The policy is the file given with --policy, else .github/codewarrant.yml, else codewarrant.yml,
else ` + policy.PresetPrefix + policy.DefaultPreset + `. Presets: ` + strings.Join(policy.PresetNames(), ", ") + `.

On GitHub the policy that is merged says whether the one in the workspace counts: it is read in the
branch that a pull request goes into, or where else the event tells. --base names the ref elsewhere.

--attestation writes what was checked, by which policy and how it ended, for somebody to sign: an
in-toto Statement with a SLSA Verification Summary. Beside FILE.json are FILE.predicate.json and
FILE.subjects.sha256, which actions/attest takes. There is none where something could not be read.

Exit status: 0 nothing to object, 1 findings at or above --fail-on, 2 wrong usage, an invalid policy,
or a report that could not be written, 3 something could not be read, or there was nothing to check.`,
		Example: `  codewarrant check build/Acme.app
  codewarrant check --stage development --fail-on warning build/
  codewarrant check --policy preset:strict --format sarif --output findings.sarif build/Acme.app
  codewarrant check --preflight notarization build/Acme.app
  codewarrant check --base origin/main build/Acme.app
  codewarrant check --attestation vsa.json --resource-uri https://example.com/Acme-1.2.dmg Acme-1.2.dmg
  codewarrant check --sources .
  codewarrant check --sources . build/Acme.app
  codewarrant check --at 2027-05-01 build/Acme.app src/Acme.entitlements`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && len(o.sources) > 0 {
				return nil
			}
			return paths(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := attest.begin(cmd.Context(), env, o, args, disk{}); err != nil {
				return err
			}
			r, err := runCheck(cmd.Context(), env, o, args)
			if err != nil {
				return err
			}
			if err := emit(env, output, func(w io.Writer, colour bool) error {
				text := report.TextOptions{Color: colour, Verbose: verbose}
				if output == "" || output == "-" {
					text.Folds = foldsOf(env, w, args)
				}
				return format.write(w, r, text)
			}); err != nil {
				return err
			}
			if _, err := attest.finish(cmd.Context(), env, r, o.policy, disk{}); err != nil {
				return err
			}
			return exitOf(r)
		},
	}
	o.flags(cmd)
	o.reading.flags(cmd)
	format.flag(cmd, checkFormats, "`format` of the report")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write the report to, instead of standard output")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "list files without claims and findings, and the compensating controls of exceptions, too (text)")
	cmd.Flags().StringVar(&attest.file, "attestation", "", "`file` to write an unsigned attestation to, and two beside it for actions/attest")
	cmd.Flags().StringVar(&attest.resource, "resource-uri", "", "`URI` of what is attested (default on GitHub the repository and the ref)")
	complete(cmd, "resource-uri", nil)
	return cmd
}

// flags defines the flags that choose what is judged how.
func (o *checkOptions) flags(cmd *cobra.Command) {
	o.policyFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.failOn, "fail-on", "", "lowest `level` that fails: error, warning, never (default what the policy says)")
	f.StringVar(&o.verify, "verify", "full", "`depth` to which the code is compared with its signature: slots, full")
	f.StringVar(&o.preflight, "preflight", "", "also tell what a `service` would reject the code for: notarization")
	f.StringArrayVar(&o.sources, "sources", nil, "`folder` of a project, whose .entitlements files are judged and compared with what is signed; may be repeated")
	f.BoolVar(&o.noExceptions, "no-exceptions", false, "judge as if the policy had no exceptions")
	completeFolders(cmd, "sources")
	complete(cmd, "fail-on", []string{"error", "warning", "never"})
	complete(cmd, "verify", []string{"slots", "full"})
	complete(cmd, "preflight", []string{string(check.Notarization)})
}

// policyFlags defines the flags that choose by what and when is judged.
func (o *checkOptions) policyFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.policy, "policy", "", "`policy` to check against: a file, or preset:NAME (default the first of "+strings.Join(policyFiles, ", ")+", "+policy.PresetPrefix+policy.DefaultPreset+")")
	f.StringVar(&o.stage, "stage", "", "`stage` of the policy that applies (default \""+policy.DefaultStage+"\")")
	f.StringVar(&o.at, "at", "", "judge as on this `day`, YYYY-MM-DD (default today, UTC)")
	f.StringVar(&o.base, "base", "", "`ref` whose policy judges, such as origin/main; . for the policy as it is (default what the event on GitHub tells)")
	completePolicy(cmd)
	completeFrom(cmd, "stage", func() []string { return stages(o.policy) })
	complete(cmd, "at", nil)
	complete(cmd, "base", nil)
}

// runCheck reads the paths and the policy and judges.
func runCheck(ctx context.Context, env Env, o checkOptions, args []string) (*check.Report, error) {
	now := env.Now()
	in := check.Input{At: policy.DateOf(now), NoExceptions: o.noExceptions, Slots: o.verify == string(scan.Slots), Trace: o.trace}
	var err error
	if o.at != "" {
		if in.At, err = policy.ParseDate(o.at); err != nil {
			return nil, fmt.Errorf("--at: %w", err)
		}
		now = in.At.End()
	}
	switch in.FailOn = policy.FailOn(o.failOn); in.FailOn {
	case "", policy.FailOnError, policy.FailOnWarning, policy.FailOnNever:
	default:
		return nil, fmt.Errorf("--fail-on: %q is not one of error, warning, never", o.failOn)
	}
	switch o.verify {
	case "", string(scan.Slots), string(scan.Full):
	default:
		return nil, fmt.Errorf("--verify: %q is not one of slots, full", o.verify)
	}
	switch in.Preflight = check.Preflight(o.preflight); {
	case in.Preflight != "" && in.Preflight != check.Notarization:
		return nil, fmt.Errorf("--preflight: %q is not one of %s", o.preflight, check.Notarization)
	case in.Preflight != "" && in.Slots:
		return nil, hinted{errors.New("--preflight: what a service asks for is not known with --verify=slots"), "leave --verify away"}
	}
	by, err := loadJudge(ctx, env, o)
	if err != nil {
		return nil, err
	}
	in.Policy, in.Pending, in.Looser, in.Base, in.Signed, in.Merged = by.policy, by.pending, by.looser, by.base, by.signed, true
	in.Reviewed = by.reviewed
	if in.Stage, err = by.stage(stageName(o.stage)); err != nil {
		return nil, err
	}
	var walk, sources []string
	for _, arg := range args {
		if strings.EqualFold(filepath.Ext(arg), ".entitlements") {
			sources = append(sources, arg)
		} else {
			walk = append(walk, arg)
		}
	}
	if in.Preflight != "" && len(walk) == 0 {
		return nil, hinted{errors.New("--preflight: a service looks at what was built, and no path of that is given"), "name it, such as build/Acme.app, or leave --preflight away"}
	}
	in.Repository = repositoryOfRun(env)
	addSources(&in, sources)
	if err := addTrees(&in, o.sources); err != nil {
		return nil, err
	}
	depth := scan.Depth(cmp.Or(o.verify, string(scan.Full)))
	found, err := o.reading.run(ctx, env, walk, scan.Options{Depth: depth, Now: now, Evidence: depth == scan.Full})
	if err != nil {
		return nil, err
	}
	in.Binaries, in.Packages, in.Remarks = found.Binaries, found.Packages, found.Remarks
	in.Unread, in.Empty = append(in.Unread, found.Unread...), append(in.Empty, found.Empty...)
	r := check.Evaluate(in)
	return r, context.Cause(ctx)
}

// exitOf returns the status that a report ends with.
func exitOf(r *check.Report) error {
	switch r.Result() {
	case check.Fail:
		return status(exitFindings)
	case check.Unreadable:
		return status(exitUnreadable)
	}
	return nil
}
