package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codewarrant/codewarrant/internal/near"
)

// What is wrong with a command line is told here for all commands, in words of its own:
// those of cobra and pflag are about groups and counts, and say nothing of what to do.

// misspelt is how far a name may be from the one that was meant.
const misspelt = 2

// emptyHint says where an empty argument comes from.
const emptyHint = "is a variable not set?"

// takes demands at least and at most as many arguments, most < 0 for any number, and that
// none is empty. What says so in words; example is what may stand after the command.
func takes(least, most int, what, example string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return hinted{fmt.Errorf("%s takes %s; given: %d", nameOfCommand(cmd), what, len(args)), "for example: " + cmd.CommandPath() + " " + example}
		}
		return filled(args)
	}
}

// takesNothing demands that there is no argument.
func takesNothing(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return hinted{fmt.Errorf("%s takes no argument; given: %d", nameOfCommand(cmd), len(args)), "leave away " + strings.Join(args, " ")}
	}
	return nil
}

// nameOfCommand is the name of a command without that of the program.
func nameOfCommand(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// paths demands at least one path.
func paths(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return hinted{errors.New("no path is given"), "name what to look at, such as " + cmd.CommandPath() + " build/Acme.app"}
	}
	return filled(args)
}

// filled demands that no argument is empty.
func filled(args []string) error {
	if slices.Contains(args, "") {
		return hinted{errors.New("an empty argument is given"), emptyHint}
	}
	return nil
}

// takesCommand demands one of the commands below, or none.
func takesCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return hinted{fmt.Errorf("unknown command %q of %s", args[0], cmd.CommandPath()), commandHint(cmd, args[0])}
}

// commandHint says which command of a name that is not one of cmd's may be meant: those
// with the name that is nearest, which are below cmd if there are such.
func commandHint(cmd *cobra.Command, name string) string {
	var names []string
	for _, c := range nearest(name, (*cobra.Command).Name, offered(cmd), commandsBelow(cmd.Root())) {
		names = append(names, c.CommandPath())
	}
	if names != nil {
		return didYouMean(names)
	}
	for _, c := range offered(cmd) {
		names = append(names, c.Name())
	}
	return "its commands are: " + strings.Join(names, ", ")
}

// nearest returns what has the name that is nearest to one which nothing has, if any is near
// at all; of several lists the first that has such.
func nearest[T any](name string, nameOf func(T) string, lists ...[]T) []T {
	for distance := range min(misspelt, len(name)/2) + 1 {
		for _, list := range lists {
			like := slices.DeleteFunc(slices.Clone(list), func(t T) bool { return near.Distance(name, nameOf(t), distance) < 0 })
			if len(like) > 0 {
				return like
			}
		}
	}
	return nil
}

func didYouMean(names []string) string { return "did you mean " + strings.Join(names, " or ") + "?" }

// offered are the commands directly below one that its help lists.
func offered(cmd *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return !c.IsAvailableCommand() })
}

// commandsBelow are all commands below one.
func commandsBelow(cmd *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, c := range offered(cmd) {
		all = append(append(all, c), commandsBelow(c)...)
	}
	return all
}

// notEmpty demands that no flag is given an empty value: what is not said is not asked
// for, and an empty --base would be no base.
func notEmpty(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" {
			err = hinted{fmt.Errorf("--%s is empty", f.Name), emptyHint}
		}
	})
	return err
}

// textOnly refuses --verbose beside a format that has everything anyway, or nothing more.
func textOnly(cmd *cobra.Command) error {
	verbose, format := cmd.Flags().Lookup("verbose"), cmd.Flags().Lookup("format")
	if verbose == nil || format == nil || verbose.Value.String() != "true" || format.Value.String() == "text" {
		return nil
	}
	return hinted{fmt.Errorf("--verbose says nothing with --format %s", format.Value), "it is of --format text"}
}

// once is the value of a flag that may be given once: of two values one would be overlooked.
type once struct {
	pflag.Value
	given bool
}

var errTwice = errors.New("given beside another one, and only one is taken")

func (o *once) Set(value string) error {
	if o.given {
		return errTwice
	}
	o.given = true
	return o.Value.Set(value)
}

// onlyOnce lets the flags of a command and of those below it be given once each, but for
// those that are lists, and those that are true or false, which say the same twice.
func onlyOnce(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if t := f.Value.Type(); t != "bool" && t != "stringArray" {
			f.Value = &once{Value: f.Value}
		}
	})
	for _, c := range cmd.Commands() {
		onlyOnce(c)
	}
}

// oneOf demands that no more than one of the flags is given, and at least as many, 0 or 1.
func oneOf(least int, names ...string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		given := 0
		var uses []string
		for _, name := range names {
			f := cmd.Flags().Lookup(name)
			if f.Changed && f.Value.String() != "false" {
				given++
			}
			value, use := pflag.UnquoteUsage(f)
			uses = append(uses, strings.TrimSuffix("--"+name+" "+value, " ")+": "+use)
		}
		if given >= least && given <= 1 {
			return nil
		}
		last := len(names) - 1
		which := "--" + strings.Join(names[:last], ", --") + " and --" + names[last]
		if given == 0 {
			return hinted{errors.New("give one of " + which), strings.Join(uses, "; ")}
		}
		return hinted{errors.New("give only one of " + which), strings.Join(uses, "; ")}
	}
}

// wrongFlag tells what is wrong with the flags.
func wrongFlag(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		missing *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
	)
	seeHelp := "see " + cmd.CommandPath() + " --help"
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return hinted{fmt.Errorf("unknown flag -%s of %s", unknown.GetSpecifiedName(), cmd.CommandPath()), seeHelp}
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		var flags []*pflag.Flag
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f) })
		var like []string
		for _, f := range nearest(name, func(f *pflag.Flag) string { return f.Name }, flags) {
			like = append(like, "--"+f.Name)
		}
		if like != nil {
			seeHelp = didYouMean(like)
		}
		return hinted{fmt.Errorf("unknown flag --%s of %s", name, cmd.CommandPath()), seeHelp}
	case errors.As(err, &missing):
		f := missing.GetFlag()
		return hinted{fmt.Errorf("--%s is given no value", f.Name), writeFlag(f)}
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		what := invalid.Unwrap().Error()
		switch {
		case errors.Is(err, errTwice):
		case f.Value.Type() == "bool":
			what = "not one of true, false"
		case f.Value.Type() == "duration":
			what = "not a time such as 90s, 10m or 1h30m"
		}
		return hinted{fmt.Errorf("--%s: %q is %s", f.Name, invalid.GetValue(), what), writeFlag(f)}
	}
	return hinted{err, seeHelp}
}

// writeFlag says how a flag is written.
func writeFlag(f *pflag.Flag) string {
	value, use := pflag.UnquoteUsage(f)
	return "write " + strings.TrimSuffix("--"+f.Name+" "+value, " ") + ": " + use
}
