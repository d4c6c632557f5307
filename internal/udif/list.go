package udif

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/boundedplist"
)

// maxList bounds the list of tables, in bytes, and the resources. A chunk has 54 bytes of
// it: with chunks of 1 MiB, as they are today, it is enough for 160 GB.
const maxList = 8 << 20

// listed is a table as it is in the list.
type listed struct {
	name string
	data []byte
}

// list returns the tables of the property list, or of the resource fork of older images.
// Those that have both have the same in both.
func (i *Image) list() ([]listed, error) {
	both := [2][]listed{}
	for n, source := range []struct {
		what string
		span span
		read func([]byte) ([]listed, error)
	}{{"property list", i.koly.list, readList}, {"resource fork", i.koly.resources, readResources}} {
		s := source.span
		switch {
		case s.length == 0:
			continue
		case !s.within(i.end()):
			return nil, fmt.Errorf("%s of %d bytes at offset %d, past the end of the contents at %d", source.what, s.length, s.offset, i.end())
		case s.length > maxList:
			return nil, fmt.Errorf("%s of %d bytes, where the limit is %d", source.what, s.length, maxList)
		}
		b := make([]byte, s.length)
		if err := i.read(b, int64(s.offset)); err != nil {
			return nil, fmt.Errorf("%s: %w", source.what, err)
		}
		var err error
		if both[n], err = source.read(b); err != nil {
			return nil, fmt.Errorf("%s at offset %d: %w", source.what, s.offset, err)
		}
	}
	list, resources := both[0], both[1]
	switch {
	case list == nil && resources == nil:
		return nil, errors.New("neither a property list nor a resource fork, so what is packed where is not known")
	case list == nil:
		return resources, nil
	case resources != nil && !same(list, resources):
		return nil, archive.Ambiguous("the property list and the resource fork describe different disks")
	}
	return list, nil
}

func same(a, b []listed) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].data, b[i].data) {
			return false
		}
	}
	return true
}

// readList reads the property list. Beside the tables, there are licences in it.
func readList(b []byte) ([]listed, error) {
	var list struct {
		Forks struct {
			Tables []struct {
				Name   string `plist:"Name"`
				CFName string `plist:"CFName"`
				Data   []byte `plist:"Data"`
			} `plist:"blkx"`
		} `plist:"resource-fork"`
	}
	const objects, dicts = 100_000, 10_000
	// Some writers have a NUL behind it.
	b = bytes.TrimRight(b, "\x00")
	if err := (boundedplist.Limits{Size: maxList, Objects: objects, Dicts: dicts}).Unmarshal(b, &list); err != nil {
		return nil, err
	}
	tables := make([]listed, 0, len(list.Forks.Tables))
	for _, t := range list.Forks.Tables {
		tables = append(tables, listed{t.Name, t.Data})
	}
	return tables, nil
}

// readResources reads the resources of the type "blkx": the header has where data and map
// are; in the map are the types, of each type the resources, and of each of these where
// its data is, which begins with its length (Inside Macintosh: More Macintosh Toolbox,
// "Resource File Format").
func readResources(b []byte) ([]listed, error) {
	part := func(b []byte, offset, length uint32) ([]byte, error) {
		if !(span{uint64(offset), uint64(length)}).within(uint64(len(b))) {
			return nil, fmt.Errorf("%d bytes at offset %d are past the end at %d", length, offset, len(b))
		}
		return b[offset:][:length], nil
	}
	const header, mapHeader, perType, perResource = 16, 30, 8, 12
	if len(b) < header {
		return nil, fmt.Errorf("%d bytes, shorter than its header", len(b))
	}
	data, err := part(b, be32(b), be32(b[8:]))
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	index, err := part(b, be32(b[4:]), be32(b[12:]))
	if err == nil && len(index) < mapHeader {
		err = fmt.Errorf("%d bytes, shorter than its header", len(index))
	}
	if err != nil {
		return nil, fmt.Errorf("map: %w", err)
	}
	be16 := func(b []byte) uint32 { return uint32(b[0])<<8 | uint32(b[1]) }
	types := be16(index[24:])
	list := []listed{}
	count := (be16(index[28:]) + 1) & 0xffff // 0xffff is none
	for n := range count {
		t, err := part(index, types+2+n*perType, perType)
		if err != nil {
			return nil, fmt.Errorf("type %d: %w", n+1, err)
		}
		if string(t[:4]) != "blkx" {
			continue
		}
		if len(list) > 0 {
			return nil, archive.Ambiguous("it lists the tables twice")
		}
		for r := range be16(t[4:]) + 1 {
			ref, err := part(index, types+be16(t[6:])+r*perResource, perResource)
			if err != nil {
				return nil, fmt.Errorf("table %d: %w", r+1, err)
			}
			at := be32(ref[4:]) & 0xffffff
			size, err := part(data, at, 4)
			if err != nil {
				return nil, fmt.Errorf("table %d: %w", r+1, err)
			}
			table, err := part(data, at+4, be32(size))
			if err != nil {
				return nil, fmt.Errorf("table %d: %w", r+1, err)
			}
			list = append(list, listed{data: table})
		}
	}
	return list, nil
}
