package apfs_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/apfs"
	"github.com/codewarrant/codewarrant/internal/imagetest"
)

// counted counts the bytes that are read.
type counted struct {
	io.ReaderAt
	read int
}

func (c *counted) ReadAt(b []byte, offset int64) (int, error) {
	c.read += len(b)
	return c.ReaderAt.ReadAt(b, offset)
}

// A container may have 100 volumes, and a disk many containers.
func TestAVolumeIsOpenedWithoutTheOthers(t *testing.T) {
	var volumes []imagetest.APFSVolume
	for n := range 40 {
		volumes = append(volumes, imagetest.APFSVolume{Name: fmt.Sprint("volume ", n), Files: map[string]imagetest.APFSFile{fmt.Sprint("file ", n): {}}})
	}
	i := imagetest.APFS{Volumes: volumes}.Image()
	r := &counted{ReaderAt: bytes.NewReader(i.Bytes)}
	c, err := apfs.Open(r, int64(len(i.Bytes)))
	if err != nil {
		t.Fatal(err)
	}
	all := r.read
	r.read = 0
	v, err := c.Opener(39)()
	if err != nil {
		t.Fatal(err)
	}
	if r.read > all/10 {
		t.Errorf("%d bytes are read, and %d of the whole container", r.read, all)
	}
	var got []string
	for f, err := range v.Walk() {
		got = append(got, fmt.Sprint(v.Name, " ", f.Path, " ", err))
	}
	if diff := cmp.Diff([]string{"volume 39 file 39 <nil>"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheAreaOfCheckpointsIsBounded(t *testing.T) {
	i := imagetest.APFS{BlockSize: 65536, Volumes: []imagetest.APFSVolume{{Name: "Acme"}}}.Image()
	binary.LittleEndian.PutUint32(i.Block("copy")[0x68:], 1025)
	i.Seal("copy")
	_, err := apfs.Open(bytes.NewReader(i.Bytes), int64(len(i.Bytes)))
	if want := "an area of 67174400 bytes, where the limit is 67108864"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
