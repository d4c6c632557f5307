package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// zipDirectory is where the central directory is.
type zipDirectory struct {
	offset, size, count uint64
	end                 int64 // where the records behind it begin
}

// findZipEnd looks for the end of central directory record, whose comment of up to
// 65,535 bytes ends the file, but for zeros. It returns nil when there is none. A record in the comment
// of another one, or what looks like one, is what readers that search from the end and
// from the beginning disagree on.
func findZipEnd(r io.ReaderAt, size int64) (*zipDirectory, error) {
	t, err := readTail(r, size)
	if err != nil {
		return nil, err
	}
	defer t.release()
	at, behind, follow := -1, false, 0
	full := len(bytes.TrimRight(t.b, "\x00")) // but zeros that bsdtar fills a block with
	for end := len(t.b); ; {
		i := bytes.LastIndex(t.b[:end], []byte(zipEnd))
		if i < 0 {
			break
		}
		end = i + len(zipEnd) - 1
		if i+zipEndSize > len(t.b) {
			behind = true
			continue
		}
		comment := i + zipEndSize + int(binary.LittleEndian.Uint16(t.b[i+20:]))
		switch {
		case comment > len(t.b):
			behind = behind || at < 0
		case comment < full:
			if at < 0 && follow == 0 { // else it is one of a zip in this one
				follow = len(t.b) - comment
			}
		case at >= 0 || behind || follow > 0:
			return nil, Ambiguous("there are two end of central directory records")
		default:
			at = i
		}
	}
	switch {
	case at >= 0:
		return readZipEnd(r, size, size-int64(len(t.b))+int64(at), t.b[at:])
	case follow > 0:
		return nil, Ambiguous("%d bytes follow the end of central directory record", follow)
	}
	return nil, nil
}

// readZipEnd reads the end of central directory record b at an offset, and the records
// of Zip64 before it.
func readZipEnd(r io.ReaderAt, size, at int64, b []byte) (*zipDirectory, error) {
	le := binary.LittleEndian
	d := &zipDirectory{count: uint64(le.Uint16(b[10:])), size: uint64(le.Uint32(b[12:])), offset: uint64(le.Uint32(b[16:])), end: at}
	if le.Uint16(b[4:]) != le.Uint16(b[6:]) || le.Uint16(b[8:]) != le.Uint16(b[10:]) {
		return nil, errors.New("a part of a zip of several files, which is not read")
	}
	locator := make([]byte, locatorSize)
	if at < locatorSize || readAt(r, size, locator, at-locatorSize) != nil || !bytes.HasPrefix(locator, []byte(zip64Locator)) {
		return d, d.check(at)
	}
	where := le.Uint64(locator[8:])
	if where > uint64(at) {
		return nil, fmt.Errorf("the Zip64 record at offset %d is past the end at %d", where, at)
	}
	record := make([]byte, zip64EndSize)
	if err := readAt(r, size, record, int64(where)); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(record, []byte(zip64End)) {
		return nil, fmt.Errorf("there is no Zip64 record at offset %d", where)
	}
	if length := le.Uint64(record[4:]); length != uint64(at)-locatorSize-where-12 {
		return nil, Ambiguous("the Zip64 record at offset %d does not reach to its locator", where)
	}
	d64 := &zipDirectory{count: le.Uint64(record[32:]), size: le.Uint64(record[40:]), offset: le.Uint64(record[48:]), end: int64(where)}
	if d.count != math.MaxUint16 && d.count != d64.count || d.size != math.MaxUint32 && d.size != d64.size || d.offset != math.MaxUint32 && d.offset != d64.offset {
		return nil, Ambiguous("the end of central directory record and that of Zip64 differ")
	}
	return d64, d64.check(int64(where))
}

// check sees to it that the directory ends where the records begin: a reader may search
// for it from there, or from its offset.
func (d *zipDirectory) check(end int64) error {
	if d.offset > uint64(end) || d.size != uint64(end)-d.offset {
		return Ambiguous("the central directory of %d bytes at offset %d does not end at %d, where its record is", d.size, d.offset, end)
	}
	return nil
}
