package imagetest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
)

// Decmpfs compresses a file as one of the kinds of decmpfs: the attribute, and the
// resource fork of those that have one. Stored makes chunks that are not compressed, where a
// kind has them.
func Decmpfs(kind uint32, data []byte, stored bool) (attribute, fork []byte) {
	le, be := binary.LittleEndian, binary.BigEndian
	attribute = le.AppendUint32([]byte("fpmc"), kind)
	attribute = le.AppendUint64(attribute, uint64(len(data)))
	var chunks [][]byte
	for rest := data; len(rest) > 0; rest = rest[min(len(rest), 64<<10):] {
		chunks = append(chunks, decmpfsChunk(kind, rest[:min(len(rest), 64<<10)], stored))
	}
	switch kind {
	case 1, 3, 7, 9, 11:
		return append(attribute, decmpfsChunk(kind, data, stored)...), nil
	case 4, 10:
		at := 4 + 8*len(chunks)
		table := le.AppendUint32(nil, uint32(len(chunks)))
		for _, c := range chunks {
			table = le.AppendUint32(le.AppendUint32(table, uint32(at)), uint32(len(c)))
			at += len(c)
		}
		const begin = 256
		fork = be.AppendUint32(nil, begin)
		fork = be.AppendUint32(fork, uint32(begin+4+at))
		fork = be.AppendUint32(fork, uint32(4+at))
		fork = be.AppendUint32(fork, 50)
		fork = append(fork, make([]byte, begin-len(fork))...)
		fork = be.AppendUint32(fork, uint32(at))
		fork = append(append(fork, table...), bytes.Join(chunks, nil)...)
		return attribute, append(fork, make([]byte, 50)...) // the map, which nobody reads
	case 8, 12:
		at := 4 * (len(chunks) + 1)
		fork = le.AppendUint32(nil, uint32(at))
		for _, c := range chunks {
			at += len(c)
			fork = le.AppendUint32(fork, uint32(at))
		}
		return attribute, append(fork, bytes.Join(chunks, nil)...)
	}
	panic(fmt.Sprintf("no kind %d", kind))
}

// decmpfsChunk compresses a chunk, or stores one that would be larger then.
func decmpfsChunk(kind uint32, data []byte, stored bool) []byte {
	var packed []byte
	mark := byte(0xff)
	switch kind {
	case 1:
		return data
	case 9, 10:
		return append([]byte{0xcc}, data...)
	case 3, 4:
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		w.Write(data)
		w.Close()
		packed = b.Bytes()
	case 7, 8:
		packed, mark = LZVN(data), 6
	default:
		packed = LZFSE(data, '2')
	}
	if stored || len(packed) > len(data) {
		return append([]byte{mark}, data...)
	}
	return packed
}
