package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// suffixes are those of what packs files and is read or named here, and of what a Mac opens by
// its name: with Archive Utility, whose resources hold an icon for each, DiskImageMounter and
// Installer. Left out are .as, .bin, .egg, .par and .pex, which files of other kinds
// have more often.
var suffixes = []struct {
	what string
	list []string
}{
	{"a disk image", []string{
		".dmg", ".iso", ".img", ".cdr", ".toast", ".dvdr", ".smi", ".ndif", ".dc42", ".dmgpart", ".imgpart", ".sparseimage", ".asif",
	}},
	{"an installer package", []string{".pkg", ".mpkg"}},
	{"an archive", []string{
		".zip", ".zipx", ".jar", ".war", ".ear", ".ipa", ".apk", ".aab", ".aar", ".whl", ".pyz", ".nupkg", ".vsix", ".xpi", ".crx",
		".tar", ".pax", ".cpio", ".xar", ".xip", ".safariextz", ".asar", ".deb", ".rpm",
		".7z", ".rar", ".cab", ".wim", ".lha", ".lzh", ".arj", ".ace", ".sit", ".sitx", ".sea", ".hqx", ".uu", ".uue", ".warc", ".yaa", ".aea",
	}},
	{"a packed archive", packedArchives},
	{"a packed file", []string{
		".gz", ".gzip", ".bz", ".bz2", ".bzip2", ".xz", ".zst", ".z", ".lzma", ".lz", ".lz4", ".lzo", ".lzfse", ".lrz", ".pbzx",
	}},
}

// packedArchives are of one file that is packed and is an archive itself.
var packedArchives = []string{".tgz", ".taz", ".tbz", ".tb2", ".tbz2", ".txz", ".tlz", ".tzst", ".cpgz"}

// namedAs returns what the name of a file says that it is and packs others, empty for nothing.
// Case does not count, as on a Mac.
func namedAs(name string) string {
	suffix := strings.ToLower(path.Ext(name))
	if suffix == "" {
		return ""
	}
	for _, s := range suffixes {
		if slices.Contains(s.list, suffix) {
			return s.what
		}
	}
	return ""
}

// isPayload reports whether a file of an installer package is named as what the Installer
// unpacks.
func isPayload(name string) bool {
	base := path.Base(name)
	return base == "Payload" || base == "Scripts"
}

// misnamed returns what is to be told of a file of no known format that is named as one that packs others, or is the
// payload of an installer package; nil for nothing.
func misnamed(name string, payload bool, c io.ReaderAt, size int64) error {
	what := namedAs(name)
	switch {
	case payload:
		what = "the archive of an installer package"
	case what == "" || isDouble(name, c) || isEmptyTar(name, c, size):
		return nil
	}
	if size == 0 {
		return fmt.Errorf("named as %s, and empty", what)
	}
	return fmt.Errorf("named as %s, and of no format that is known: it may have been cut short", what)
}

// isDouble reports whether a file is AppleDouble (RFC 1740, A), and named after the file whose attributes it
// keeps, as ditto and tar write it.
func isDouble(name string, c io.ReaderAt) bool {
	var b [4]byte
	n, _ := c.ReadAt(b[:], 0)
	return strings.HasPrefix(path.Base(name), "._") && n == len(b) && string(b[:]) == "\x00\x05\x16\x07"
}

// isEmptyTar reports whether a file is named as a tar and is the zeros that end one, in no more blocks than
// fit where the beginning of a file is looked at: tar writes 20 for an archive without entries.
func isEmptyTar(name string, c io.ReaderAt, size int64) bool {
	const end = 1024
	if size < end || size > maxHead || !strings.EqualFold(path.Ext(name), ".tar") {
		return false
	}
	b := make([]byte, size)
	if n, err := c.ReadAt(b, 0); n < len(b) || err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	return len(bytes.Trim(b, "\x00")) == 0
}

// misnamed tells of what is packed in a file alone and is of no known format, under the name that it has
// unpacked, as misnamed does. Some suffixes stand for two.
func (p *packedFile) misnamed(c io.ReaderAt, size int64) {
	name := stem(p.name)
	if slices.Contains(packedArchives, strings.ToLower(path.Ext(p.name))) {
		name += ".tar"
	}
	if err := misnamed(name, p.payload, c, size); err != nil {
		p.problem(Opaque, fmt.Errorf("what it packs is %w", err))
	}
}
