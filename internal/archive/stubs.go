package archive

import (
	"errors"
	"io"
	"iter"
)

var errStub = errors.New("not read yet")

func stub(yield func(Entry, error) bool) { yield(Entry{}, errStub) }

func listZip(r io.ReaderAt, size int64) iter.Seq2[Entry, error]  { return stub }
func listAr(r io.ReaderAt, size int64) iter.Seq2[Entry, error]   { return stub }
func listXar(r io.ReaderAt, size int64) iter.Seq2[Entry, error]  { return stub }
func listCpio(r io.ReaderAt, size int64) iter.Seq2[Entry, error] { return stub }
func listAsar(r io.ReaderAt, size int64) iter.Seq2[Entry, error] { return stub }
func isCpio(head []byte) bool                                    { return false }
func isAsar(head []byte) bool                                    { return false }
func unpackPbzx(r io.Reader) (io.ReadCloser, error)              { return nil, errStub }
func findZipEnd(r io.ReaderAt, size int64) (*struct{}, error)    { return nil, nil }
