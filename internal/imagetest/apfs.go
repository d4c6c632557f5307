package imagetest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// APFS is an APFS container: superblocks and checkpoints, object maps and trees. It has
// no space manager and no reaper, without which macOS does not mount it.
type APFS struct {
	BlockSize int // 4096 unless it is set
	Features  uint64
	Volumes   []APFSVolume
	// NoHistory leaves out the older state of each object, which 7-Zip does not expect.
	NoHistory bool
	// Keys is how many a node has at most, 0 for as many as there is room for.
	Keys int
}

// APFSVolume is a volume of a container.
type APFSVolume struct {
	Name      string
	Features  uint64 // apfs_incompatible_features
	Encrypted bool
	Snapshots uint64
	Files     map[string]APFSFile // by their path; folders around them need not be there
	// Change changes the records before the tree is made of them.
	Change func([]APFSRecord) []APFSRecord
}

// APFSFile is a file, or else a folder, a link or another name of a file.
type APFSFile struct {
	Data     []byte
	Mode     uint16 // the type, 0x8000 unless it is set or told by what follows
	Link     string
	Hard     string // the path of what it is another name of
	Flags    uint32 // bsd_flags
	Size     uint64 // if that is not that of the data
	Extent   int    // how many bytes are in each extent, 0 for all in one
	Holes    bool   // blocks of zeros are not stored
	Xattrs   map[string][]byte
	Embedded bool // extended attributes are in their record, however large
}

// APFSRecord is a record of the tree of a volume.
type APFSRecord struct{ Key, Value []byte }

// APFSKey is the beginning of the key of a record.
func APFSKey(id uint64, kind byte) []byte {
	return binary.LittleEndian.AppendUint64(nil, id|uint64(kind)<<60)
}

// APFSImage is a container that was written. Objects are the blocks of its objects by what
// they are: "container", "container map", "container map tree", "volume 0",
// "map 0", "map tree 0", "tree 0"; nodes below a root have a number after that.
type APFSImage struct {
	Bytes     []byte
	Objects   map[string]int
	blockSize int
}

// Block returns that of an object.
func (i *APFSImage) Block(name string) []byte {
	n, ok := i.Objects[name]
	if !ok {
		panic(fmt.Sprintf("no object %q in %q", name, slices.Sorted(maps.Keys(i.Objects))))
	}
	return i.Bytes[n*i.blockSize:][:i.blockSize]
}

// Seal makes the checksum of a changed object right.
func (i *APFSImage) Seal(name string) { sealAPFS(i.Block(name)) }

// Clone returns a copy that may be changed.
func (i *APFSImage) Clone() *APFSImage {
	return &APFSImage{bytes.Clone(i.Bytes), i.Objects, i.blockSize}
}

// sealAPFS is the checksum as the reference describes it: the sums over everything but
// the checksum itself, and what makes the sums over all zero.
func sealAPFS(b []byte) {
	const m = 0xffffffff
	var s1, s2 uint64
	for at := 8; at < len(b); at += 4 {
		s1 = (s1 + uint64(binary.LittleEndian.Uint32(b[at:]))) % m
		s2 = (s2 + s1) % m
	}
	c1 := m - (s1+s2)%m
	c2 := m - (s1+c1)%m
	binary.LittleEndian.PutUint64(b, c2<<32|c1)
}

const apfsXID = 7

type apfsWriter struct {
	APFS
	image  APFSImage
	nextID uint64
	oid    uint64
}

// Image writes the container.
func (a APFS) Image() *APFSImage {
	a.BlockSize = cmp.Or(a.BlockSize, 4096)
	w := &apfsWriter{APFS: a, oid: 1026}
	w.image = APFSImage{Objects: map[string]int{}, blockSize: a.BlockSize}
	const ring = 8
	w.allocate(1 + ring)
	var oids []uint64
	var mapped []APFSRecord
	for n, v := range a.Volumes {
		oid := w.virtual()
		oids = append(oids, oid)
		mapped = append(mapped, w.mapping(oid, w.volume(n, v, oid)))
	}
	omap := w.objectMap("container map", mapped, 0)
	w.superblock(0, "copy", apfsXID, omap, oids)
	// One checkpoint before, one after that is damaged, and this one across the end of the ring.
	w.object("before, map", 3, 0, 0x4000000c, 0, apfsXID-1)
	w.superblock(4, "before", apfsXID-1, 1<<40, nil)
	w.object("damaged, map", 5, 0, 0x4000000c, 0, apfsXID+1)
	w.superblock(6, "damaged", apfsXID+1, 1<<40, nil)
	w.object("checkpoint map", ring, 0, 0x4000000c, 0, apfsXID)
	w.object("checkpoint map, 1", 1, 0, 0x4000000c, 0, apfsXID)
	w.superblock(2, "container", apfsXID, omap, oids)
	b := w.image.Block("container")
	binary.LittleEndian.PutUint32(b[0x88:], ring-1) // and on from 0
	binary.LittleEndian.PutUint32(b[0x8c:], 3)
	for name := range w.image.Objects {
		if name == "copy" || name == "container" {
			le := binary.LittleEndian
			le.PutUint64(w.image.Block(name)[0x28:], uint64(len(w.image.Bytes)/a.BlockSize))
		}
		if name != "damaged" {
			w.image.Seal(name)
		}
	}
	return &w.image
}

func (w *apfsWriter) virtual() uint64 { w.oid++; return w.oid }

// allocate returns the first of so many blocks at the end.
func (w *apfsWriter) allocate(n int) int {
	at := len(w.image.Bytes) / w.BlockSize
	w.image.Bytes = append(w.image.Bytes, make([]byte, n*w.BlockSize)...)
	return at
}

// object begins an object in a block, which is the next one for -1. The identifier of
// physical ones is the block.
func (w *apfsWriter) object(name string, block int, oid uint64, kind, subtype uint32, xid uint64) []byte {
	if block < 0 {
		block = w.allocate(1)
	}
	if kind&0x40000000 != 0 {
		oid = uint64(block)
	}
	w.image.Objects[name] = block
	b := w.image.Block(name)
	clear(b)
	le := binary.LittleEndian
	le.PutUint64(b[8:], oid)
	le.PutUint64(b[16:], xid)
	le.PutUint32(b[24:], kind)
	le.PutUint32(b[28:], subtype)
	return b
}

func (w *apfsWriter) superblock(block int, name string, xid, omap uint64, volumes []uint64) {
	b := w.object(name, block, 1, 0x80000001, 0, xid)
	le := binary.LittleEndian
	copy(b[0x20:], "NXSB")
	le.PutUint32(b[0x24:], uint32(w.BlockSize))
	le.PutUint64(b[0x28:], uint64(len(w.image.Bytes)/w.BlockSize))
	le.PutUint64(b[0x40:], cmp.Or(w.Features, 2))
	copy(b[0x48:], "a container's id")
	le.PutUint64(b[0x58:], w.oid+1)
	le.PutUint64(b[0x60:], xid+1)
	le.PutUint32(b[0x68:], 8)
	le.PutUint64(b[0x70:], 1)
	le.PutUint32(b[0x88:], uint32(block-2))
	le.PutUint32(b[0x8c:], 2)
	le.PutUint64(b[0xa0:], omap)
	le.PutUint32(b[0xb4:], 100)
	for n, oid := range volumes {
		le.PutUint64(b[0xb8+8*n:], oid)
	}
}

func (w *apfsWriter) mapping(oid uint64, block int) APFSRecord {
	le := binary.LittleEndian
	k := le.AppendUint64(le.AppendUint64(nil, oid), apfsXID-1)
	v := le.AppendUint32(le.AppendUint32(nil, 0), uint32(w.BlockSize))
	return APFSRecord{k, le.AppendUint64(v, uint64(block))}
}

// objectMap writes one for the objects, which each have an older state too that is
// nowhere. It returns its block.
func (w *apfsWriter) objectMap(name string, objects []APFSRecord, snapshots uint64) uint64 {
	le := binary.LittleEndian
	var all []APFSRecord
	for _, r := range objects {
		old := APFSRecord{bytes.Clone(r.Key), bytes.Clone(r.Value)}
		le.PutUint64(old.Key[8:], 1)
		le.PutUint64(old.Value[8:], 1<<40)
		if !w.NoHistory {
			all = append(all, old)
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b APFSRecord) int { return cmp.Compare(le.Uint64(a.Key), le.Uint64(b.Key)) })
	tree := w.tree(strings.Replace(name, "map", "map tree", 1), all, 0xb, true, nil)
	b := w.object(name, -1, 0, 0x4000000b, 0, apfsXID)
	le.PutUint32(b[0x24:], uint32(snapshots))
	le.PutUint32(b[0x28:], 0x40000002)
	le.PutUint32(b[0x2c:], 0x40000002)
	le.PutUint64(b[0x30:], tree)
	return uint64(w.image.Objects[name])
}

// tree writes a B-tree from the leaves up and returns its root: the block of it, or its
// object where mapped is called with each.
func (w *apfsWriter) tree(name string, records []APFSRecord, subtype uint32, fixed bool, mapped func(oid uint64, block int)) uint64 {
	count, nodes, level := len(records), 0, 0
	longest := [2]int{}
	for _, r := range records {
		longest = [2]int{max(longest[0], len(r.Key)), max(longest[1], len(r.Value))}
	}
	for {
		var above []APFSRecord
		for rest := records; len(rest) > 0 || len(above) == 0; {
			n := w.fit(rest)
			root := n == len(rest) && len(above) == 0
			kind := uint32(3)
			node := fmt.Sprintf("%s, %d", name, nodes)
			if root {
				kind, node = 2, name
			}
			nodes++
			oid := uint64(0)
			if mapped == nil {
				kind |= 0x40000000
			} else {
				oid = w.virtual()
			}
			b := w.object(node, -1, oid, kind, subtype, apfsXID)
			w.node(b, rest[:n], level, root, fixed)
			if mapped == nil {
				oid = uint64(w.image.Objects[node])
			} else {
				mapped(oid, w.image.Objects[node])
			}
			if root {
				info := b[len(b)-40:]
				le := binary.LittleEndian
				if mapped == nil {
					le.PutUint32(info, 0x10)
				}
				le.PutUint32(info[4:], uint32(w.BlockSize))
				if fixed {
					le.PutUint32(info[8:], 16)
					le.PutUint32(info[12:], 16)
				}
				le.PutUint32(info[16:], uint32(longest[0]))
				le.PutUint32(info[20:], uint32(longest[1]))
				le.PutUint64(info[24:], uint64(count))
				le.PutUint64(info[32:], uint64(nodes))
				return oid
			}
			above = append(above, APFSRecord{rest[0].Key, binary.LittleEndian.AppendUint64(nil, oid)})
			rest = rest[n:]
		}
		records = above
		level++
	}
}

// fit returns how many records go into a node, in which a root has the least room.
func (w *apfsWriter) fit(records []APFSRecord) int {
	room := w.BlockSize - 56 - 40
	for n, r := range records {
		room -= len(r.Key) + len(r.Value) + 8
		if room < 0 || w.Keys > 0 && n == w.Keys {
			return n
		}
	}
	return len(records)
}

func (w *apfsWriter) node(b []byte, records []APFSRecord, level int, root, fixed bool) {
	le := binary.LittleEndian
	flags, size, end := uint16(0), 8, len(b)
	if root {
		flags |= 1
		end -= 40
	}
	if level == 0 {
		flags |= 2
	}
	if fixed {
		flags |= 4
		size = 4
	}
	le.PutUint16(b[0x20:], flags)
	le.PutUint16(b[0x22:], uint16(level))
	le.PutUint32(b[0x24:], uint32(len(records)))
	le.PutUint16(b[0x2a:], uint16(size*len(records)))
	keys := 0x38 + size*len(records)
	at, back := keys, end
	for n, r := range records {
		t := b[0x38+size*n:]
		back -= len(r.Value)
		copy(b[at:], r.Key)
		copy(b[back:], r.Value)
		le.PutUint16(t, uint16(at-keys))
		if fixed {
			le.PutUint16(t[2:], uint16(end-back))
		} else {
			le.PutUint16(t[2:], uint16(len(r.Key)))
			le.PutUint16(t[4:], uint16(end-back))
			le.PutUint16(t[6:], uint16(len(r.Value)))
		}
		at += len(r.Key)
	}
	le.PutUint16(b[0x2c:], uint16(at-keys))
	le.PutUint16(b[0x2e:], uint16(back-at))
	le.PutUint32(b[0x30:], 0xffff) // no free keys
	le.PutUint32(b[0x34:], 0xffff)
}

// volume writes one and returns the block of its superblock.
func (w *apfsWriter) volume(n int, v APFSVolume, oid uint64) int {
	w.nextID = 16
	records := w.records(v)
	slices.SortStableFunc(records, compareAPFS)
	if v.Change != nil {
		records = v.Change(records)
	}
	var mapped []APFSRecord
	root := w.tree(fmt.Sprintf("tree %d", n), records, 0xe, false, func(oid uint64, block int) {
		mapped = append(mapped, w.mapping(oid, block))
	})
	omap := w.objectMap(fmt.Sprintf("map %d", n), mapped, v.Snapshots)
	name := fmt.Sprintf("volume %d", n)
	b := w.object(name, -1, oid, 0xd, 0, apfsXID)
	le := binary.LittleEndian
	copy(b[0x20:], "APSB")
	le.PutUint32(b[0x24:], uint32(n))
	le.PutUint64(b[0x38:], v.Features)
	le.PutUint32(b[0x74:], 2)
	le.PutUint32(b[0x78:], 0x40000002)
	le.PutUint32(b[0x7c:], 0x40000002)
	le.PutUint64(b[0x80:], omap)
	le.PutUint64(b[0x88:], root)
	le.PutUint64(b[0xd8:], v.Snapshots)
	if !v.Encrypted {
		le.PutUint64(b[0x108:], 1)
	}
	copy(b[0x110:], "imagetest")
	copy(b[0x2c0:], v.Name)
	return w.image.Objects[name]
}

// compareAPFS orders records by object, kind, and what follows in the key.
func compareAPFS(a, b APFSRecord) int {
	le := binary.LittleEndian
	ka, kb := le.Uint64(a.Key), le.Uint64(b.Key)
	const mask = 1<<60 - 1
	c := cmp.Or(cmp.Compare(ka&mask, kb&mask), cmp.Compare(ka>>60, kb>>60))
	if c != 0 {
		return c
	}
	switch ra, rb := a.Key[8:], b.Key[8:]; {
	case ka>>60 == 8:
		return cmp.Compare(le.Uint64(ra), le.Uint64(rb))
	case ka>>60 == 4 || ka>>60 == 9 && len(ra) == 2+int(le.Uint16(ra)) && len(rb) == 2+int(le.Uint16(rb)):
		return bytes.Compare(ra[2:], rb[2:])
	case ka>>60 == 9:
		return cmp.Or(cmp.Compare(le.Uint32(ra), le.Uint32(rb)), bytes.Compare(ra[4:], rb[4:]))
	}
	return 0
}

// records returns those of everything on a volume.
func (w *apfsWriter) records(v APFSVolume) []APFSRecord {
	files := maps.Clone(v.Files)
	if files == nil {
		files = map[string]APFSFile{}
	}
	for name := range v.Files {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, there := files[dir]; !there {
				files[dir] = APFSFile{Mode: 0x4000}
			}
		}
	}
	ids := map[string]uint64{".": 2}
	children := map[string]uint32{} // of files, their other names
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		if files[name].Hard == "" {
			ids[name] = w.nextID
			w.nextID++
		}
		children[path.Dir(name)]++
		if hard := files[name].Hard; hard != "" {
			children[hard]++
		}
	}
	list := []APFSRecord{
		inodeAPFS(2, 1, 0x4000, children["."], APFSFile{}, "root", nil),
		inodeAPFS(3, 1, 0x4000, 0, APFSFile{}, "private-dir", nil),
		w.drec(v, 1, "root", 2, 4),
		w.drec(v, 1, "private-dir", 3, 4),
	}
	for _, name := range names {
		f := files[name]
		parent := ids[path.Dir(name)]
		if f.Hard != "" {
			list = append(list, w.drec(v, parent, path.Base(name), ids[f.Hard], 8))
			continue
		}
		if f.Link != "" {
			f.Mode = 0xa000
			f.Xattrs = map[string][]byte{"com.apple.fs.symlink": append([]byte(f.Link), 0)}
			f.Embedded = true
		}
		mode := cmp.Or(f.Mode, 0x8000)
		id := ids[name]
		var stream []byte
		if mode == 0x8000 && (len(f.Data) > 0 || f.Size > 0) {
			stream = streamAPFS(cmp.Or(f.Size, uint64(len(f.Data))))
			list = append(list, w.extents(id, f)...)
		}
		links := children[name]
		if mode != 0x4000 {
			links++
		}
		list = append(list, inodeAPFS(id, parent, mode, links, f, path.Base(name), stream), w.drec(v, parent, path.Base(name), id, byte(mode>>12)))
		for _, attribute := range slices.Sorted(maps.Keys(f.Xattrs)) {
			list = append(list, w.xattr(id, attribute, f.Xattrs[attribute], f.Embedded)...)
		}
	}
	return list
}

func inodeAPFS(id, parent uint64, mode uint16, children uint32, f APFSFile, name string, stream []byte) APFSRecord {
	le := binary.LittleEndian
	b := make([]byte, 0x5c)
	le.PutUint64(b, parent)
	le.PutUint64(b[8:], id)
	le.PutUint32(b[0x38:], children)
	le.PutUint32(b[0x44:], f.Flags)
	if attribute := f.Xattrs["com.apple.decmpfs"]; len(attribute) >= 16 {
		le.PutUint64(b[0x30:], 0x40000) // INODE_HAS_UNCOMPRESSED_SIZE
		copy(b[0x54:], attribute[8:16])
	}
	le.PutUint16(b[0x50:], mode|0o755)
	value := append([]byte(name), 0)
	fields := le.AppendUint16([]byte{4, 2}, uint16(len(value)))
	values := append(value, make([]byte, -len(value)&7)...)
	if stream != nil {
		fields = le.AppendUint16(append(fields, 8, 0x20), uint16(len(stream)))
		values = append(values, stream...)
	}
	b = le.AppendUint16(b, uint16(len(fields)/4))
	b = le.AppendUint16(b, uint16(len(values)))
	return APFSRecord{APFSKey(id, 3), append(append(b, fields...), values...)}
}

func streamAPFS(size uint64) []byte {
	le := binary.LittleEndian
	b := le.AppendUint64(nil, size)
	b = le.AppendUint64(b, (size+4095)&^4095)
	return append(b, make([]byte, 24)...)
}

// extents stores data and returns where it is.
func (w *apfsWriter) extents(id uint64, f APFSFile) []APFSRecord {
	le := binary.LittleEndian
	var list []APFSRecord
	step := cmp.Or((f.Extent+w.BlockSize-1)/w.BlockSize*w.BlockSize, 1<<40)
	if f.Holes {
		step = w.BlockSize
	}
	for at := 0; at < len(f.Data); at += step {
		part := f.Data[at:min(len(f.Data), at+step)]
		blocks := (len(part) + w.BlockSize - 1) / w.BlockSize
		start := 0
		if !f.Holes || len(bytes.Trim(part, "\x00")) > 0 {
			start = w.allocate(blocks)
			copy(w.image.Bytes[start*w.BlockSize:], part)
			w.allocate(1) // something between two extents
		}
		v := le.AppendUint64(nil, uint64(blocks*w.BlockSize))
		v = le.AppendUint64(le.AppendUint64(v, uint64(start)), 0)
		list = append(list, APFSRecord{le.AppendUint64(APFSKey(id, 8), uint64(at)), v})
	}
	return list
}

func (w *apfsWriter) xattr(id uint64, name string, data []byte, embedded bool) []APFSRecord {
	le := binary.LittleEndian
	k := le.AppendUint16(APFSKey(id, 4), uint16(len(name)+1))
	k = append(append(k, name...), 0)
	if embedded || len(data) <= 3804 {
		v := le.AppendUint16([]byte{2, 0}, uint16(len(data)))
		return []APFSRecord{{k, append(v, data...)}}
	}
	stream := w.nextID
	w.nextID++
	v := le.AppendUint16([]byte{1, 0}, 48)
	v = le.AppendUint64(v, stream)
	return append(w.extents(stream, APFSFile{Data: data, Extent: 8192}), APFSRecord{k, append(v, streamAPFS(uint64(len(data)))...)})
}

func (w *apfsWriter) drec(v APFSVolume, parent uint64, name string, id uint64, kind byte) APFSRecord {
	le := binary.LittleEndian
	value := le.AppendUint64(nil, id)
	value = append(value, make([]byte, 8)...)
	value = le.AppendUint16(value, uint16(kind))
	return APFSRecord{append(append(APFSDrecKey(v.Features, parent, name), name...), 0), value}
}

// APFSDrecKey is the key of an entry of a folder up to the name.
func APFSDrecKey(features, parent uint64, name string) []byte {
	le := binary.LittleEndian
	k := APFSKey(parent, 9)
	if features&9 == 0 {
		return le.AppendUint16(k, uint16(len(name)+1))
	}
	canonical := norm.NFD.String(name)
	switch {
	case features&1 != 0 && strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 }) < 0:
		canonical = strings.ToLower(name)
	case features&1 != 0:
		canonical = norm.NFD.String(cases.Fold().String(canonical))
	}
	var points []byte
	for _, r := range canonical {
		points = le.AppendUint32(points, uint32(r))
	}
	crc := ^crc32.Checksum(points, crc32.MakeTable(crc32.Castagnoli))
	return le.AppendUint32(k, crc<<10|uint32(len(name)+1))
}
