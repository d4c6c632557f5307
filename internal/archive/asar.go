package archive

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"strconv"
	"strings"
)

// An asar is what Electron packs an application in (electron/asar, README, "Format"): a
// size and a header as Chromium's Pickle writes them, which is JSON with the tree of
// files, and then their contents.
const (
	asarPrefix = 16

	// maxAsar bounds the header, in bytes. That of an application of 100,000 files has
	// some 20 MB.
	maxAsar = 64 << 20

	// maxNames bounds the files of one header, and maxKeys what is said of one: they are
	// in memory, so that one that is there twice is seen.
	maxNames = 300_000
	maxKeys  = 64

	// maxNested bounds the folders in each other.
	maxNested = 128
)

// asarText returns where the JSON is and how long it is, and where contents begin, as
// Pickle finds them: what is before the last payload bytes is the header of a pickle, and
// bytes to spare may follow the text. A text of -1 bytes is none.
func asarText(r io.ReaderAt, size int64) (at, text, begin int64) {
	var prefix [asarPrefix]byte
	if readAt(r, size, prefix[:], 0) != nil {
		return 0, -1, 0
	}
	inner, header, ok := asarPickles(prefix)
	if !ok || readAt(r, size, prefix[:4], 8+header) != nil {
		return 0, -1, 0
	}
	if text = int64(binary.LittleEndian.Uint32(prefix[:])); text > inner-4 {
		return 0, -1, 0
	}
	return 8 + header + 4, text, 8 + header + inner
}

// asarPickles returns the payload of the second pickle and its header, in bytes.
func asarPickles(prefix [asarPrefix]byte) (inner, header int64, ok bool) {
	le := binary.LittleEndian
	inner = int64(le.Uint32(prefix[8:]))
	header = int64(le.Uint32(prefix[4:])) - inner
	return inner, header, le.Uint32(prefix[:]) == 4 && inner >= 4 && header >= 4 && header%4 == 0
}

// isAsar reports whether a file begins with two pickles, the second of which has the JSON.
func isAsar(p *probe) bool {
	if len(p.head) < asarPrefix {
		return false
	}
	if _, header, ok := asarPickles([asarPrefix]byte(p.head)); p.cut && ok && 12+header > int64(len(p.head)) {
		return true // or not
	}
	r := p.r
	if p.cut {
		r = bytes.NewReader(p.head)
	}
	at, text, _ := asarText(r, p.size)
	head := p.bytes(at, int(max(0, min(text, 512, p.size-at))))
	rest := bytes.TrimLeft(head, " \t\r\n")
	return text >= 0 && (bytes.HasPrefix(rest, []byte("{")) || len(rest) == 0 && (len(head) == 512 || p.cut))
}

func listAsar(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		at, text, begin := asarText(r, size)
		switch {
		case text > maxAsar:
			yield(Entry{}, fmt.Errorf("asar: a header of %d bytes, of which %d are read", text, maxAsar))
			return
		case text < 0:
			yield(Entry{}, errors.New("asar: no header is there"))
			return
		case begin > size:
			yield(Entry{}, fmt.Errorf("asar: the header reaches to %d, past the end at %d", begin, size))
			return
		}
		a := asarReader{json.NewDecoder(io.NewSectionReader(r, at, text)), begin, size, new(int), yield}
		if err := a.read(); err != nil && !errors.Is(err, errEnough) {
			yield(Entry{}, fmt.Errorf("asar: %w", err))
		}
	}
}

// asarReader reads the JSON token by token, so that no more of it is in memory than one
// file of the tree.
type asarReader struct {
	d     *json.Decoder
	begin int64 // where contents are
	size  int64
	names *int // of files, so far
	yield func(Entry, error) bool
}

var errEnough = errors.New("the consumer has enough")

func (a asarReader) read() error {
	if _, err := a.node("", 0); err != nil {
		return err
	}
	if _, err := a.d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more in the header than one value")
	}
	return nil
}

// asarNode is a folder, file or link.
type asarNode struct {
	folder, unpacked bool
	link, offset     *string
	size             *int64
}

// node reads one node and all below it.
func (a asarReader) node(name string, depth int) (n asarNode, err error) {
	if depth > maxNested {
		return n, fmt.Errorf("more than %d folders in each other", maxNested)
	}
	keys := 0
	err = a.object(func(key string) error {
		if keys++; keys > maxKeys {
			return fmt.Errorf("more than %d keys for %.200q", maxKeys, name)
		}
		switch key {
		case "files":
			n.folder = true
			return a.files(name, depth)
		case "link":
			return a.d.Decode(&n.link)
		case "offset":
			return a.d.Decode(&n.offset)
		case "size":
			return a.d.Decode(&n.size)
		case "unpacked":
			return a.d.Decode(&n.unpacked)
		}
		var other json.RawMessage
		return a.d.Decode(&other)
	})
	return n, err
}

func (a asarReader) files(dir string, depth int) error {
	return a.object(func(name string) error {
		if dir != "" {
			name = dir + "/" + name
		}
		if *a.names++; *a.names > maxNames {
			return fmt.Errorf("more than %d files", maxNames)
		}
		if len(name) > maxName {
			return fmt.Errorf("a name of more than %d bytes", maxName)
		}
		n, err := a.node(name, depth+1)
		if err != nil {
			return err
		}
		if n.unpacked && !n.folder {
			return nil // it is beside the asar, in a folder that is walked
		}
		if !a.yield(a.entry(name, n), nil) {
			return errEnough
		}
		return nil
	})
}

func (a asarReader) entry(name string, n asarNode) Entry {
	e := Entry{Name: name}
	switch {
	case n.folder && n.link == nil && n.offset == nil:
		e.Mode = fs.ModeDir
	case n.link != nil && n.offset == nil && !n.folder:
		e.Mode, e.Link = fs.ModeSymlink, a.fromRoot(name, *n.link)
	case n.offset != nil && n.size != nil && n.link == nil && !n.folder:
		offset, err := strconv.ParseInt(*n.offset, 10, 63)
		switch {
		case err != nil || offset < 0 || *n.size < 0:
			e.Err = fmt.Errorf("an offset of %.20q and a size of %d", *n.offset, *n.size)
		case offset > a.size-a.begin || *n.size > a.size-a.begin-offset:
			e.Err = fmt.Errorf("its %d bytes at offset %d reach past the end at %d", *n.size, a.begin+offset, a.size)
		default:
			e.Offset, e.Size, e.Packed = a.begin+offset, *n.size, *n.size
		}
	default:
		e.Err = Ambiguous("it is more than one of folder, file and link, or none")
	}
	return e
}

// fromRoot turns where a link leads to, which is relative to the asar, into what is
// relative to the folder that the link is in: the shortest path, as @electron/asar writes
// it when it extracts the link, and as a seal around it has it.
func (asarReader) fromRoot(name, target string) string {
	from := strings.Split(name, "/")
	from = from[:len(from)-1]
	to := strings.Split(target, "/")
	if path.Clean("/"+target) == "/"+target {
		for len(from) > 0 && len(to) > 1 && from[0] == to[0] {
			from, to = from[1:], to[1:]
		}
	}
	return strings.Repeat("../", len(from)) + strings.Join(to, "/")
}

// object reads an object and calls value for each key, which reads the value. A key that
// is there twice is what parsers of JSON disagree on.
func (a asarReader) object(value func(key string) error) error {
	if t, err := a.d.Token(); err != nil {
		return err
	} else if t != json.Delim('{') {
		return fmt.Errorf("at byte %d of the header there is no object", a.d.InputOffset())
	}
	seen := map[string]bool{}
	for a.d.More() {
		t, err := a.d.Token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return fmt.Errorf("at byte %d of the header there is no key", a.d.InputOffset())
		}
		if seen[key] {
			return Ambiguous("the key %.200q is there twice in the header", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	_, err := a.d.Token()
	return err
}
