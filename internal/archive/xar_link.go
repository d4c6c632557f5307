package archive

import "fmt"

// A file of several names has its contents with one, the original, and the others name the id
// of that (xar's stat.c; bsdtar writes them too), before it or behind it.
const (
	// maxHardLinks bounds the files of which there may be hard links, which are kept.
	maxHardLinks = 1 << 14

	// maxWaiting bounds the memory for names before the original, in bytes, of which one takes
	// ofWaiting beside itself.
	maxWaiting = 8 << 20
	ofWaiting  = 128
)

// xarLink is another name of a file.
type xarLink struct {
	name, id string // of itself, and of the original
	contents bool   // it has some, too
}

func (x *xarReader) tell(e Entry) error {
	if !x.file(e) {
		return errEnough
	}
	return nil
}

// link tells of another name, or keeps it until the table was read.
func (x *xarReader) link(l xarLink) error {
	if _, known := x.links[l.id]; known {
		return x.tell(x.linked(l))
	}
	if x.kept += ofWaiting + len(l.name) + len(l.id); x.kept > maxWaiting {
		return fmt.Errorf("more hard links before their files than fit in %d MiB", maxWaiting>>20)
	}
	x.waiting = append(x.waiting, l)
	return nil
}

// resolve tells of the names that wait.
func (x *xarReader) resolve() error {
	for _, l := range x.waiting {
		if err := x.tell(x.linked(l)); err != nil {
			return err
		}
	}
	return nil
}

func (x *xarReader) linked(l xarLink) Entry {
	e, known := x.links[l.id]
	e.Name = l.name
	switch {
	case !known:
		e.Err = Ambiguous("a hard link to the file %.32q, which is none", l.id)
	case l.contents:
		e.Err = Ambiguous("a hard link to the file %.32q that has contents of its own", l.id)
	}
	return e
}

// original keeps a file for its other names.
func (x *xarReader) original(e Entry, id string) Entry {
	const maxID = 32
	switch _, known := x.links[id]; {
	case known:
		e.Err = Ambiguous("two files with hard links have the id %.32q", id)
	case id == "" || len(id) > maxID || len(x.links) >= maxHardLinks:
		e.Err = fmt.Errorf("a file with hard links and the id %.32q, or more than %d of them", id, maxHardLinks)
	default:
		there := e
		there.Name = ""
		x.links[id] = there
	}
	return e
}
