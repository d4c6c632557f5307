package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/report"
)

// formats are the ways to write something; the first is the one without the flag --format.
type formats[T any] []struct {
	name  string
	write func(w io.Writer, v T, o report.TextOptions) error
}

// formatFlag is the flag --format.
type formatFlag[T any] struct {
	of     formats[T]
	chosen int
}

// flag defines the flag; usage says of what it is the format.
func (f *formatFlag[T]) flag(cmd *cobra.Command, of formats[T], usage string) {
	f.of = of
	cmd.Flags().Var(f, "format", usage+": "+strings.Join(f.names(), ", "))
	complete(cmd, "format", f.names())
}

func (f *formatFlag[T]) names() []string {
	names := make([]string, len(f.of))
	for i, one := range f.of {
		names[i] = one.name
	}
	return names
}

func (f *formatFlag[T]) Set(name string) error {
	for i, one := range f.of {
		if one.name == name {
			f.chosen = i
			return nil
		}
	}
	return fmt.Errorf("not one of %s", strings.Join(f.names(), ", "))
}

func (f *formatFlag[T]) String() string { return f.of[f.chosen].name }
func (f *formatFlag[T]) Type() string   { return "string" }

// emit writes v to the file of that name, or to standard output without one.
func (f *formatFlag[T]) emit(env Env, output string, v T, o report.TextOptions) error {
	return emit(env, output, func(w io.Writer, colour bool) error {
		o.Color = colour
		return f.write(w, v, o)
	})
}

func (f *formatFlag[T]) write(w io.Writer, v T, o report.TextOptions) error {
	return f.of[f.chosen].write(w, v, o)
}
