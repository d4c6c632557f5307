package machotest

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// superBlob is a signature of known size whose pages are not hashed yet.
type superBlob struct {
	sig         *Signature
	directories []*Directory
	blobs       []Blob
}

// element is a blob as it is placed.
type element struct {
	slot uint32
	data []byte
}

func (b *superBlob) size() int {
	return len(b.assemble(func(_ int, d *Directory) []byte { return make([]byte, d.header().Length) }))
}

func (b *superBlob) bytes(code []byte) []byte {
	return b.assemble(func(i int, d *Directory) []byte {
		var edit func(*DirectoryHeader)
		if b.sig.Header != nil {
			edit = func(h *DirectoryHeader) { b.sig.Header(i, h) }
		}
		return d.bytes(code, edit)
	})
}

func (b *superBlob) assemble(directory func(int, *Directory) []byte) []byte {
	elements := b.elements(directory)
	index := place(elements, len(elements))
	if b.sig.Index != nil {
		room := len(b.sig.Index(index))
		index = b.sig.Index(place(elements, room))
	}
	var body []byte
	for _, e := range index {
		body = append(body, bigEndian(e.Slot, e.Offset)...)
	}
	for _, e := range elements {
		body = append(body, e.data...)
	}
	count, length := uint32(len(index)), uint32(12+len(body))
	if b.sig.Count != nil {
		count = *b.sig.Count
	}
	if b.sig.Length != nil {
		length = *b.sig.Length
	}
	return slices.Concat(bigEndian(magicSignature, length, count), body, b.sig.Slack)
}

// elements returns all blobs in the order of their slots, the extra ones last.
func (b *superBlob) elements(directory func(int, *Directory) []byte) []element {
	var all []element
	for i, d := range b.directories {
		slot := b.directorySlot(i)
		data := directory(i, d)
		if m, ok := b.sig.BlobMagic[slot]; ok {
			binary.BigEndian.PutUint32(data, m)
		}
		if n, ok := b.sig.BlobLength[slot]; ok {
			binary.BigEndian.PutUint32(data[4:], n)
		}
		all = append(all, element{slot, data})
	}
	for _, blob := range b.blobs {
		all = append(all, element{blob.Slot, blob.Bytes()})
	}
	all = slices.DeleteFunc(all, func(e element) bool { return slices.Contains(b.sig.Missing, e.slot) })
	slices.SortStableFunc(all, func(x, y element) int { return cmp.Compare(x.slot, y.slot) })
	for _, blob := range b.sig.ExtraBlobs {
		all = append(all, element{blob.Slot, blob.Bytes()})
	}
	return all
}

func (b *superBlob) directorySlot(i int) uint32 {
	switch {
	case i < len(b.sig.DirectorySlots):
		return b.sig.DirectorySlots[i]
	case i == 0:
		return SlotDirectory
	}
	return SlotAlternate + uint32(i) - 1
}

// place gives the elements their offsets behind an index of room entries.
func place(elements []element, room int) []IndexEntry {
	index := make([]IndexEntry, 0, len(elements))
	offset := 12 + 8*room
	for _, e := range elements {
		index = append(index, IndexEntry{e.slot, uint32(offset)})
		offset += len(e.data)
	}
	return index
}

func bigEndian(values ...uint32) []byte {
	var out []byte
	for _, v := range values {
		out = binary.BigEndian.AppendUint32(out, v)
	}
	return out
}
