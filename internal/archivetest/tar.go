package archivetest

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
)

// Tar packs files.
func Tar(f Files) []byte {
	var list []tar.Header
	var contents []string
	for _, name := range f.names() {
		content, mode := f.get(name)
		h := tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))}
		switch mode {
		case fs.ModeDir:
			h.Name, h.Typeflag = name+"/", tar.TypeDir
		case fs.ModeSymlink:
			h.Linkname, h.Typeflag, h.Size, content = content, tar.TypeSymlink, 0, ""
		}
		list, contents = append(list, h), append(contents, content)
	}
	return RawTar(list, contents)
}

// RawTar packs entries with these headers.
func RawTar(list []tar.Header, contents []string) []byte {
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	for i := range list {
		check(t.WriteHeader(&list[i]))
		_, err := io.WriteString(t, contents[i])
		check(err)
	}
	check(t.Close())
	return b.Bytes()
}
