package archive

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// A xar is a header, a table of contents that is XML packed by zlib, and a heap to which
// the table points (xar's own documentation, "Xar File Format"; xar.h.in and
// archive.c of Apple's xar). Installer packages are made of it. What is signed is the
// checksum of the table as it is packed, which has the checksum of each file.
// Xar is what a xar says of itself as a whole.
type Xar struct {
	// Algorithm is that of the checksum of the table: sha1, sha256 or sha512; empty for none.
	Algorithm string
	// Sum is the checksum of the table, in bytes, as it was computed here: what is signed.
	Sum []byte
	// Signatures are what signs it, in the order of the table.
	Signatures []XarSignature
	// Package is set when it has the file that tells an installer package from other archives
	// of this format: a component has PackageInfo, and a distribution, which may hold several,
	// Distribution.
	Package bool
	// End is where what the table points to ends, and Behind how many bytes follow there,
	// but for a notarization ticket.
	End, Behind int64
}

// XarSignature is one signature of a xar.
type XarSignature struct {
	Style        string // RSA, or CMS
	Bytes        []byte
	Certificates [][]byte // in DER, the signer's first
}

// ReadXar reads the table of a xar and holds it against its checksum, and calls file for
// each file until it returns false.
func ReadXar(r io.ReaderAt, size int64, file func(Entry) bool) (*Xar, error) {
	x, err := openXar(r, size)
	if err != nil {
		return nil, err
	}
	x.file = func(e Entry) bool {
		x.Package = x.Package || e.Name == "PackageInfo" || e.Name == "Distribution"
		return file(e)
	}
	err = x.toc()
	if err == nil {
		err = x.resolve()
	}
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if err := x.signed(); err != nil {
		return &x.Xar, err
	}
	return &x.Xar, x.behind()
}

func listXar(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		more := true
		x, err := ReadXar(r, size, func(e Entry) bool {
			more = yield(e, nil)
			return more
		})
		if err == nil && more && !x.Package { // of a package it is told what its signature does not cover
			section := io.NewSectionReader(r, 0, size)
			if _, err = section.Seek(x.End, io.SeekStart); err == nil && x.Behind > 0 {
				err = onlyZeros("archive", section, size)
			}
		}
		if err != nil && more {
			yield(Entry{}, fmt.Errorf("xar: %w", err))
		}
	}
}

// xarReader reads a table of contents.
type xarReader struct {
	Xar
	*xmlReader
	r       io.ReaderAt
	size    int64
	packed  []byte // the table
	heap    int64  // where it begins
	file    func(Entry) bool
	links   map[string]Entry // by their ids, what hard links lead to, without names
	waiting []xarLink        // to what comes behind them
	kept    int              // bytes that these take
	sum     xarData          // where the checksum of the table is in the heap
	pending []xarPlaced
}

// xarPlaced is a signature whose bytes are in the heap.
type xarPlaced struct {
	style string
	data  xarData
	certs [][]byte
}

// xarData is where bytes are in the heap.
type xarData struct {
	offset, length, size int64
	encoding             string
	raw, plain           Sum
	there                bool
}
