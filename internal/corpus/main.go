// Command corpus brings the real binaries that the readers are tested on: npm
// packages of exact versions, listed in testdata/corpus/packages.tsv. It is run
// from the root of the repository, by make corpus; the tests beside it are run by
// make corpus-test.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
)

const list = "testdata/corpus/packages.tsv"

var errUsage = errors.New("usage: corpus fetch DIR [--large]")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 || args[0] != "fetch" || strings.HasPrefix(args[1], "-") {
		return errUsage
	}
	dir, large := args[1], len(args) == 3 && args[2] == "--large"
	if len(args) > 2 && !large {
		return errUsage
	}
	pkgs, err := readPackages(list)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; run this from the root of the repository", err)
	}
	if err != nil {
		return err
	}
	if !large {
		pkgs = core(pkgs)
	}
	f := fetcher{dir: dir, pack: npmPack, out: os.Stdout}
	return f.fetch(ctx, pkgs)
}
