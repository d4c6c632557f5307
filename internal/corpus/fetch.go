package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// atOnce is the number of packages fetched at a time. The registry and the disk
// are the limits, not the processor.
const atOnce = 2

// fetcher brings packages into a folder.
type fetcher struct {
	dir  string
	pack packFunc

	mu  sync.Mutex
	out io.Writer // progress, one line a package
}

// packFunc downloads one package as a .tgz into dir and returns its path.
type packFunc func(ctx context.Context, spec, dir string) (string, error)

// fetch brings every package that is not there yet. The first failure ends it.
func (f *fetcher) fetch(ctx context.Context, pkgs []npmPackage) error {
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan npmPackage)
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for p := range work {
				if err := f.one(ctx, p); err != nil {
					cancel(fmt.Errorf("cannot fetch %s: %w", p.Spec(), err))
				}
			}
		})
	}
	for _, p := range pkgs {
		if ctx.Err() == nil {
			work <- p
		}
	}
	close(work)
	workers.Wait()
	return context.Cause(ctx)
}

// one brings one package: all of it, or nothing under its name.
func (f *fetcher) one(ctx context.Context, p npmPackage) error {
	if p.Have(f.dir) {
		f.say("%s: here already", p.Spec())
		return nil
	}
	tmp, err := os.MkdirTemp(f.dir, ".fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	tgz, err := f.pack(ctx, p.Spec(), tmp)
	if err != nil {
		return err
	}
	if err := checkSum(tgz, p.SHA256); err != nil {
		return err
	}
	whole := filepath.Join(tmp, p.Folder())
	got, err := unpack(ctx, tgz, whole)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if err := os.WriteFile(filepath.Join(whole, stamp), []byte(p.SHA256), 0o666); err != nil {
		return err
	}
	final := filepath.Join(f.dir, p.Folder())
	if err := os.RemoveAll(final); err != nil { // of another .tgz
		return err
	}
	if err := os.Rename(whole, final); err != nil {
		return err
	}
	f.say("%s: %d files, %.1f MB", p.Spec(), got.files, float64(got.bytes)/1e6)
	for _, name := range got.skipped {
		f.say("%s: %s is no regular file or folder, left out", p.Spec(), name)
	}
	return nil
}

func (f *fetcher) say(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fmt.Fprintf(f.out, format+"\n", args...)
}

// checkSum returns an error unless the file has the SHA-256 want.
func checkSum(path, want string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("the .tgz has SHA-256 %s, not %s as in the list", got, want)
	}
	return nil
}
