package hfs_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/hfs"
	. "github.com/codewarrant/codewarrant/internal/imagetest"
)

// node is one of a catalog that is written by the tests, in the image.
type node []byte

func (n node) next() uint32     { return binary.BigEndian.Uint32(n) }
func (n node) kind() byte       { return n[8] }
func (n node) count() int       { return int(binary.BigEndian.Uint16(n[10:])) }
func (n node) setNext(v uint32) { binary.BigEndian.PutUint32(n, v) }

// record returns record i, from the length of its key on.
func (n node) record(i int) []byte { return n[binary.BigEndian.Uint16(n[len(n)-2*(i+1):]):] }

const nodeSize = 1024

// catalogOf returns the nodes of a catalog in one extent, the header first.
func catalogOf(disk []byte) (list []node) {
	be := binary.BigEndian
	at, size := int(be.Uint32(disk[1024+272+16:]))*4096, int(be.Uint64(disk[1024+272:]))
	for ; size > 0; at, size = at+nodeSize, size-nodeSize {
		list = append(list, disk[at:][:nodeSize])
	}
	return list
}

// deep is a volume whose catalog has an index, and leaves of some records.
func deep() ([]byte, []node) {
	h := HFS{NodeSize: nodeSize}
	for i := range 20 {
		h.Files = append(h.Files, HFSFile{Path: fmt.Sprintf("a%02d", i)})
	}
	disk := h.Write()
	return disk, catalogOf(disk)
}

// walked returns everything that is wrong with a volume.
func walked(disk []byte) error {
	v, err := hfs.Open(bytes.NewReader(disk), int64(len(disk)))
	if err != nil {
		return err
	}
	var all []error
	for f, err := range v.Walk() {
		all = append(all, err, f.Node.Err)
	}
	return errors.Join(all...)
}

func TestCatalogIsReadAlikeByItsIndexAndItsChain(t *testing.T) {
	be := binary.BigEndian
	for _, row := range []struct {
		name, want string
		change     func(list []node, leaf node)
	}{
		{"nothing is changed", "", func([]node, node) {}},
		{"the chain ends before a leaf of the index", "the chain of leaves and the index lead to other nodes: to 0 and", func(_ []node, leaf node) { leaf.setNext(0) }},
		{"the chain passes over a leaf of the index", "the chain of leaves and the index lead to other nodes: to", func(list []node, leaf node) { leaf.setNext(list[leaf.next()].next()) }},
		{"the chain leads back", "the chain of leaves and the index lead to other nodes: to 1 and", func(_ []node, leaf node) { leaf.setNext(1) }},
		{"the chain leads on behind the last leaf", "the chain of leaves and the index lead to other nodes: to 1 and 0 behind", func(list []node, leaf node) {
			for leaf.next() != 0 {
				leaf = list[leaf.next()]
			}
			leaf.setNext(1)
		}},
		{"the chain leads back to another leaf", "the chain of leaves and the index lead to other nodes", func(list []node, leaf node) { be.PutUint32(list[leaf.next()][4:], 9) }},
		{"the header has another first leaf", "the chain of leaves and the index lead to other nodes: to 2 and 1 behind 0", func(list []node, _ node) { be.PutUint32(list[0][14+10:], 2) }},
		{"the header has another last leaf", "the chain of leaves and the index lead to other nodes", func(list []node, _ node) { be.PutUint32(list[0][14+14:], 1) }},
		{"two leaves have changed places", "it begins before the key that leads to it", func(list []node, leaf node) {
			next := list[leaf.next()]
			for i := range leaf.count() { // behind those of the next leaf
				be.PutUint32(next.record(0)[2:], be.Uint32(leaf.record(i)[2:]))
			}
			be.PutUint32(next.record(0)[2:], 1)
		}},
		{"two names of a leaf are out of order", "the key is not after the one before", func(_ []node, leaf node) { copy(leaf.record(0)[8:], "\x00z\x00z") }},
		{"the last name of a leaf is that of the next", "it ends behind the key that leads to the next", func(list []node, leaf node) {
			copy(leaf.record(leaf.count() - 1)[8:14], list[leaf.next()].record(0)[8:14])
		}},
		{"two keys of the index are the same", "the key is not after the one before", func(list []node, _ node) {
			for _, n := range list[1:] {
				if n.kind() == 0 {
					copy(n.record(2)[:14], n.record(1)[:14])
				}
			}
		}},
		{"a leaf has no records", "it has no records", func(_ []node, leaf node) {
			be.PutUint16(leaf[10:], 0)
			be.PutUint16(leaf[nodeSize-2:], 14)
		}},
		{"keys have lengths of a byte", "laid out otherwise", func(list []node, _ node) {
			be.PutUint16(list[0][14+20:], 38)
			be.PutUint32(list[0][14+38:], 0)
		}},
		{"keys of the index are of one length", "laid out otherwise", func(list []node, _ node) {
			be.PutUint16(list[0][14+20:], 38)
			be.PutUint32(list[0][14+38:], 2)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			disk, list := deep()
			leaf := list[list[1].next()]
			if leaf.kind() != 0xff || leaf.count() < 3 || leaf.next() == 0 {
				t.Fatal("no such layout")
			}
			row.change(list, leaf)
			err := walked(disk)
			if row.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("got  %v\nwant %s", err, row.want)
			}
			if _, is := errors.AsType[*archive.AmbiguousError](err); !is && !strings.Contains(row.want, "no records") {
				t.Errorf("%v is not told as ambiguous", err)
			}
		})
	}
}

// A header may claim 2³² nodes, where a leaf that leads to itself costs no reading once it is kept.
func TestLeavesInACircleEndTheWalkWhateverTheHeaderClaims(t *testing.T) {
	be := binary.BigEndian
	const blocks = 0xffffffff
	disk, list := deep()
	leaf := list[1]
	for leaf.next() != 0 {
		leaf = list[leaf.next()]
	}
	// The empty leaf is in the block behind the catalog, that of the extents.
	n := uint32(len(list))
	leaf.setNext(n)
	start := be.Uint32(disk[1024+272+16:])
	empty := disk[int(start)*4096+int(n)*nodeSize:][:nodeSize]
	clear(empty)
	node(empty).setNext(n)
	empty[8], empty[9] = 0xff, 1
	be.PutUint16(empty[nodeSize-2:], 14)
	be.PutUint32(list[0][14+22:], blocks)
	for _, h := range [][]byte{disk[1024:], disk[len(disk)-1024:]} {
		be.PutUint32(h[44:], blocks)
		be.PutUint64(h[272:], uint64(blocks)*nodeSize)
		be.PutUint32(h[272+16+4:], blocks-start)
		copy(h[192:272], h[272:352])
	}
	if err := walked(disk); err == nil {
		t.Error("nothing is wrong")
	}
}
