package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/macho"
)

// block is how many bytes a core takes at a time, as codewarrant does.
const block = 1 << 18

// open opens a file of one slice, which is what all contestants read.
func open(name string) (*os.File, macho.Slice, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, macho.Slice{}, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, macho.Slice{}, err
	}
	m, err := macho.Read(f, info.Size())
	if err == nil && (m.Fat || m.Slices[0].Signature == nil) {
		err = fmt.Errorf("%s: wanted: a signed program of one architecture", name)
	}
	if err != nil {
		return nil, macho.Slice{}, err
	}
	return f, m.Slices[0], m.Slices[0].Err
}

// program is what the page hashes of a file cover, in bytes.
type program struct{ code, page, signature int }

func load(name string) (program, error) {
	f, slice, err := open(name)
	if err != nil {
		return program{}, err
	}
	defer f.Close()
	sig, err := codesign.Read(f, slice)
	if err != nil {
		return program{}, err
	}
	d := sig.Directory()
	if len(sig.Directories) > 1 || d.HashType != codesign.SHA256 || d.PageSize == 0 {
		return program{}, fmt.Errorf("%s: wanted: one CodeDirectory, with SHA-256 and pages", name)
	}
	return program{int(d.CodeLimit), int(d.PageSize), int(slice.Signature.Size)}, nil
}

// hashMemory hashes the pages of the file from memory, with nothing around it.
func hashMemory(name string) (func() error, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return hash(name, func(_ []byte, at, end int) ([]byte, error) { return data[at:end], nil })
}

// hashCache hashes as many pages that stay in the cache of the core.
func hashCache(name string) (func() error, error) {
	return hash(name, func(buf []byte, at, end int) ([]byte, error) { return buf[:end-at], nil })
}

// hashFile reads the pages out of the page cache and hashes them.
func hashFile(name string) (func() error, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return hash(name, func(buf []byte, at, end int) ([]byte, error) {
		_, err := f.ReadAt(buf[:end-at], int64(at))
		return buf[:end-at], err
	})
}

// hash hashes all pages on all cores. A core that is done with a block takes the
// next, so that none waits for another that was interrupted. The bytes of a block
// come from source, which is lent a buffer of the core's own.
func hash(name string, source func(buf []byte, at, end int) ([]byte, error)) (func() error, error) {
	p, err := load(name)
	return func() error {
		var (
			wg   sync.WaitGroup
			next atomic.Int64
			errs = make([]error, runtime.GOMAXPROCS(0))
		)
		for core := range errs {
			wg.Go(func() {
				buf := make([]byte, block)
				for at := int(next.Add(block)) - block; at < p.code && errs[core] == nil; at = int(next.Add(block)) - block {
					var b []byte
					b, errs[core] = source(buf, at, min(at+block, p.code))
					for len(b) > 0 {
						page := b[:min(p.page, len(b))]
						sha256.Sum256(page)
						b = b[len(page):]
					}
				}
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	}, err
}
