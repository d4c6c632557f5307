package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// checkFormats are the ways to write a report.
var checkFormats = formats[*check.Report]{
	{"text", func(w io.Writer, r *check.Report, o report.TextOptions) error {
		return report.Text(sanitise.Log(w), r, o)
	}},
	{"json", func(w io.Writer, r *check.Report, _ report.TextOptions) error { return report.JSON(w, r, Version()) }},
	{"sarif", func(w io.Writer, r *check.Report, _ report.TextOptions) error { return report.SARIF(w, r, Version()) }},
	{"markdown", func(w io.Writer, r *check.Report, _ report.TextOptions) error { return report.Markdown(w, r, 0) }},
	{"junit", func(w io.Writer, r *check.Report, _ report.TextOptions) error {
		return report.CheckJUnit(sanitise.Log(w), r)
	}},
	{"csv", func(w io.Writer, r *check.Report, _ report.TextOptions) error { return report.CSV(sanitise.Log(w), r) }},
	{"ndjson", func(w io.Writer, r *check.Report, _ report.TextOptions) error { return report.NDJSON(w, r) }},
	{"html", func(w io.Writer, r *check.Report, _ report.TextOptions) error {
		return report.HTML(w, Version(), report.PartOf("", r))
	}},
	{"github", func(w io.Writer, r *check.Report, _ report.TextOptions) error { return report.GitHub(w, r) }},
}

// emit writes to the file of that name, or to standard output without one. A file
// is there whole or not at all.
func emit(env Env, name string, write func(w io.Writer, colour bool) error) error {
	if name == "" || name == "-" {
		return buffered(env.Stdout, func(w io.Writer) error { return write(w, colour(env, env.Stdout)) })
	}
	return writeFile(name, func(w io.Writer) error { return write(w, false) }, func() error { return nil })
}

// emitExactly writes a text to standard output that is to be read back byte for byte. In
// a job on GitHub, whose runner obeys what it finds there, one with a command in it is
// refused: any way to print it would change it, or have it obeyed.
func emitExactly(env Env, what string, text []byte, hint string) error {
	var harmless bytes.Buffer
	if _, err := sanitise.Log(&harmless).Write(text); err != nil {
		return err
	}
	if env.Getenv("GITHUB_ACTIONS") == "true" && !bytes.Equal(text, harmless.Bytes()) {
		return hinted{fmt.Errorf("%s is not printed: GitHub's runner would take a part of it for a command", what), hint}
	}
	return emit(env, "", func(w io.Writer, _ bool) error {
		_, err := w.Write(text)
		return err
	})
}

// rewriteFile replaces the text of a policy that was read a while ago, unless it has
// another one by now: of two people who edit it neither loses what the other one wrote.
func rewriteFile(name string, was, is []byte) error {
	// Without a lock only two that write at the very same time miss one another: the text is
	// read again just before it is replaced.
	if unlock, err := lock(name); err == nil {
		defer unlock()
	}
	write := func(w io.Writer) error {
		_, err := w.Write(is)
		return err
	}
	return writeFile(name, write, func() error {
		now, err := readBounded(name, policy.MaxSize)
		if err == nil && !bytes.Equal(now, was) {
			err = hinted{fmt.Errorf("%s was changed since it was read; it is left as it is now", name), "run the command again"}
		}
		return err
	})
}

// temporary begins the name of a file that is to take the place of another.
const temporary = ".codewarrant-"

// writeFile replaces the file of that name in one step, if ready says so just before,
// and keeps its permissions, and its owner as far as it may. Behind a link it replaces
// what the link leads to; a device or a FIFO is written to, not replaced.
func writeFile(name string, write func(io.Writer) error, ready func() error) error {
	named := name
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	} else if target, err := os.Readlink(name); err == nil { // to what is not there yet
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(name), target)
		}
		name = target
	}
	old, err := os.Stat(name)
	if err == nil && old.IsDir() {
		return hinted{notWritten(named, syscall.EISDIR), "name a file in it"}
	}
	if err == nil && !old.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(buffered(f, write), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(name), temporary+"*") // no longer than the name may be
	if err != nil {
		return hinted{notWritten(named, err), "the folder has to be there and writable"}
	}
	err = buffered(f, write)
	mode := os.FileMode(0o644)
	if old != nil {
		mode = old.Mode().Perm()
		keepOwner(f, old)
	}
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		if err := ready(); err != nil {
			return errors.Join(err, os.Remove(f.Name()))
		}
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return notWritten(named, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// notWritten says of a file that it could not be written, for the reason in an error
// about the one beside it that was to take its place.
func notWritten(name string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return &fs.PathError{Op: "write", Path: name, Err: err}
}

// buffered lets write write to w in blocks.
func buffered(w io.Writer, write func(io.Writer) error) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}
