package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path"
)

// unpacked is what was found in a .tgz.
type unpacked struct {
	files   int
	bytes   int64
	skipped []string // neither regular files nor folders
}

// unpack unpacks the regular files and folders of a .tgz into the new folder dir.
// A name that leads out of dir, or that is there twice, is an error.
func unpack(ctx context.Context, tgz, dir string) (unpacked, error) {
	var got unpacked
	file, err := os.Open(tgz)
	if err != nil {
		return got, err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return got, err
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return got, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return got, err
	}
	defer root.Close()
	for r := tar.NewReader(z); ctx.Err() == nil; {
		h, err := r.Next()
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		if err := got.entry(root, h, r); err != nil {
			return got, err
		}
	}
	return got, ctx.Err()
}

// entry unpacks one entry. The root refuses names that lead out of it.
func (u *unpacked) entry(root *os.Root, h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(path.Clean(h.Name), 0o777)
	case tar.TypeReg:
		n, err := writeFile(root, path.Clean(h.Name), content)
		u.files++
		u.bytes += n
		return err
	case tar.TypeXGlobalHeader: // of the archive itself
		return nil
	default:
		u.skipped = append(u.skipped, h.Name)
		return nil
	}
}

func writeFile(root *os.Root, name string, content io.Reader) (int64, error) {
	if err := root.MkdirAll(path.Dir(name), 0o777); err != nil {
		return 0, err
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(file, content)
	return n, errors.Join(err, file.Close())
}
