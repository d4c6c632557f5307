// Package cli is the command line and the entry of the GitHub Action: the only part of the
// program that sees arguments, the environment and the clock, and that prints.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// Env is all that a run knows of the world, besides the paths it is given.
type Env struct {
	Args           []string // without the program's name
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time
}

// The exit statuses; where several apply, 2 goes before 3 before 1.
const (
	exitClean      = 0
	exitFindings   = 1
	exitUsage      = 2 // wrong usage, an invalid policy, output that could not be written
	exitUnreadable = 3
)

// status is an exit status that has been told already.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// hinted is an error with what to do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// Main runs the command line and returns the exit status.
func Main(env Env) int {
	ctx, stop := interruptible()
	defer stop()
	root := newRoot(env)
	root.SetArgs(env.Args)
	help := &written{w: env.Stdout} // which cobra writes, and whose errors it drops
	root.SetOut(help)
	root.SetErr(env.Stderr)
	done := make(chan error, 1)
	go func() {
		err := root.ExecuteContext(ctx)
		done <- cmp.Or(err, help.err)
	}()
	return exitStatus(ctx, env, await(ctx, done))
}

// written keeps the first error of what is written to w.
type written struct {
	w   io.Writer
	err error
}

func (w *written) Write(b []byte) (int, error) {
	n, err := w.w.Write(b)
	w.err = cmp.Or(w.err, err)
	return n, err
}

// exitStatus returns the status that a run ends with, and tells why unless that is done.
func exitStatus(ctx context.Context, env Env, err error) int {
	var told status
	var i interrupted
	isTold := errors.As(err, &told)
	switch {
	case errors.As(context.Cause(ctx), &i):
		err, told = i, i.status()
	case err == nil:
		return exitClean
	case !isTold:
		told = exitUsage
	}
	if !isTold {
		tell(env, err)
	}
	return int(told)
}

// tell prints an error and its hint; of a policy all errors, with the lines.
func tell(env Env, err error) {
	w := sanitise.Log(env.Stderr)
	var invalid invalidPolicy
	if errors.As(err, &invalid) {
		if invalid.at != "" {
			fmt.Fprintf(w, "codewarrant: the policy of %s is not valid, and nothing else can judge a change\n", sanitise.Text(invalid.at))
			fmt.Fprint(w, "hint: a change that mends it has to be merged past this check, once\n\n")
		}
		fmt.Fprint(w, invalid.Format(invalid.source))
		return
	}
	fmt.Fprintf(w, "codewarrant: %s\n", sanitise.Text(err.Error()))
	var h hinted
	if errors.As(err, &h) {
		fmt.Fprintf(w, "hint: %s\n", sanitise.Text(h.hint))
	}
}

func newRoot(env Env) *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "codewarrant",
		Short: "Hold the entitlements of signed macOS binaries against a policy",
		Long: `codewarrant reads the entitlements out of signed macOS binaries, on any system and with no
Apple tool, and holds them against a policy: each Hardened Runtime exception, above all
com.apple.security.cs.allow-jit, needs a written, approved, unexpired justification.

Exit status: 0 nothing to object, 1 findings at or above --fail-on, 2 wrong usage or an invalid
policy, 3 something could not be read. Where several apply, 2 goes before 3 before 1. A run that is
interrupted ends with 130, and with 143 on SIGTERM.`,
		Example: `  codewarrant check build/Acme.app
  codewarrant show build/Acme.app
  codewarrant explain com.apple.security.cs.allow-jit`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          takesCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return printVersion(env)
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			return cmp.Or(notEmpty(cmd), textOnly(cmd), replaces(cmd, args))
		},
	}
	// Not cobra's own: with a template of its output the linker keeps every exported method of
	// every type, which is an eighth of the program.
	root.Flags().BoolVarP(&version, "version", "v", false, "version for codewarrant")
	root.SetFlagErrorFunc(wrongFlag)
	root.SetHelpCommand(newHelp())
	root.AddCommand(
		newCheck(env), newInit(env), newRenew(env), newShow(env), newDiff(env), newMerge(env), newNarrow(env), newExplain(env), newPolicy(env), newAudit(env),
		newApprove(env), newApprovals(env), newCompletion(env), newVersion(env), newAction(env),
	)
	if len(env.Args) == 0 || !strings.HasPrefix(env.Args[0], cobra.ShellCompRequestCmd) { // which parses what is there twice
		onlyOnce(root)
	}
	return root
}

// replaces refuses an output that is one of the files that are read, or another output.
func replaces(cmd *cobra.Command, args []string) error {
	args = slices.Clip(args)
	for _, flag := range []string{"policy", "plan"} {
		switch f := cmd.Flags().Lookup(flag); {
		case f == nil:
		case flag == "policy" && f.Value.String() == "":
			args = append(args, policyFiles...)
		default:
			args = append(args, f.Value.String())
		}
	}
	by := map[string]string{} // the files that are written, and the flags that name them
	for _, flag := range []string{"output", "attestation"} {
		f := cmd.Flags().Lookup(flag)
		if f == nil || f.Value.String() == "" {
			continue
		}
		names := []string{f.Value.String()}
		if flag == "attestation" {
			names = attestationFiles(f.Value.String())
		}
		for _, name := range names {
			abs, err := filepath.Abs(name)
			if other := by[abs]; err == nil && other != "" {
				return hinted{fmt.Errorf("--%s and --%s name the same file, %s", other, flag, name), "name another file"}
			}
			by[abs] = flag
		}
		if name := among(names, args); name != "" {
			return hinted{fmt.Errorf("--%s: %s is what is read", flag, name), "name another file"}
		}
	}
	return nil
}

// among returns the first of the files that is one of others, by whatever name; empty: none is.
func among(files, others []string) string {
	for _, name := range files {
		out, err := os.Stat(name)
		if err != nil {
			continue
		}
		for _, other := range others {
			if in, err := os.Stat(other); err == nil && os.SameFile(in, out) {
				return name
			}
		}
	}
	return ""
}

// colour reports whether w is a terminal that wants colours
// (https://no-color.org).
func colour(env Env, w io.Writer) bool {
	if env.Getenv("NO_COLOR") != "" || env.Getenv("TERM") == "dumb" {
		return false
	}
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
