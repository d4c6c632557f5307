package archive

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
)

// An ar is read as <ar.h> of macOS has it: a header of 60 characters before each
// member, names longer than 16 bytes as "#1/LENGTH" at the beginning of the member
// (ar(5)), and also as GNU's ar writes them, "/OFFSET" in the table that is the member "//".
const (
	arMagic  = "!<arch>\n"
	arHeader = 60
	arEnd    = "`\n"
)

func listAr(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		a := arReader{r: r, size: size}
		for at := int64(len(arMagic)); at < size; {
			e, next, err := a.member(at)
			if err != nil {
				yield(Entry{}, fmt.Errorf("ar: the member at offset %d: %w", at, err))
				return
			}
			if !yield(a.unique(e), nil) {
				return
			}
			at = next
		}
	}
}

type arReader struct {
	r     io.ReaderAt
	size  int64
	table []byte // of GNU's long names
	seen  map[string]int
}

// maxTable bounds the table of long names, in bytes.
const maxTable = 16 << 20

// member reads the member at an offset, and returns where the next one is. A table of
// names or symbols is one as others are, which some readers take for what is in it:
// GNU's have names here by which they can be files.
func (a *arReader) member(at int64) (e Entry, next int64, err error) {
	b := make([]byte, arHeader)
	if err := readAt(a.r, a.size, b, at); err != nil {
		return e, 0, err
	}
	if string(b[58:]) != arEnd {
		return e, 0, errors.New("no header is there")
	}
	length, err := strconv.ParseInt(strings.TrimRight(string(b[48:58]), " "), 10, 63)
	if err != nil {
		return e, 0, fmt.Errorf("its size: %w", err)
	}
	e.Offset = at + arHeader
	if length < 0 || length > a.size-e.Offset {
		return e, 0, fmt.Errorf("its %d bytes reach past the end at %d", length, a.size)
	}
	e.Size, next = length, padded(e.Offset+length, 2)
	name := strings.TrimRight(string(b[:16]), " ")
	switch {
	case name == "/":
		e.Name = "__.SYMDEF"
	case name == "/SYM64/":
		e.Name = "__.SYMDEF_64"
	case name == "//":
		e.Name = "__.STRTAB"
		if length > maxTable {
			return e, 0, fmt.Errorf("a table of names of %d bytes", length)
		}
		a.table = make([]byte, length)
		err = readAt(a.r, a.size, a.table, e.Offset)
	case strings.HasPrefix(name, "#1/"):
		e, err = a.long(e, name[len("#1/"):])
	case strings.HasPrefix(name, "/"):
		e.Name, err = a.tabled(name[1:])
	default:
		e.Name = strings.TrimSuffix(name, "/")
	}
	e.Packed = e.Size
	return e, next, err
}

// long reads a name at the beginning of a member.
func (a *arReader) long(e Entry, digits string) (Entry, error) {
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 0 || n > e.Size || n > maxName {
		return e, fmt.Errorf("a name of %.20q bytes in a member of %d", digits, e.Size)
	}
	name := make([]byte, n)
	if err := readAt(a.r, a.size, name, e.Offset); err != nil {
		return e, err
	}
	e.Name, e.Offset, e.Size = strings.TrimRight(string(name), "\x00"), e.Offset+n, e.Size-n
	return e, nil
}

// tabled returns the name at an offset of the table, which ends it with "/\n".
func (a *arReader) tabled(digits string) (string, error) {
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || n >= uint64(len(a.table)) {
		return "", fmt.Errorf("its name is at %.20q of a table of %d bytes", digits, len(a.table))
	}
	name, _, _ := strings.Cut(string(a.table[n:min(int(n)+maxName, len(a.table))]), "\n")
	return strings.TrimSuffix(name, "/"), nil
}

// unique gives members of one name numbers: they may share it, as objects of
// different folders do, and none is written over another.
func (a *arReader) unique(e Entry) Entry {
	if a.seen == nil {
		a.seen = map[string]int{}
	}
	a.seen[e.Name]++
	if n := a.seen[e.Name]; n > 1 {
		e.Name += " (" + strconv.Itoa(n) + ")"
	}
	return e
}
