package seal

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
)

// compare compares a file with all hashes that the seal has of it.
func (v *verifier) compare(s *sealed, rel string) {
	var writers []io.Writer
	var hashes []hash.Hash
	for _, sum := range s.hashes {
		h := sum.new()
		writers, hashes = append(writers, h), append(hashes, h)
	}
	if err := v.copyTo(io.MultiWriter(writers...), v.in(rel)); err != nil {
		v.unreadable(v.in(rel), err)
		return
	}
	for i, sum := range s.hashes {
		if !bytes.Equal(hashes[i].Sum(nil)[:len(sum.want)], sum.want) {
			v.problem(Changed, v.in(rel), "not the content that was sealed")
			return
		}
	}
	v.result.Files++
	if s.sha1 {
		v.result.SHA1++
	}
}

func (v *verifier) copyTo(w io.Writer, name string) error {
	r, _, err := v.fsys.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.CopyBuffer(w, v.reader(r), v.block(0))
	return err
}

// block returns one of two buffers, which are made when they are first needed.
func (v *verifier) block(i int) []byte {
	if len(v.buffer) < (i+1)*blockSize {
		v.buffer = make([]byte, (i+1)*blockSize)
	}
	return v.buffer[i*blockSize : (i+1)*blockSize]
}

// reader returns r, which ends with an error when the work is to end.
func (v *verifier) reader(r io.Reader) io.Reader { return stoppable{r, v.stop} }

type stoppable struct {
	r    io.Reader
	stop func() error
}

func (s stoppable) Read(b []byte) (int, error) {
	if err := s.stop(); err != nil {
		return 0, err
	}
	return s.r.Read(b)
}

// errDiffers is what same says of contents that are not alike.
var errDiffers = errors.New("has other content")

// same returns why the copy is not like the original, nil when it is. Links lead
// to the original where the copy has what they lead to: so it is when a tool has
// followed them all. The work is bounded by the size of the copy.
func (v *verifier) same(copied, original string, dir bool) error {
	if dir {
		return v.sameFolder(copied, original)
	}
	a, size, err := v.fsys.Open(copied)
	if err != nil {
		return bare(err)
	}
	defer a.Close()
	b, originalSize, err := v.fsys.Open(original)
	if err != nil {
		return bare(err)
	}
	defer b.Close()
	if size != originalSize {
		return errDiffers
	}
	return v.sameBytes(v.reader(a), v.reader(b))
}

func (v *verifier) sameBytes(a, b io.Reader) error {
	second := v.block(1) // first: it makes room for both
	first := v.block(0)
	for {
		n, err := io.ReadFull(a, first)
		m, otherErr := io.ReadFull(b, second)
		ended, otherEnded := isEnd(err), isEnd(otherErr)
		switch {
		case err != nil && !ended:
			return bare(err)
		case otherErr != nil && !otherEnded:
			return bare(otherErr)
		case !bytes.Equal(first[:n], second[:m]):
			return errDiffers
		case ended || otherEnded:
			return nil
		}
	}
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func (v *verifier) sameFolder(copied, original string) error {
	if err := v.stop(); err != nil {
		return err
	}
	if len(copied) > maxPath {
		return fmt.Errorf("a path longer than %d bytes", maxPath)
	}
	entries, err := v.list(copied)
	if err != nil {
		return bare(err)
	}
	originals, err := v.list(original)
	if err != nil {
		return bare(err)
	}
	if len(entries) != len(originals) {
		return errDiffers
	}
	for i, e := range entries {
		if e.Name() != originals[i].Name() {
			return errDiffers
		}
		a, b := path.Join(copied, e.Name()), path.Join(original, e.Name())
		switch {
		case e.Type()&fs.ModeSymlink != 0:
			err = v.sameLink(a, b)
		case e.IsDir() || e.Type().IsRegular():
			err = v.same(a, b, e.IsDir())
		default:
			err = errors.New("neither file, folder nor link")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name(), err)
		}
	}
	return nil
}

func (v *verifier) sameLink(copied, original string) error {
	a, err := v.fsys.ReadLink(copied)
	if err != nil {
		return bare(err)
	}
	b, err := v.fsys.ReadLink(original)
	if err != nil {
		return bare(err)
	}
	if a != b {
		return errDiffers
	}
	return nil
}
