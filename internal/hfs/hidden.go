package hfs

import (
	"fmt"
	"io/fs"
	"iter"
	"strconv"
	"strings"
	"sync"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/volume"
)

// maxLinked bounds the files of several names that are remembered.
const maxLinked = 1 << 18

// linked are the numbers of the files that hard links led to so far.
type linked struct {
	mu   sync.Mutex
	met  map[uint32]struct{}
	many bool // there are more
}

func (l *linked) add(number uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.met == nil {
		l.met = map[uint32]struct{}{}
	}
	if l.many = l.many || len(l.met) >= maxLinked; !l.many {
		l.met[number] = struct{}{}
	}
}

func (l *linked) has(number uint32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, there := l.met[number]
	return there
}

// Hidden yields the files in the folder of what hard links lead to that no link led to so far, and what is
// wrong with that folder. macOS lists it to nobody, and opens what is in it by a path. It is for
// the end of a walk.
func (v *Volume) Hidden() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if v.privateFolders.id != 0 {
			for _, err := range v.records(v.privateFolders.id) {
				if err == nil {
					err = archive.Unsupported("what hard links to folders lead to")
				}
				yield(Entry{}, err)
				return
			}
		}
		if v.private.id == 0 {
			return
		}
		if v.linked.many {
			yield(Entry{}, fmt.Errorf("more than %d files of several names", maxLinked))
			return
		}
		for rec, err := range v.records(v.private.id) {
			if err == nil && v.met(rec) {
				continue
			}
			e := Entry{Entry: volume.Entry{ID: uint64(rec.id)}, at: rec.at}
			if err == nil {
				e.Name, err = nameOf(rec.name)
			}
			switch {
			case err != nil:
			case rec.kind != recordFile:
				e.Mode = fs.ModeDir
				err = archive.Ambiguous("the folder %.200q is among what hard links lead to", e.Name)
			default:
				e.describe(v, rec)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// met reports whether a hard link led to a file by its name, which is iNode and its number.
func (v *Volume) met(rec record) bool {
	name, err := rawName(rec.name)
	digits, is := strings.CutPrefix(name, "iNode")
	number, notOne := strconv.ParseUint(digits, 10, 31)
	is = is && notOne == nil && digits == strconv.FormatUint(number, 10)
	return err == nil && is && rec.kind == recordFile && v.linked.has(uint32(number))
}
