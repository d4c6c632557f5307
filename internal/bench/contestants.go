package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/macho"
)

// contestant is one way to read or verify the signature of a file, or to hash as
// much.
type contestant struct {
	name, verifies string
	prepare        func(file string) (pass func() error, err error)
}

// The places of the contestants in the list.
const (
	inMemory = iota // the rate that counts
	inCache         // a rate that nothing which reads a file reaches
	fromFile
	full
	slots
	goMacho
	quill
	relic
)

var contestants = [...]contestant{
	inMemory: {"SHA-256 alone, pages in memory", "nothing; all cores", hashMemory},
	inCache:  {"SHA-256 alone, pages in the cache", "nothing; all cores", hashCache},
	fromFile: {"read and SHA-256, nothing else", "nothing; all cores", hashFile},
	full:     {"codewarrant `--verify=full`", "pages, special slots, CMS, chain, timestamp, requirement; all cores", verifyFull},
	slots:    {"codewarrant `--verify=slots`", "special slots", readSlots},
	goMacho:  {"go-macho v1.1.296 `NewFile`", "nothing", readGoMacho},
	quill:    {"quill v0.5.1 `describe`", "CMS, without the chain", describeQuill},
	relic:    {"relic v8.2.0 `verify`", "pages, special slots, CMS, chain, timestamp; one core", verifyRelic},
}

func readSlots(name string) (func() error, error) {
	return read(name, codesign.Read)
}

func verifyFull(name string) (func() error, error) {
	v := codesign.NewVerifier(codesign.AppleAnchors(), time.Now())
	return read(name, func(r io.ReaderAt, s macho.Slice) (*codesign.Signature, error) {
		return v.Read(context.Background(), r, s)
	})
}

func read(name string, signature func(io.ReaderAt, macho.Slice) (*codesign.Signature, error)) (func() error, error) {
	return func() error {
		f, slice, err := open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return judge(signature(f, slice))
	}, nil
}

// judge returns what a policy would have against a signature in any case. A CMS that
// was not looked at is none.
func judge(sig *codesign.Signature, err error) error {
	switch {
	case err != nil:
		return err
	case len(sig.Problems) > 0:
		return errors.New(sig.Problems[0].Detail)
	case sig.Authentication != nil && !sig.Authenticated():
		return fmt.Errorf("not authenticated: %v", sig.Authentication.Problems)
	case len(sig.Claims.Set) == 0:
		return errors.New("no entitlements")
	}
	return nil
}
