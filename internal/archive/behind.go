package archive

import (
	"bytes"
	"io"
	"iter"
	"slices"
	"strconv"
)

var errZipBehind = Ambiguous("behind it there is the end of a zip, as which some readers take it")

// withoutZip lists an archive in which readers find zips by its end. They are no other
// reading of it where each lies in an entry that is stored, in which it is found as well.
func withoutZip(list lister, zips []directory) lister {
	return func(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
		return func(yield func(Entry, error) bool) {
			zips := slices.Clone(zips)
			for e, err := range list(r, size) {
				if err == nil && e.Err == nil && e.Mode.IsRegular() && e.Method == Stored {
					zips = slices.DeleteFunc(zips, func(d directory) bool {
						return !d.apart && e.Offset <= d.begin && e.Packed >= d.at+zipEndSize-e.Offset
					})
				}
				if !yield(e, err) {
					return
				}
			}
			if len(zips) > 0 {
				yield(Entry{}, errZipBehind)
			}
		}
	}
}

// listZips lists the zips that readers find by the end of a file whose own format is not
// read: some take it for the one, others for the other. With several, each is a folder.
func listZips(zips []directory) lister {
	return func(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
		return func(yield func(Entry, error) bool) {
			for _, d := range zips {
				for e, err := range listZip(io.NewSectionReader(r, d.base, d.end-d.base), d.end-d.base) {
					e.Offset += d.base
					if len(zips) > 1 && err == nil {
						e.Name = "zip at " + strconv.FormatInt(d.base, 10) + "/" + e.Name
					}
					if !yield(e, err) {
						return
					}
				}
			}
		}
	}
}

// withZip unpacks a stream in which readers find zips by its end. They are no other reading
// of it where what it packs has them at its end, as they are: deflate, zstd and pbzx keep what
// they cannot make smaller.
func withZip(unpack unpacker, r io.ReaderAt, size int64, zips []directory) unpacker {
	const most = 1 << 20 // bytes of all directories
	var want [][]byte
	left := int64(most)
	for _, d := range zips {
		n := d.at + zipEndSize - d.begin
		if left -= n; left < 0 || d.apart {
			want = nil
			break
		}
		b := make([]byte, n)
		if readAt(r, size, b, d.begin) != nil {
			want = nil
			break
		}
		want = append(want, b)
	}
	return func(r io.Reader) (io.ReadCloser, error) {
		c, err := unpack(r)
		if err != nil {
			return nil, err
		}
		e := &ending{ReadCloser: c, want: want}
		for _, b := range want {
			e.keep = max(e.keep, maxTail+len(b))
		}
		return e, nil
	}
}

// ending is a stream whose end has to have all that is wanted, if that is anything.
type ending struct {
	io.ReadCloser
	want [][]byte
	keep int // bytes of the end
	last []byte
}

func (e *ending) Read(b []byte) (int, error) {
	n, err := e.ReadCloser.Read(b)
	e.last = append(e.last, b[max(0, n-e.keep):n]...)
	if len(e.last) > 2*e.keep {
		e.last = slices.Delete(e.last, 0, len(e.last)-e.keep)
	}
	if err == io.EOF && !e.has() {
		err = errZipBehind
	}
	return n, err
}

func (e *ending) has() bool {
	for _, b := range e.want {
		i := bytes.LastIndex(e.last, b)
		if i < 0 || len(e.last)-i-len(b)+zipEndSize > maxTail {
			return false
		}
	}
	return len(e.want) > 0
}
