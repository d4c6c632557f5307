package hfs

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// Kinds of records of the catalog.
const (
	recordFolder       = 1
	recordFile         = 2
	recordFolderThread = 3
	recordFileThread   = 4
)

// record is a record of a folder's listing. The slices are valid until the next is read.
type record struct {
	kind uint16
	id   uint32
	name []byte // in UTF-16
	data []byte
	at   place
}

// Sizes of records, of the parts that are read.
const (
	folderSize = 88
	fileSize   = 248
	catalogKey = 6 // the least bytes of a key: the folder, and the length of a name
)

// records yields what is in a folder, but for the thread that leads back to it. Keys are
// a folder and a name, so they are one after the other, after the one without a name.
func (v *Volume) records(folder uint32) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		compare := func(key []byte) int {
			return cmp.Or(cmp.Compare(be.Uint32(key), folder), cmp.Compare(be.Uint16(key[4:]), 0))
		}
		for p, err := range v.catalog.from(compare) {
			if err != nil {
				yield(record{}, err)
				return
			}
			if be.Uint32(p.key) != folder {
				return
			}
			rec, err := newRecord(p)
			if err == nil && (rec.kind == recordFolderThread || rec.kind == recordFileThread) {
				continue
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

func newRecord(p pair) (record, error) {
	wrong := func(format string, args ...any) (record, error) {
		return record{}, fmt.Errorf("catalog: node %d: record %d: %w", p.at.node, p.at.record+1, fmt.Errorf(format, args...))
	}
	if len(p.data) < 2 {
		return wrong("%d bytes", len(p.data))
	}
	r := record{kind: be.Uint16(p.data), data: p.data, at: p.at}
	size := 0
	switch r.kind {
	case recordFolder:
		size = folderSize
	case recordFile:
		size = fileSize
	case recordFolderThread, recordFileThread:
		return r, nil
	default:
		return wrong("the type %d", r.kind)
	}
	length := 2 * int(be.Uint16(p.key[4:]))
	switch {
	case len(p.data) < size:
		return wrong("%d bytes, where %d belong", len(p.data), size)
	case length > 2*maxName || catalogKey+length > len(p.key) || length == 0:
		return wrong("a name of %d bytes in a key of %d", length, len(p.key))
	}
	r.id, r.name = be.Uint32(p.data[8:]), p.key[catalogKey:][:length]
	return r, nil
}

// maxName bounds a name, in units of UTF-16 (HFSUniStr255).
const maxName = 255

// rawName returns a name as it is stored. A unit that is half of a character, and not beside
// the other half, is an error: readers make different names of it.
func rawName(b []byte) (string, error) {
	stored := units(b, maxName)
	runes := utf16.Decode(stored)
	if !slices.Equal(utf16.Encode(runes), stored) {
		return string(runes), archive.Ambiguous("the name %.200q is not UTF-16", string(runes))
	}
	return string(runes), nil
}

// swapped are the separators of folders, in paths and on volumes.
var swapped = strings.NewReplacer("/", ":", ":", "/")

// storedName returns a name of a path as it would be on a volume, where it may have a zero, which is U+2400 in
// paths (HFSPLUSMETADATAFOLDER in hfs_format.h).
func storedName(name string) string {
	return strings.ReplaceAll(swapped.Replace(name), "\u2400", "\x00")
}

// nameOf returns a name as it is in paths: the volume separates folders by colons, so a
// slash in a name is a colon there and the other way round. Accents stay decomposed.
func nameOf(b []byte) (string, error) {
	name, err := rawName(b)
	name = swapped.Replace(name)
	if err == nil && (name == "." || name == ".." || strings.ContainsAny(name, "/\x00")) {
		err = archive.Ambiguous("the name %.200q, which no path can have", name)
	}
	return name, err
}

// inode returns the file that a hard link leads to, by its number: a file of a name made of that,
// in a folder that is not shown (TN1150, "Hard Links").
func (v *Volume) inode(number uint32) (record, error) {
	if v.private.id == 0 {
		return record{}, errors.New("there is no folder of what hard links lead to")
	}
	want := fmt.Sprintf("iNode%d", number)
	if number > math.MaxInt32 {
		return record{}, archive.Ambiguous("it leads to %s, which has a negative number to macOS (MAKE_INODE_NAME in hfs.h)", want)
	}
	rec, found, err := v.find(v.private.id, want)
	switch {
	case err != nil:
		return record{}, err
	case !found:
		return record{}, fmt.Errorf("there is no file %s, of which it is another name", want)
	case rec.kind != recordFile:
		return record{}, fmt.Errorf("catalog: %s is no file", want)
	}
	v.linked.add(number)
	return rec, nil
}

// find finds an entry of a folder by its name as it is stored, as macOS does: by its key.
func (v *Volume) find(folder uint32, name string) (record, bool, error) {
	want := nameKey(folder, name)
	p, found, err := v.catalog.find(func(key []byte) int { return v.catalog.order(key, want) })
	if err != nil || !found {
		return record{}, false, err
	}
	rec, err := newRecord(p)
	return rec, err == nil, err
}
