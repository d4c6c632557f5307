package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/report"
)

// formats are the ways to write a report.
var formats = []struct {
	name  string
	write func(w io.Writer, r *check.Report, o report.TextOptions) error
}{
	{"text", func(w io.Writer, r *check.Report, o report.TextOptions) error {
		return report.Text(sanitise.Log(w), r, o)
	}},
	{"json", func(w io.Writer, r *check.Report, _ report.TextOptions) error { return report.JSON(w, r, Version()) }},
	{"sarif", func(w io.Writer, r *check.Report, _ report.TextOptions) error { return report.SARIF(w, r, Version()) }},
	{"markdown", func(w io.Writer, r *check.Report, _ report.TextOptions) error { return report.Markdown(w, r, 0) }},
	{"github", func(w io.Writer, r *check.Report, _ report.TextOptions) error { return report.GitHub(w, r) }},
}

func formatNames() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// writerFor returns the function that writes a report in the format.
func writerFor(format string) (func(io.Writer, *check.Report, report.TextOptions) error, error) {
	for _, f := range formats {
		if f.name == format {
			return f.write, nil
		}
	}
	return nil, fmt.Errorf("--format: %q is not one of %s", format, strings.Join(formatNames(), ", "))
}

// emit writes to the file of that name, or to standard output without one. A file
// is there whole or not at all.
func emit(env Env, name string, write func(w io.Writer, colour bool) error) error {
	if name == "" || name == "-" {
		w := bufio.NewWriter(env.Stdout)
		if err := write(w, colour(env, env.Stdout)); err != nil {
			return err
		}
		return w.Flush()
	}
	var b bytes.Buffer
	if err := write(&b, false); err != nil {
		return err
	}
	return writeFile(name, b.Bytes())
}

// writeFile replaces the file of that name in one step and keeps its permissions.
// Behind a link it replaces what the link leads to; a device or a FIFO is written to,
// not replaced.
func writeFile(name string, b []byte) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	} else if target, err := os.Readlink(name); err == nil { // to what is not there yet
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(name), target)
		}
		name = target
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		mode = info.Mode().Perm()
	} else if err == nil {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.Write(b)
		return errors.Join(err, f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return hinted{err, "the folder has to be there and writable"}
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
