package imagetest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
)

// HFS is an HFS+ volume that is written.
type HFS struct {
	Name      string // of the volume; "": Acme
	Files     []HFSFile
	BlockSize int    // 0: 4,096
	NodeSize  int    // 0: 4,096
	Fragment  int    // blocks of an extent at most, with a block between; 0: no limit
	X         bool   // HFSX, in which case counts
	Wrapped   bool   // in an HFS volume
	Journal   []byte // the header of the journal; nil: none
	// Extents are more records of the file of extents: a file, a block of its data fork, and the blocks there.
	Extents [][4]uint32
	// Header changes the volume header and its copy, Root the record of the root folder.
	Header, Root func([]byte)
}

// HFSFile is a file, folder or link in a volume. Folders above it are made.
type HFSFile struct {
	Path      string
	Data      []byte
	Resources []byte
	Attribute []byte // com.apple.decmpfs, which also sets the flag
	Symlink   string // where it leads to
	Inode     uint32 // of a hard link
	Folder    bool
	FolderOf  uint32 // of a hard link to a folder
	ID        uint32 // 0: the next
	Record    func([]byte)
}

// Private are the folders that hard links are kept in.
const (
	Private        = "\x00\x00\x00\x00HFS+ Private Data"
	PrivateFolders = ".HFS+ Private Directory Data\r"
)

// hfsWriter lays a volume out.
type hfsWriter struct {
	HFS
	disk     []byte
	next     uint32 // identifier
	catalog  []hfsRecord
	overflow []hfsRecord
	attrs    []hfsRecord
	folders  map[string]uint32
}

// hfsRecord is a record of a tree, with its key without the length.
type hfsRecord struct{ key, data []byte }

// Write writes the volume.
func (h HFS) Write() []byte {
	h.Name = cmp.Or(h.Name, "Acme")
	h.BlockSize, h.NodeSize = cmp.Or(h.BlockSize, 4096), cmp.Or(h.NodeSize, 4096)
	w := &hfsWriter{HFS: h, next: 16, folders: map[string]uint32{".": 2}}
	w.disk = make([]byte, max(h.BlockSize, 2048))
	w.folder(1, 2, h.Name, h.Root)
	for _, f := range h.Files {
		w.add(f)
	}
	be := binary.BigEndian
	for _, e := range h.Extents {
		key := append([]byte{0, 0}, be.AppendUint32(be.AppendUint32(nil, e[0]), e[1])...)
		data := be.AppendUint32(be.AppendUint32(nil, e[2]), e[3])
		w.overflow = append(w.overflow, hfsRecord{key, append(data, make([]byte, 56)...)})
	}
	header := make([]byte, 512)
	copy(header, "H+\x00\x04")
	if h.X {
		copy(header, "HX\x00\x05")
	}
	be.PutUint32(header[4:], 1<<8)
	if h.Journal != nil {
		be.PutUint32(header[4:], 1<<13|1<<8)
		info := make([]byte, h.BlockSize)
		be.PutUint32(info, 1)
		be.PutUint32(header[12:], uint32(len(w.disk)/h.BlockSize))
		be.PutUint64(info[36:], uint64(len(w.disk)+h.BlockSize))
		w.disk = append(append(w.disk, info...), make([]byte, h.BlockSize)...)
		copy(w.disk[len(w.disk)-h.BlockSize:], h.Journal)
	}
	// The trees are not fragmented, so that none of their extents are in the overflow.
	fragment := w.Fragment
	w.Fragment = 0
	order := byName
	if h.X {
		order = byUnits
	}
	catalog := w.fork(w.tree(w.catalog, 516, order, !h.X), 4, 0)
	var attributes []byte
	if len(w.attrs) > 0 {
		attributes = w.fork(w.tree(w.attrs, 266, bytes.Compare, false), 8, 0)
	}
	overflow := w.fork(w.tree(w.overflow, 10, func(a, b []byte) int {
		return cmp.Or(bytes.Compare(a[2:6], b[2:6]), bytes.Compare(a[:2], b[:2]), bytes.Compare(a[6:], b[6:]))
	}, false), 3, 0)
	w.Fragment = fragment
	copy(header[192:], overflow)
	copy(header[272:], catalog)
	copy(header[352:], attributes)
	w.disk = append(w.disk, make([]byte, max(h.BlockSize, 1024))...)
	be.PutUint32(header[40:], uint32(h.BlockSize))
	be.PutUint32(header[44:], uint32(len(w.disk)/h.BlockSize))
	for _, r := range w.catalog {
		switch r.data[1] {
		case 1:
			be.PutUint32(header[36:], be.Uint32(header[36:])+1)
		case 2:
			be.PutUint32(header[32:], be.Uint32(header[32:])+1)
		}
	}
	be.PutUint32(header[36:], be.Uint32(header[36:])-1) // without the root
	be.PutUint32(header[64:], w.next)
	if h.Header != nil {
		h.Header(header)
	}
	copy(w.disk[1024:], header)
	copy(w.disk[len(w.disk)-1024:], header)
	if h.Wrapped {
		return w.wrap()
	}
	return w.disk
}

// wrap puts the volume into one of HFS.
func (w *hfsWriter) wrap() []byte {
	be := binary.BigEndian
	b := make([]byte, 8192)
	m := b[1024:]
	copy(m, "BD")
	be.PutUint32(m[20:], uint32(w.BlockSize))
	be.PutUint16(m[28:], 8) // 4,096 bytes
	copy(m[124:], "H+")
	be.PutUint16(m[126:], uint16(4096/w.BlockSize))
	be.PutUint16(m[128:], uint16(len(w.disk)/w.BlockSize))
	return append(append(b, w.disk...), make([]byte, 1024)...)
}

// units returns a name as its length and its units.
func units(name string) []byte {
	u := utf16.Encode([]rune(name))
	b := binary.BigEndian.AppendUint16(nil, uint16(len(u)))
	for _, c := range u {
		b = binary.BigEndian.AppendUint16(b, c)
	}
	return b
}

func catalogKey(parent uint32, name string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, parent), units(name)...)
}

// byName is the order of the catalog: case does not count, and NUL is last.
func byName(a, b []byte) int {
	fold := func(k []byte) (u []uint16) {
		for i := 6; i+1 < len(k); i += 2 {
			c := binary.BigEndian.Uint16(k[i:])
			switch {
			case c == 0:
				c = 0xffff
			case 'A' <= c && c <= 'Z':
				c += 'a' - 'A'
			}
			u = append(u, c)
		}
		return u
	}
	return cmp.Or(bytes.Compare(a[:4], b[:4]), slices.Compare(fold(a), fold(b)))
}

// byUnits is the order of a catalog in which case counts.
func byUnits(a, b []byte) int {
	return cmp.Or(bytes.Compare(a[:4], b[:4]), bytes.Compare(a[6:], b[6:]))
}

// folder adds a folder, and the thread that leads back from it.
func (w *hfsWriter) folder(parent, id uint32, name string, change func([]byte)) {
	be := binary.BigEndian
	r := make([]byte, 88)
	be.PutUint16(r, 1)
	be.PutUint32(r[8:], id)
	be.PutUint16(r[42:], 0o40755)
	if change != nil {
		change(r)
	}
	thread := append(be.AppendUint32([]byte{0, 3, 0, 0}, parent), units(name)...)
	w.catalog = append(w.catalog, hfsRecord{catalogKey(parent, name), r}, hfsRecord{catalogKey(id, ""), thread})
}

// inside returns the folder of a path, which is made.
func (w *hfsWriter) inside(dir string) uint32 {
	if id, ok := w.folders[dir]; ok {
		return id
	}
	parent := w.inside(path.Dir(dir))
	id := w.id(0)
	w.folders[dir] = id
	w.folder(parent, id, path.Base(dir), nil)
	return id
}

func (w *hfsWriter) id(given uint32) uint32 {
	if given != 0 {
		return given
	}
	w.next++
	return w.next - 1
}

func (w *hfsWriter) add(f HFSFile) {
	parent, name := w.inside(path.Dir(f.Path)), path.Base(f.Path)
	id := w.id(f.ID)
	if f.Folder {
		w.folders[f.Path] = id
		w.folder(parent, id, name, f.Record)
		return
	}
	be := binary.BigEndian
	r := make([]byte, 248)
	be.PutUint16(r, 2)
	be.PutUint32(r[8:], id)
	be.PutUint16(r[42:], 0o100644)
	switch {
	case f.Symlink != "":
		f.Data = []byte(f.Symlink)
		be.PutUint16(r[42:], 0o120755)
		copy(r[48:], "slnkrhap")
	case f.Inode != 0:
		be.PutUint32(r[44:], f.Inode)
		copy(r[48:], "hlnkhfs+")
	case f.FolderOf != 0:
		be.PutUint32(r[44:], f.FolderOf)
		copy(r[48:], "fdrpMACS")
		r[3] |= 0x20 // kHFSHasLinkChainMask
	}
	if f.Attribute != nil {
		r[41] |= 0x20
		key := be.AppendUint32([]byte{0, 0}, id)
		key = append(be.AppendUint32(key, 0), units("com.apple.decmpfs")...)
		data := append([]byte{0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0}, be.AppendUint32(nil, uint32(len(f.Attribute)))...)
		w.attrs = append(w.attrs, hfsRecord{key, append(data, f.Attribute...)})
	}
	copy(r[88:], w.fork(f.Data, id, 0))
	copy(r[168:], w.fork(f.Resources, id, 0xff))
	if f.Record != nil {
		f.Record(r)
	}
	w.catalog = append(w.catalog, hfsRecord{catalogKey(parent, name), r})
}

// fork puts data on the disk and returns where it is. Extents after the eighth go to the
// overflow.
func (w *hfsWriter) fork(data []byte, id uint32, which byte) []byte {
	be := binary.BigEndian
	blocks := (len(data) + w.BlockSize - 1) / w.BlockSize
	most := cmp.Or(w.Fragment, blocks)
	b := be.AppendUint64(nil, uint64(len(data)))
	b = be.AppendUint32(b, 0)
	b = be.AppendUint32(b, uint32(blocks))
	var extents []byte
	for at, n := 0, 0; at < blocks; n++ {
		count := min(most, blocks-at)
		if n >= 8 && n%8 == 0 {
			key := append([]byte{which, 0}, be.AppendUint32(be.AppendUint32(nil, id), uint32(at))...)
			w.overflow = append(w.overflow, hfsRecord{key, make([]byte, 64)})
		}
		e := be.AppendUint32(be.AppendUint32(nil, uint32(len(w.disk)/w.BlockSize)), uint32(count))
		if n < 8 {
			extents = append(extents, e...)
		} else {
			copy(w.overflow[len(w.overflow)-1].data[n%8*8:], e)
		}
		part := make([]byte, count*w.BlockSize)
		copy(part, data[at*w.BlockSize:])
		w.disk = append(w.disk, part...)
		if w.Fragment > 0 {
			w.disk = append(w.disk, bytes.Repeat([]byte{0xAA}, w.BlockSize)...)
		}
		at += count
	}
	return append(append(b, extents...), make([]byte, 64-len(extents))...)
}

// tree makes a B-tree of records: the header, the leaves, and levels of indexes up to one
// node.
func (w *hfsWriter) tree(records []hfsRecord, maxKey int, order func(a, b []byte) int, fold bool) []byte {
	be := binary.BigEndian
	slices.SortStableFunc(records, func(a, b hfsRecord) int { return order(a.key, b.key) })
	nodes := [][]byte{nil}
	leaves, depth := 0, 0
	for level := records; len(level) > 0 && (depth == 0 || len(level) > 1); {
		first := len(nodes)
		var up []hfsRecord
		for len(level) > 0 {
			var n int
			up = append(up, hfsRecord{level[0].key, be.AppendUint32(nil, uint32(len(nodes)))})
			node := w.node(level, depth+1, &n)
			if n == 0 {
				panic("imagetest: a record larger than a node")
			}
			nodes = append(nodes, node)
			level = level[n:]
		}
		for i := first; i < len(nodes)-1; i++ {
			be.PutUint32(nodes[i], uint32(i+1))
			be.PutUint32(nodes[i+1][4:], uint32(i))
		}
		if depth == 0 {
			leaves = len(nodes) - 1
		}
		level = up
		depth++
	}
	head := make([]byte, w.NodeSize)
	head[8] = 1
	be.PutUint16(head[10:], 3)
	h := head[14:]
	be.PutUint16(h, uint16(depth))
	if depth > 0 {
		be.PutUint32(h[2:], uint32(len(nodes)-1))
		be.PutUint32(h[10:], 1)
		be.PutUint32(h[14:], uint32(leaves))
	}
	be.PutUint32(h[6:], uint32(len(records)))
	be.PutUint16(h[18:], uint16(w.NodeSize))
	be.PutUint16(h[20:], uint16(maxKey))
	be.PutUint32(h[22:], uint32(len(nodes)))
	h[37] = 0xBC
	if fold {
		h[37] = 0xCF
	}
	be.PutUint32(h[38:], 6) // long keys, of any length in indexes
	for i, at := range []int{14, 120, 248, w.NodeSize - 8} {
		be.PutUint16(head[w.NodeSize-2*(i+1):], uint16(at))
	}
	nodes[0] = head
	return bytes.Join(nodes, nil)
}

// node makes a node of as many records as fit, and says how many they are.
func (w *hfsWriter) node(records []hfsRecord, height int, n *int) []byte {
	be := binary.BigEndian
	b := make([]byte, 14, w.NodeSize)
	if height == 1 {
		b[8] = 0xff
	}
	b[9] = byte(height)
	var offsets []int
	for _, r := range records {
		size := 2 + len(r.key) + len(r.data)
		size += size & 1
		if len(b)+size+2*(len(offsets)+2) > w.NodeSize {
			break
		}
		offsets = append(offsets, len(b))
		b = append(append(be.AppendUint16(b, uint16(len(r.key))), r.key...), r.data...)
		b = append(b, make([]byte, len(b)&1)...)
	}
	*n = len(offsets)
	be.PutUint16(b[10:], uint16(*n))
	offsets = append(offsets, len(b))
	b = b[:w.NodeSize]
	for i, at := range offsets {
		be.PutUint16(b[w.NodeSize-2*(i+1):], uint16(at))
	}
	return b
}

// Decmpfs is the attribute com.apple.decmpfs of a file of a size, and the resource fork
// that goes with it, packed as a type says: 1, 3, 4 or 7 to 12.
func Decmpfs(data []byte, kind uint32) (attribute, fork []byte) {
	le := binary.LittleEndian
	attribute = le.AppendUint32([]byte("fpmc"), kind)
	attribute = le.AppendUint64(attribute, uint64(len(data)))
	pack := func(c []byte) []byte {
		var p []byte
		marker := byte(0xff)
		switch kind {
		case 3, 4:
			p = UDIF{}.pack(c, Zlib)
		case 7, 8:
			p, marker = LZVN(c), 6
		case 9, 10:
			return append([]byte{0xcc}, c...)
		case 11, 12:
			p = LZFSE(c, '2')
		default:
			return c
		}
		if len(p) > len(c) {
			return append([]byte{marker}, c...)
		}
		return p
	}
	switch kind {
	case 1, 3, 7, 9, 11:
		return append(attribute, pack(data)...), nil
	}
	var blocks [][]byte
	for c := range slices.Chunk(data, 64<<10) {
		blocks = append(blocks, pack(c))
	}
	if kind == 4 || kind == 10 {
		var table, rest []byte
		for _, b := range blocks {
			table = le.AppendUint32(table, uint32(4+8*len(blocks)+len(rest)))
			table = le.AppendUint32(table, uint32(len(b)))
			rest = append(rest, b...)
		}
		inner := slices.Concat(le.AppendUint32(nil, uint32(len(blocks))), table, rest)
		be := binary.BigEndian
		head := make([]byte, 256)
		m := []byte("\x00\x1c\x00\x32\x00\x00cmpf\x00\x00\x00\x0a\x00\x01\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00")
		m = append(make([]byte, 24), m...)
		for i, v := range []int{256, 256 + 4 + len(inner), 4 + len(inner), len(m)} {
			be.PutUint32(head[4*i:], uint32(v))
		}
		return attribute, slices.Concat(head, be.AppendUint32(nil, uint32(len(inner))), inner, m)
	}
	at := 4 * (len(blocks) + 1)
	for _, b := range append([][]byte{nil}, blocks...) {
		at += len(b)
		fork = le.AppendUint32(fork, uint32(at))
	}
	return attribute, append(fork, bytes.Join(blocks, nil)...)
}

// Text is text of a length that packs well.
func Text(n int) []byte {
	return []byte(strings.Repeat("Sphinx of black quartz, judge my vow. ", n/38+1)[:n])
}
