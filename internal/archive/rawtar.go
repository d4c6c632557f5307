package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// rawTar walks the headers of a tar beside package archive/tar, and tells of what other
// readers, GNU's tar and bsdtar, take otherwise.
type rawTar struct {
	r    io.ReaderAt
	size int64
	at   int64 // of the next header
}

const (
	tarBlock = 512

	// maxPax bounds an extended header, in bytes, as package archive/tar does.
	maxPax = 1 << 20

	// maxOctal is the largest size that a header holds without pax, in bytes, plus one.
	maxOctal = 8 << 30
)

// next goes to the header of the next entry and past those that extend it. It returns
// where what the entry holds begins, -1 where the entry is a header for all others.
func (t *rawTar) next() (content int64, err error) {
	extended, claimed := "", int64(-1) // the kinds of headers that wait for their entry, and the size in one
	for {
		var b [tarBlock]byte
		if err := readAt(t.r, t.size, b[:], t.at); err != nil {
			return 0, Ambiguous("%v, where some readers look for a header", err)
		}
		size, ok := tarNumber(b[124:136])
		if !ok {
			return 0, Ambiguous("the size in the header at offset %d is no number", t.at)
		}
		header, kind := t.at, b[156]
		content = header + tarBlock
		if kind == 'S' {
			if content, err = t.sparse(b[482], content); err != nil {
				return 0, err
			}
		}
		t.at = padded(content+min(size, max(t.size-content, 0)), tarBlock)
		switch kind {
		case 'x', 'g', 'L', 'K':
			switch extended += string(kind); extended {
			case "x", "g", "L", "K", "LK", "KL":
			default:
				return 0, Ambiguous("the extended header before offset %d is followed by another one, and not by its entry", header)
			}
			if kind == 'x' || kind == 'g' {
				if claimed, err = t.pax(content, size, kind == 'g'); err != nil {
					return 0, fmt.Errorf("the extended header at offset %d: %w", header, err)
				}
			}
			if kind == 'g' {
				return -1, nil
			}
			continue
		}
		switch {
		case claimed >= 0 && claimed != size && (claimed < maxOctal || '1' <= kind && kind <= '6'):
			return 0, Ambiguous("the entry at offset %d is of %d bytes in its header and of %d in the extended one", header, size, claimed)
		case size != 0 && '1' <= kind && kind <= '6':
			return 0, Ambiguous("the entry at offset %d, a folder, link or device, has a size, of %d", header, size)
		case claimed >= 0:
			t.at = padded(content+min(claimed, max(t.size-content, 0)), tarBlock)
		}
		return content, nil
	}
}

// same tells of what is different from the entry h, whose contents begin at an offset, in
// other readers.
func (t *rawTar) same(h *tar.Header, offset int64) error {
	content, err := t.next()
	switch {
	case err != nil:
		return err
	case (content < 0) != (h.Typeflag == tar.TypeXGlobalHeader), content >= 0 && content != offset && !isSparse(h):
		return Ambiguous("the contents of %.200q are at offset %d or at %d", h.Name, content, offset)
	case h.Size != 0 && strings.HasSuffix(h.Name, "/") && h.Typeflag != tar.TypeXGlobalHeader:
		return Ambiguous("%.200q is a folder by its name, and has %d bytes", h.Name, h.Size)
	}
	return nil
}

// sparse goes past the blocks by which GNU's header of a sparse file goes on.
func (t *rawTar) sparse(more byte, at int64) (int64, error) {
	for b := make([]byte, tarBlock); more != 0; at += tarBlock {
		if err := readAt(t.r, t.size, b, at); err != nil {
			return 0, err
		}
		more = b[504]
	}
	return at, nil
}

// end tells of what is left where package archive/tar has seen the end.
func (t *rawTar) end() error {
	b := make([]byte, min(tarBlock, max(t.size-t.at, 0)))
	if err := readAt(t.r, t.size, b, min(t.at, t.size)); err != nil {
		return err
	}
	if len(bytes.Trim(b, "\x00")) > 0 {
		return Ambiguous("at offset %d some readers go on with another entry", t.at)
	}
	return nil
}

// pax reads an extended header, and returns the size that it has for the entry, -1 for
// none.
func (t *rawTar) pax(at, size int64, global bool) (int64, error) {
	if size > maxPax {
		return 0, fmt.Errorf("%d bytes, of which %d are read", size, maxPax)
	}
	b := make([]byte, size)
	if err := readAt(t.r, t.size, b, at); err != nil {
		return 0, err
	}
	claimed, seen := int64(-1), map[string]bool{}
	for rest := string(b); rest != ""; {
		digits, _, ok := strings.Cut(rest, " ")
		n, err := strconv.ParseUint(digits, 10, 31)
		if !ok || err != nil || int(n) > len(rest) || int(n) < len(digits)+2 || rest[n-1] != '\n' {
			return 0, Ambiguous("there is no record where one should be")
		}
		key, value, _ := strings.Cut(rest[len(digits)+1:n-1], "=")
		rest = rest[n:]
		switch {
		case global && (key == "path" || key == "linkpath" || key == "size" || strings.HasPrefix(key, "GNU.sparse.")):
			return 0, Ambiguous("it is for all entries and has their %q, which some readers leave out", key)
		case key != "path" && key != "linkpath" && key != "size":
			continue
		case seen[key] || value == "":
			return 0, Ambiguous("the record %q is there twice, or empty", key)
		}
		seen[key] = true
		if key != "size" {
			continue
		}
		if n, err = strconv.ParseUint(value, 10, 63); err != nil {
			return 0, Ambiguous("a size of %.40q", value)
		}
		claimed = int64(n)
	}
	return claimed, nil
}

// tarNumber reads a field as GNU's tar does: white space, and then digits up to a zero
// or a space; or, with the first bit set, a number in binary.
func tarNumber(b []byte) (int64, bool) {
	if b[0]&0x80 != 0 {
		n := int64(b[0] & 0x3f)
		for _, c := range b[1:] {
			if n >= 1<<54 {
				return 0, false
			}
			n = n<<8 | int64(c)
		}
		return n, b[0]&0x40 == 0
	}
	s := strings.TrimLeft(string(b), " \t")
	end := len(s) - len(strings.TrimLeft(s, "01234567"))
	if end == 0 {
		return 0, strings.Trim(s, "\x00 ") == ""
	}
	n, err := strconv.ParseInt(s[:end], 8, 64)
	return n, err == nil && (end == len(s) || s[end] == 0 || s[end] == ' ')
}
