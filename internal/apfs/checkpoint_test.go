package apfs_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/apfs"
	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/imagetest"
)

func TestTheLatestCheckpointIsRead(t *testing.T) {
	i := imagetest.APFS{Volumes: []imagetest.APFSVolume{{Features: insensitive, Files: everything()}}}.Image()
	t.Run("one that is later, with a right checksum, though its object map is nowhere", func(t *testing.T) {
		i := i.Clone()
		i.Seal("damaged")
		if got, want := wrong(walked(i.Bytes)), ".: error: object map of the container: block 1099511627776 is past the end"; !strings.HasPrefix(got, want) {
			t.Errorf("the error is %q, not %q", got, want)
		}
	})
	t.Run("one that is later, and damaged, is none", func(t *testing.T) {
		i := i.Clone()
		i.Seal("damaged")
		i.Block("damaged")[100]++
		if diff := cmp.Diff(wantEverything(), walked(i.Bytes)); diff != "" {
			t.Error(diff)
		}
	})
	le := binary.LittleEndian
	for _, row := range []struct {
		name, want string
		change     func(super, mappings []byte)
	}{
		{"mappings that are damaged", "the superblock of the transaction 8 in block 6 is right", func(_, m []byte) { m[100]++ }},
		{"mappings of another transaction", "the superblock of the transaction 8 in block 6 is right", func(_, m []byte) { le.PutUint64(m[0x10:], 7) }},
		{"no mappings", "the superblock of the transaction 8 in block 6 is right", func(s, _ []byte) { le.PutUint32(s[0x88:], 5); le.PutUint32(s[0x8c:], 1) }},
		{"mappings elsewhere", "the superblock of the transaction 8 in block 6 is right", func(s, _ []byte) { le.PutUint32(s[0x88:], 3) }},
		{"another identifier", "the superblock of the transaction 8 in block 6 is right", func(s, _ []byte) { le.PutUint64(s[0x8:], 2) }},
		{"another type", "the superblock of the transaction 8 in block 6 is right", func(s, _ []byte) { le.PutUint32(s[0x18:], 0x8000000d) }},
		{"the number of the one before", "the superblock of the transaction 7 in block", func(s, m []byte) { le.PutUint64(s[0x10:], 7); le.PutUint64(m[0x10:], 7) }},
	} {
		t.Run("one that is later, with "+row.name+", is ambiguous", func(t *testing.T) {
			i := i.Clone()
			row.change(i.Block("damaged"), i.Block("damaged, map"))
			i.Seal("damaged")
			if row.name != "mappings that are damaged" {
				i.Seal("damaged, map")
			}
			_, err := apfs.Open(bytes.NewReader(i.Bytes), int64(len(i.Bytes)))
			if _, is := errors.AsType[*archive.AmbiguousError](err); !is || !strings.Contains(err.Error(), row.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
	t.Run("the one before, when that of block 0 is damaged, is not read", func(t *testing.T) {
		i := i.Clone()
		i.Block("container")[100]++
		if got, want := wrong(walked(i.Bytes)), "the transaction 7, of which block 0 is a copy, is damaged; the latest that is not is 6"; !strings.Contains(got, want) {
			t.Errorf("the error is %q, not %q", got, want)
		}
	})
}
