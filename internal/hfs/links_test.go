package hfs_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/hfs"
	. "github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/volume"
)

func TestHardLinksAreThoseThatMacOSFollows(t *testing.T) {
	be := binary.BigEndian
	created := func(date uint32) func([]byte) { return func(r []byte) { be.PutUint32(r[12:], date) } }
	const itsOwn = "unread: it is marked as a hard link, and does not have the date of one, so macOS takes it for a file of its own"
	lost := "unread: hard link: there is no folder of what hard links lead to"
	for _, row := range []struct {
		name, private        string
		volume, folder, link uint32 // when they were created
		caseSensitive        bool
		want                 string
	}{
		{name: "a link of the date of the volume", private: Private, volume: 0xd0000000, folder: 0xe0000000, link: 0xd0000000, want: "linked"},
		{name: "a link of the date of the folder of links", private: Private, volume: 0xd0000000, folder: 0xe0000000, link: 0xe0000000, want: "linked"},
		{name: "a link of another date", private: Private, volume: 0xd0000000, folder: 0xe0000000, link: 0xe0000001, want: itsOwn},
		{name: "dates before 1970, which are all one", private: Private, volume: 1, folder: 0xe0000000, link: 2000000000, want: "linked"},
		{name: "a folder of links in small letters", private: strings.ToLower(Private), want: "linked"},
		{name: "a folder of links in small letters, where case counts", private: strings.ToLower(Private), caseSensitive: true, want: lost},
		{name: "a folder of links with a character that is passed over", private: "\x00\x00\x00\x00HFS+\u200c Private Data", want: "linked"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := open(t, HFS{Root: created(row.volume), X: row.caseSensitive, Files: []HFSFile{
				{Path: row.private, Folder: true, Record: created(row.folder)},
				{Path: row.private + "/iNode100", Data: []byte("linked")},
				{Path: "tool", Inode: 100, Data: []byte("its own"), Record: created(row.link)},
			}}.Write())
			if got := listing(t, v)["tool"]; got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestHardLinksToFoldersAreTold(t *testing.T) {
	be := binary.BigEndian
	const told = "unread: a hard link to the folder dir_50, which is not read"
	for _, row := range []struct {
		name, private, want string
		record              func([]byte)
	}{
		{"a hard link", PrivateFolders, told, nil},
		{"a folder of links in small letters", strings.ToLower(PrivateFolders), told, nil},
		{"an alias of the Finder, which is a file", PrivateFolders, "alias", func(r []byte) { be.PutUint16(r[2:], 0) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := open(t, HFS{Files: []HFSFile{
				{Path: row.private + "/dir_50", Folder: true},
				{Path: "Acme.app", FolderOf: 50, Data: []byte("alias"), Record: row.record},
			}}.Write())
			if diff := cmp.Diff(map[string]string{"Acme.app": row.want}, listing(t, v)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNothingHidesAsTheFolderOfLinks(t *testing.T) {
	be := binary.BigEndian
	t.Run("a folder of its number is listed", func(t *testing.T) {
		v := open(t, HFS{Files: []HFSFile{
			{Path: PrivateFolders, Folder: true, ID: 900},
			{Path: PrivateFolders + "/tool", Data: []byte("evil")},
			{Path: "a folder", Folder: true, Record: func(r []byte) { be.PutUint32(r[8:], 900) }},
		}}.Write())
		if got := listing(t, v); got["a folder/tool"] != "evil" {
			t.Error(got)
		}
	})
	t.Run("a file of its name is told", func(t *testing.T) {
		_, err := hfs.Open(reader(HFS{Files: []HFSFile{{Path: Private}}}.Write()))
		if _, is := errors.AsType[*archive.AmbiguousError](err); !is {
			t.Error(err)
		}
	})
	for _, target := range []string{PrivateFolders + "/tool", strings.ToUpper(PrivateFolders) + "/tool", "\u2400\u2400\u2400\u2400HFS+ Private Data/iNode7"} {
		t.Run(fmt.Sprintf("a link to %q leads out of what is listed", target), func(t *testing.T) {
			v := open(t, HFS{Files: []HFSFile{
				{Path: Private + "/iNode7"},
				{Path: PrivateFolders + "/tool"},
				{Path: "link", Symlink: target},
			}}.Write())
			if err := v.Paths().Reach("link"); !errors.Is(err, volume.ErrOutside) {
				t.Error(err)
			}
		})
	}
}

func TestFileWithoutATypeIsARegularOneWhateverTheFinderTakesItFor(t *testing.T) {
	v := open(t, HFS{Files: []HFSFile{{Path: "tool", Symlink: "code", Record: func(r []byte) { binary.BigEndian.PutUint16(r[42:], 0o755) }}}}.Write())
	if diff := cmp.Diff(map[string]string{"tool": "code"}, listing(t, v)); diff != "" {
		t.Error(diff)
	}
}

func TestNamesThatAreOneOnTheVolumeAreTold(t *testing.T) {
	for _, row := range []struct {
		name, a, b string
		told       string // where case does not count
		sensitive  string
	}{
		{"names that differ in case", "Tool", "tool", "are one name on the volume", ""},
		{"names that differ in a character that is passed over", "tool", "to\u200col", "are one name on the volume", ""},
		{"names that differ in the case of Georgian", "\u10a0", "\u10d0", "are one name on the volume", ""},
		{"the same name", "tool", "tool", "are one name on the volume", "are one name on the volume"},
		{"names that differ", "tool", "tools", "", ""},
	} {
		for _, x := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, %t", row.name, x), func(t *testing.T) {
				want := row.told
				if x {
					want = row.sensitive
				}
				_, err := open(t, HFS{X: x, Files: []HFSFile{{Path: row.a}, {Path: row.b}}}.Write()).Paths().ReadDir(".")
				if got := fmt.Sprint(err); want == "" && err != nil || !strings.Contains(got, want) {
					t.Errorf("got %s, want %q", got, want)
				}
			})
		}
	}
}
