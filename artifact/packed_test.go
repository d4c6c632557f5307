package artifact

import (
	"archive/tar"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	at "github.com/codewarrant/codewarrant/internal/archivetest"
)

// app is a bundle with what archives may lose: links, folders, names that are not ASCII.
var app = at.Files{
	"Acme.app/Contents/Info.plist":                                                executable("Acme"),
	"Acme.app/Contents/MacOS/Acme":                                                machO,
	"Acme.app/Contents/Frameworks/F.framework/Versions/A/Resources/Info.plist":    executable("F"),
	"Acme.app/Contents/Frameworks/F.framework/Versions/A/F":                       machO,
	"Acme.app/Contents/Frameworks/F.framework/Versions/Current":                   "-> A",
	"Acme.app/Contents/Frameworks/F.framework/F":                                  "-> Versions/Current/F",
	"Acme.app/Contents/Resources/Übersicht/outside":                               "-> ../../../../../elsewhere",
	"Acme.app/Contents/Resources/data":                                            strings.Repeat("no code ", 9000),
	"Acme.app/Contents/Library/LoginItems/Héllo.app/Contents/MacOS/Héllo":         machO,
	"Acme.app/Contents/Library/LoginItems/Héllo.app/Contents/Info.plist":          executable("Héllo"),
	"Acme.app/Contents/Resources/deep/deeper/deepest/with a longer name of its/x": machO,
}

// named walks content under a name in a folder of its own.
func named(t *testing.T, name string, content []byte) []string {
	t.Helper()
	dir := t.TempDir()
	full := filepath.Join(dir, name)
	if err := os.WriteFile(full, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return list(t, slash(dir), Walk(t.Context(), full))
}

// below puts a name before each line.
func below(name string, lines []string) []string {
	var out []string
	for _, line := range lines {
		out = append(out, name+"/"+line)
	}
	return out
}

func TestWalkFindsInAnArchiveWhatIsInTheFolder(t *testing.T) {
	dir := write(t, app)
	want := list(t, slash(dir), Walk(t.Context(), dir))
	if len(want) != 5 {
		t.Fatalf("the folder has %d lines: %q", len(want), want)
	}
	for _, f := range at.Formats {
		t.Run(f.Name, func(t *testing.T) {
			if diff := cmp.Diff(below("it", want), named(t, "it", f.Pack(app))); diff != "" {
				t.Error(diff)
			}
		})
		for _, s := range at.Streams {
			t.Run(f.Name+" in "+s.Name, func(t *testing.T) {
				if diff := cmp.Diff(below("it", want), named(t, "it", s.Pack(f.Pack(app)))); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestWalkNamesWhatIsPackedByAPathToFollow(t *testing.T) {
	files := at.Files{"bin/tool": machO}
	data := strings.Repeat("no magic ", 1<<18)
	image := append(bytes.Repeat([]byte("x\xda"), 9999), append([]byte("koly"), make([]byte, 508)...)...)
	for _, tt := range []struct {
		name, file string
		content    []byte
		want       []string
	}{
		{"a packed program has the name without the suffix", "tool.gz", at.Gzip([]byte(machO)), []string{"tool.gz/tool"}},
		{"of a name without one it has the same", "tool", at.XZ([]byte(machO)), []string{"tool/tool"}},
		{"a packed archive is one", "tools.tar.gz", at.Gzip(at.Tar(files)), []string{"tools.tar.gz/bin/tool"}},
		{"the members of a static library", "lib.a", at.Ar(at.Files{"a.o": machO, "a name of over sixteen bytes.o": machO}), []string{
			"lib.a/a name of over sixteen bytes.o", "lib.a/a.o",
		}},
		{"the members of a fat static library", "lib.a", fat(at.Ar(at.Files{"a.o": machO}), at.Ar(at.Files{"b.o": machO})), []string{
			"lib.a/arm64/b.o", "lib.a/x86_64/a.o",
		}},
		{"an archive that holds a bundle itself is named like one", "Acme.app.zip", at.Zip(at.Files{
			"Contents/Info.plist": executable("Acme"), "Contents/MacOS/Acme": machO,
		}), []string{"Acme.app.zip/Contents/MacOS/Acme in Acme.app as main"}},
		{"an archive that is named like the bundle in it", "Acme.app.tar.gz", at.Gzip(at.Tar(at.Files{
			"Acme.app/Contents/Info.plist": executable("Acme"), "Acme.app/Contents/MacOS/Acme": machO, "LICENSE": "text",
		})), []string{
			"Acme.app.tar.gz/Acme.app/Contents/MacOS/Acme in Acme.app as main",
		}},
		{"five levels", "Acme.pkg", at.Xar(at.Files{
			"Acme-component.pkg/Payload": string(at.Gzip(at.Cpio(at.Files{
				"Acme.app/Contents/Info.plist": executable("Acme"),
				"Acme.app/Contents/MacOS/Acme": machO,
				"Acme.app/Contents/Resources/app.asar": string(at.Asar(at.Files{
					"node_modules/helper.zip": string(at.Zip(at.Files{
						"inner.tar.zst": string(at.Zstd(at.Tar(at.Files{"helper": machO}))),
					})),
				})),
			}, false))),
		}, nil), []string{
			"Acme.pkg/Acme-component.pkg/Payload/Acme.app/Contents/MacOS/Acme in Acme-component.pkg/Payload/Acme.app as main",
			"Acme.pkg/Acme-component.pkg/Payload/Acme.app/Contents/Resources/app.asar/node_modules/helper.zip/inner.tar.zst/helper",
		}},
		{"a zip that unpacks itself", "setup", append([]byte("#!/bin/sh\nexec unzip \"$0\"\n"), relocated(26, files)...), []string{"setup/bin/tool"}},
		{"a hard link is a file of its own", "x.tar", at.RawTar([]tar.Header{
			{Name: "a", Typeflag: tar.TypeReg, Size: int64(len(machO))}, {Name: "b", Typeflag: tar.TypeLink, Linkname: "a"},
		}, []string{machO, ""}), []string{"x.tar/a", "x.tar/b"}},
		{"what packs no code is nothing", "notes.txt.gz", at.Gzip([]byte("notes")), []string{"notes.txt.gz: nothing: no Mach-O file was found here"}},
		{"an empty zip", "empty.zip", at.Zip(nil), []string{"empty.zip: nothing: no Mach-O file was found here"}},
		{"a format that is not read", "x.7z", []byte("7z\xbc\xaf\x27\x1c, and more"), []string{
			"x.7z: opaque: 7-Zip, which is not read here", "x.7z: nothing: no Mach-O file was found here",
		}},
		{"a disk image that begins as bzip2 does", "x.dmg", imageOf([]byte(bzip2)), []string{
			"x.dmg: unreadable: neither a property list nor a resource fork, so what is packed where is not known",
		}},
		{"a disk image that begins as xz does", "x.dmg", imageOf(at.XZ([]byte("no archive"))), []string{
			"x.dmg: unreadable: neither a property list nor a resource fork, so what is packed where is not known",
		}},
		{"a zip in the middle of the end of an archive", "x.tar", at.Tar(at.Files{"a.zip": string(at.Zip(files)), "b": "notes"}), []string{"x.tar/a.zip/bin/tool"}},
		{"two zips at the end of a format that is not read", "x.iso", append(append([]byte("7z\xbc\xaf\x27\x1c"), at.Zip(files)...), at.Zip(files)...), []string{
			"x.iso: opaque: 7-Zip, which is not read here", fmt.Sprintf("x.iso/zip at %d/bin/tool", 6+len(at.Zip(files))), "x.iso/zip at 6/bin/tool",
		}},
		{"a zip that zstd keeps as it is, before its checksum", "x.zst", at.Zstd(at.Zip(at.Files{"bin/tool": machO + noise(4000)})), []string{"x.zst/bin/tool"}},
		{"a zip in a program, behind which there is its signature", "x", []byte(machO + string(at.Zip(files)) + "signature"), []string{"x: opaque: a zip in it, which is not read here", "x"}},
		{"a zip that is stored at the end of an archive", "x.asar", at.Asar(at.Files{"a.zip": string(at.Zip(files))}), []string{"x.asar/a.zip/bin/tool"}},
		{"one in a zip", "x.zip", at.RawZip(at.ZipEntry{Name: "a.zip", Content: string(at.Zip(files))}), []string{"x.zip/a.zip/bin/tool"}},
		{"one in a zip whose sizes are told behind it, too", "x.zip", at.RawZip(at.ZipEntry{Name: "a.zip", Flags: 8, Content: string(at.Zip(files))}), []string{"x.zip/a.zip/bin/tool"}},
		{"one that pbzx and zstd keep as it is", "x", at.Pbzx(at.Zip(files)), []string{"x/bin/tool"}},
		{"a zip behind anything", "x", append([]byte("anything"), relocated(8, files)...), []string{"x/bin/tool"}},
		{"one that is packed", "x.gz", at.Gzip(append([]byte("anything"), relocated(8, files)...)), []string{"x.gz/bin/tool"}},
		{"one in a tar and a zip", "x", at.Tar(at.Files{"a.zip": string(at.Zip(at.Files{
			"small": "anything" + string(relocated(8, files)), "large.jar": data + string(relocated(len(data), files)),
		}))}), []string{"x/a.zip/large.jar/bin/tool", "x/a.zip/small/bin/tool"}},
		{"what zip was given by a pipe", "x.zip", at.RawZip(at.ZipEntry{Name: "-", Content: machO, Attributes: 0o010600 << 16}), []string{"x.zip/-"}},
		{"a disk image that begins as nothing does", "x.img", image, []string{
			"x.img: unsupported: trailer: a disk image of the version 0 with a trailer of 0 bytes, which is not read",
		}},
		{"a disk image beside a program", "x.tar", at.Tar(at.Files{"a": machO, "b": string(image)}), []string{
			"x.tar/a", "x.tar/b: unsupported: trailer: a disk image of the version 0 with a trailer of 0 bytes, which is not read",
		}},
		{"one that is packed, by its name", "x.zip", at.Zip(at.Files{"a": machO, "b.DMG": string(image)}), []string{
			"x.zip/a", "x.zip/b.DMG: unsupported: trailer: a disk image of the version 0 with a trailer of 0 bytes, which is not read",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, named(t, tt.file, tt.content)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// bzip2 is a stream that packs no archive.
const bzip2 = "BZh91AY&SY\xfe\xeb[\xb2\x00\x00\x02W\x80P\x00@\x00\x02\x00\x10\x00*a\x91\x00 \x00\"\x98\x00h@\x00\x02\\Iw\xd1x\xa3G\x0b\xb9\"\x9c(H\x7fu\xad\xd9\x00"

// imageOf is a disk image of version 4 whose first block is packed so.
func imageOf(first []byte) []byte {
	trailer := append([]byte("koly\x00\x00\x00\x04\x00\x00\x02\x00"), make([]byte, 500)...)
	return append(append(first, "<plist>"...), trailer...)
}

// begun is a tar whose first block, that of a header without records, begins with anything.
func begun(head string, f at.Files) []byte {
	block := at.RawTar([]tar.Header{{Name: "x", Typeflag: tar.TypeReg}}, []string{""})[:512]
	copy(block, head)
	block[156] = 'x'
	copy(block[148:], "        ")
	sum := 0
	for _, c := range block {
		sum += int(c)
	}
	copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(block, at.Tar(f)...)
}

// fat is a fat file of two slices, for x86_64 and arm64.
func fat(slices ...[]byte) []byte {
	be := binary.BigEndian
	b := be.AppendUint32([]byte("\xca\xfe\xba\xbe"), uint32(len(slices)))
	offset := 64
	for i, s := range slices {
		for _, n := range []uint32{[]uint32{0x01000007, 0x0100000c}[i], []uint32{3, 0}[i], uint32(offset), uint32(len(s)), 0} {
			b = be.AppendUint32(b, n)
		}
		offset += len(s)
	}
	return append(append(b, make([]byte, 64-len(b))...), bytes.Join(slices, nil)...)
}

// relocated is a zip whose offsets count n bytes before it.
func relocated(n int, f at.Files) []byte {
	b := append(bytes.Repeat([]byte{' '}, n), at.Zip(f)...)
	return fixOffsets(b, n)[n:]
}

func fixOffsets(b []byte, n int) []byte {
	add := func(at int) {
		for i, carry := 0, n; i < 4; i++ {
			carry += int(b[at+i])
			b[at+i] = byte(carry)
			carry >>= 8
		}
	}
	end := bytes.LastIndex(b, []byte("PK\x05\x06"))
	add(end + 16)
	for i := bytes.Index(b, []byte("PK\x01\x02")); i >= 0 && i < end; {
		add(i + 42)
		next := bytes.Index(b[i+4:], []byte("PK\x01\x02"))
		if next < 0 {
			break
		}
		i += 4 + next
	}
	return b
}

// flat packs by deflate.
func flat(b []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.DefaultCompression)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// skipped is a frame of zstd that is skipped.
func skipped(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte("\x50\x2a\x4d\x18"), uint32(len(b))), b...)
}

// noise is what no format makes smaller.
func noise(n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return string(b)
}

// apart is a central directory, and the record of the end, which says where that is in an
// asar around it with a file before.
func apart() string {
	b := at.RawZip(at.ZipEntry{Name: "evil", Content: machO})
	begin := bytes.Index(b, []byte("PK\x01\x02"))
	end := b[len(b)-22:]
	before := len(at.Asar(at.Files{"a": machO, "b": strings.Repeat(".", len(b)+9-begin)})) - (len(b) + 9 - begin)
	binary.LittleEndian.PutUint32(end[16:], uint32(before))
	return string(b[begin:len(b)-22]) + "not there" + string(end)
}

// both is an asar with a zip, and the magic number of a directory where that says that its own is.
func both() []byte {
	zip := at.RawZip(at.ZipEntry{Name: "evil", Content: machO + strings.Repeat(".", 500)})
	offset := int(binary.LittleEndian.Uint32(zip[len(zip)-6:]))
	first := strings.Repeat("PK\x01\x02", 200)
	b := at.Asar(at.Files{"a": first, "b": string(zip)})
	i := bytes.Index(b, []byte(first))
	copy(b[i:], strings.Repeat(" ", (offset-i)&3)+first[:len(first)-4])
	return b
}

// streamed takes checksum and sizes out of the first local header.
func streamed(zip []byte) []byte {
	clear(zip[14:26])
	return zip
}

// commented puts a comment behind a zip.
func commented(zip []byte, comment string) []byte {
	binary.LittleEndian.PutUint16(zip[len(zip)-2:], uint16(len(comment)))
	return append(zip, comment...)
}

// An archive that is ambiguous at each of many thousand entries is told of a hundred times.
func TestAmbiguousPlacesAreToldUpToALimit(t *testing.T) {
	var entries []at.ZipEntry
	for range 500 {
		entries = append(entries, at.ZipEntry{Name: "a", Content: machO})
	}
	told := named(t, "x", at.RawZip(entries...))
	ambiguous := slices.DeleteFunc(told, func(s string) bool { return !strings.Contains(s, ": ambiguous: ") })
	if last := "x: ambiguous: there are more places like these; the first 100 are told"; len(ambiguous) != 101 || ambiguous[100] != last {
		t.Errorf("told of %d places, the last of which is %q", len(ambiguous), ambiguous[len(ambiguous)-1])
	}
}

// Attacks on those who unpack an archive, by the names that they go by.
func TestAttacksOfArchivesAreTold(t *testing.T) {
	file := func(name string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(machO))}
	}
	stored := func(name string) at.ZipEntry { return at.ZipEntry{Name: name, Content: machO} }
	const java = "\xca\xfe\xba\xbe\x00\x00\x00\x34"
	hidden := string(at.RawZip(stored("b"))[:69])
	notes := bytes.Repeat([]byte("notes "), 9000) // of which no more than the beginning is looked at
	deep := []byte(machO)
	large := at.Gzip(append([]byte(machO), make([]byte, 3<<20)...))
	bomb := at.Gzip(append([]byte(machO), make([]byte, 80<<20)...))
	for range 9 {
		deep = at.Gzip(deep)
	}
	for _, tt := range []struct {
		name    string
		content []byte
		want    []string
	}{
		{"zip slip: a name that leads up", at.RawZip(stored("../../etc/evil")), []string{
			`x: ambiguous: the name of the entry "../../etc/evil" leads up`, "x/etc/evil",
		}},
		{"an absolute name", at.RawTar([]tar.Header{file("/usr/local/bin/evil")}, []string{machO}), []string{
			`x: ambiguous: the name of the entry "/usr/local/bin/evil" is absolute`, "x/usr/local/bin/evil",
		}},
		{"a link, and a file through it", at.RawTar([]tar.Header{
			{Name: "here", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, file("here/evil"),
		}, []string{"", machO}), []string{
			`x: ambiguous: "here/evil" is an entry below "here", which is no folder`,
			`x/here: link-outside: link to "/etc" leads out of the artifact`,
		}},
		{"a hard link to what is outside", at.RawTar([]tar.Header{{Name: "a", Typeflag: tar.TypeLink, Linkname: "../../etc/passwd"}}, []string{""}), []string{
			`x: ambiguous: the name of the entry "../../etc/passwd" leads up`,
		}},
		{"two entries of one name", at.RawZip(stored("a"), stored("a")), []string{`x: ambiguous: two entries are named "a"`, "x/a"}},
		{"two names that differ in case", at.RawZip(stored("App"), stored("aPP")), []string{
			`x: ambiguous: "App" and "aPP" in "." are one name where case and the composition of accents do not count`, "x/App", "x/aPP",
		}},
		{"two names that differ in how accents are composed", at.RawZip(stored("h\u00e9"), stored("he\u0301")), []string{
			"x: ambiguous: \"he\u0301\" and \"h\u00e9\" in \".\" are one name where case and the composition of accents do not count", "x/he\u0301", "x/h\u00e9",
		}},
		{"a local header that says another name", at.RawZip(at.ZipEntry{Name: "readme", Local: "evil!!", Content: machO}), []string{
			`x/readme: ambiguous: it is named "evil!!" in its local header`,
		}},
		{"an entry that the directory leaves out", at.RawZip(at.ZipEntry{Name: "evil", Content: machO, Hidden: true}, stored("a")), []string{
			`x: ambiguous: at offset 0 there is an entry that the central directory does not list`, "x/a",
		}},
		{"entries that overlap, as those of a zip bomb", at.RawZip(stored("a"), at.ZipEntry{Name: "a", Content: machO, At: 1}), []string{
			`x: ambiguous: two entries are named "a"`,
			`x: ambiguous: at offset 69 there is an entry that the central directory does not list`,
			`x/a: ambiguous: it overlaps the entry at offset 0`,
		}},
		{"a checksum that is wrong", at.RawZip(at.ZipEntry{Name: "a", Content: machO, Sum: 1}), []string{
			"x/a: unreadable: the crc32 of the contents is another than the archive says",
		}},
		{"a size that is wrong", at.RawZip(at.ZipEntry{Name: "a", Content: machO, Size: 3}), []string{
			"x/a: ambiguous: it is stored in 38 bytes and has 3, behind which some readers look for the next entry",
		}},
		{"a packed size that is wrong", at.RawZip(at.ZipEntry{Name: "a", Method: 8, Content: string(flat([]byte(machO))), Sum: crc32.ChecksumIEEE([]byte(machO)), Size: 3}), []string{
			"x/a: unreadable: contents are longer than the archive says",
		}},
		{"a folder in whose packed contents there is an entry", at.RawZip(at.ZipEntry{Name: "d/", Empty: true, Content: hidden}), []string{
			"x/d: ambiguous: it is stored in 69 bytes and has 0, behind which some readers look for the next entry",
		}},
		{"a folder that is packed, and an entry behind the end of that", at.RawZip(at.ZipEntry{Name: "d/", Method: 8, Flags: 8, Empty: true, Content: "\x03\x00" + hidden}), []string{
			"x/d: ambiguous: something follows the end of its contents where they are packed, which some readers take for another entry",
		}},
		{"a folder that is packed, as Java writes it", at.RawZip(at.ZipEntry{Name: "d/", Method: 8, Flags: 8, Empty: true, Content: "\x03\x00"}, stored("a")), []string{"x/a"}},
		{"a header at the boundary of what is packed", streamed(at.RawZip(at.ZipEntry{
			Name: "a", Method: 8, Flags: 8, Sum: crc32.ChecksumIEEE(notes), Size: uint32(len(notes)), Content: string(flat(notes)) + hidden[:2], Behind: hidden[2:],
		})), []string{
			fmt.Sprintf("x: ambiguous: at offset %d there is an entry that the central directory does not list", 31+len(flat(notes))),
			"x/a: ambiguous: something follows the end of its contents where they are packed, which some readers take for another entry",
		}},
		{"one that is stored and says where it ends, and that this is told behind it", at.RawZip(at.ZipEntry{Name: "a", Flags: 8, Content: machO + "PK\x07\x08sum!\x26\x00\x00\x00" + "\x26\x00\x00\x00" + hidden}), []string{
			"x/a: ambiguous: it is stored, some readers look for its end, and in it there are headers of zip",
		}},
		{"an encrypted entry", at.RawZip(at.ZipEntry{Name: "a", Content: machO, Flags: 1}), []string{"x/a: opaque: it is encrypted", "x: nothing: no Mach-O file was found here"}},
		{"something behind the end of a zip", append(at.Zip(app), "more"...), []string{
			"x: ambiguous: zip: 4 bytes follow the end of central directory record",
		}},
		{"zeros behind the end of a zip, with which bsdtar fills a block", append(at.Zip(at.Files{"a": machO}), make([]byte, 9999)...), []string{"x/a"}},
		{"a second tar behind the end of the first", append(at.Tar(at.Files{"a": machO}), at.Tar(at.Files{"b": machO})...), []string{
			"x: ambiguous: there are 2048 bytes behind the end of the tar at offset 2048, which some readers take for more of it", "x/a",
		}},
		{"a decompression bomb", bomb, []string{
			fmt.Sprintf("x: unreadable: gzip: %d packed bytes hold more than 250 times as much, as those of a decompression bomb do", len(bomb)),
		}},
		{"archives inside each other without end", deep, []string{"x: unreadable: more than 8 archives inside each other"}},
		{"links in a circle", at.RawTar([]tar.Header{
			{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "b"}, {Name: "b", Typeflag: tar.TypeSymlink, Linkname: "a"},
		}, []string{"", ""}), []string{"x/a: unreadable: more than 32 links to follow", "x/b: unreadable: more than 32 links to follow"}},
		{"a device", at.RawTar([]tar.Header{{Name: "null", Typeflag: tar.TypeChar}}, []string{""}), []string{"x/null: not-regular: not a regular file"}},
		{"a tar that begins as a zip", begun("PK\x03\x04", at.Files{"a": machO}), []string{
			"x: ambiguous: some readers take it for the format zip, others for tar",
			"x: unreadable: zip: there is no end of central directory record, so the zip is cut off or something follows it",
		}},
		{"a tar that begins as gzip", begun("\x1f\x8b\x08\x04", at.Files{"a": machO}), []string{
			"x: ambiguous: some readers take it for the format tar, others for gzip", "x/a",
		}},
		{"a tar that begins as a xar", begun("xar!", at.Files{"a": machO}), []string{
			"x: ambiguous: some readers take it for the format tar, others for xar", "x/a",
		}},
		{"a tar that begins as a Java class", begun(java, at.Files{"a": machO}), []string{
			"x: ambiguous: some readers take it for a Java class file, others for the format tar", "x/a",
		}},
		{"a zip that begins as a Java class", append([]byte(java), relocated(8, at.Files{"a": machO})...), []string{
			"x: ambiguous: some readers take it for a Java class file, others for the format zip", "x/a",
		}},
		{"a tar that begins as a Mach-O file", begun(machO[:8], at.Files{"a": machO}), []string{
			"x: ambiguous: some readers take it for the format Mach-O, others for tar", "x",
		}},
		{"a zip behind a Mach-O file", append([]byte(machO), relocated(len(machO), at.Files{"a": machO})...), []string{
			"x: ambiguous: some readers take it for the format Mach-O, others for zip", "x",
		}},
		{"a zip behind an asar", append(at.Asar(at.Files{"a": machO}), at.Zip(at.Files{"b": machO})...), []string{
			"x: ambiguous: behind it there is the end of a zip, as which some readers take it", "x/a",
		}},
		{"a zip behind a stream", append(at.Zstd([]byte("notes")), skipped(at.Zip(at.Files{"b": machO}))...), []string{
			"x: ambiguous: zstd: behind it there is the end of a zip, as which some readers take it",
		}},
		{"a zip behind an asar, and more behind that", append(append(at.Asar(at.Files{"a": machO}), at.Zip(at.Files{"b": machO})...), '\n'), []string{
			"x: ambiguous: behind it there is the end of a zip, as which some readers take it", "x/a",
		}},
		{"a zip behind a stream, and more behind that", append(at.Zstd([]byte("notes")), skipped(append(at.Zip(at.Files{"b": machO}), "\n\n"...))...), []string{
			"x: ambiguous: zstd: behind it there is the end of a zip, as which some readers take it",
		}},
		{"something behind a xar that is no package", append(at.Xar(at.Files{"a": machO}, nil), "more"...), []string{
			fmt.Sprintf("x: ambiguous: xar: there are 4 bytes behind the end of the archive at offset %d, which some readers take for more of it", len(at.Xar(at.Files{"a": machO}, nil))), "x/a",
		}},
		{"a zip at the end of an archive by an absolute offset alone", at.Asar(at.Files{"a": machO, "b": apart()}), []string{
			"x: ambiguous: behind it there is the end of a zip, as which some readers take it", "x/a",
		}},
		{"a zip in an archive, and another directory where it says", both(), []string{
			"x: ambiguous: behind it there is the end of a zip, as which some readers take it", "x/b/evil",
		}},
		{"a zip behind anything, as far from the end as unzip looks", append(relocated(0, at.Files{"a": machO}), make([]byte, 66_000)...), []string{"x/a"}},
		{"one behind which there is as much", append(append([]byte("JUNK"), relocated(4, at.Files{"a": machO})...), bytes.Repeat([]byte{1}, 66_000)...), []string{
			"x: ambiguous: zip: 66000 bytes follow the end of central directory record",
		}},
		{"a zip behind what looks like 7-Zip, and more behind that", append(append([]byte("7z\xbc\xaf\x27\x1c"), relocated(6, at.Files{"a": machO})...), '\n'), []string{
			"x: opaque: 7-Zip, which is not read here", "x/a",
		}},
		{"a zip whose comment looks like the end of a disk image", commented(append([]byte("JUNK"), relocated(4, at.Files{"a": machO})...), "koly"+strings.Repeat("x", 508)), []string{
			"x: unsupported: trailer: a disk image of the version 2021161080 with a trailer of 2021161080 bytes, which is not read", "x/a",
		}},
		{"a zip behind anything that counts from its own beginning", append([]byte("\n"), at.RawZip(stored("a"))...), []string{
			"x: ambiguous: zip: the central directory of 47 bytes at offset 69 does not end at 117, where its record is",
		}},
		{"a zip behind anything, and more behind it", append([]byte("\n"), append(at.RawZip(stored("a")), "more"...)...), []string{
			"x: ambiguous: zip: 4 bytes follow the end of central directory record",
		}},
		{"the end of a disk image behind bzip2", imageOf([]byte(bzip2)), []string{
			"x: unreadable: neither a property list nor a resource fork, so what is packed where is not known",
		}},
		{"the end of a disk image behind a packed archive", imageOf(at.XZ(at.Tar(at.Files{"a": machO}))), []string{
			"x: unreadable: neither a property list nor a resource fork, so what is packed where is not known",
		}},
		{"the end of a disk image behind a tar", imageOf(at.Tar(at.Files{"a": machO})), []string{
			"x: ambiguous: some readers take it for the format tar, others for disk image",
			"x: ambiguous: there are 519 bytes behind the end of the tar at offset 2048, which some readers take for more of it", "x/a",
		}},
		{"an entry in the packed contents of another one, behind their end", at.RawZip(at.ZipEntry{
			Name: "a", Method: 8, Flags: 8, Sum: crc32.ChecksumIEEE(notes), Size: uint32(len(notes)), Content: string(flat(notes)) + hidden,
		}), []string{
			"x/a: ambiguous: something follows the end of its contents where they are packed, which some readers take for another entry",
		}},
		{"one that is stored and does not say where it ends", streamed(at.RawZip(at.ZipEntry{Name: "a", Flags: 8, Content: machO + "PK\x07\x08"})), []string{
			"x/a: ambiguous: it is stored, some readers look for its end, and in it there are headers of zip",
		}},
		{"one whose end is the first that looks like one", streamed(at.RawZip(at.ZipEntry{Name: "a", Flags: 8, Content: machO})), []string{"x/a"}},
		{"what looks like another end in the comment of the end", commented(at.RawZip(stored("a")), "PK\x05\x06"+strings.Repeat("\xff", 18)), []string{
			"x: ambiguous: zip: there are two end of central directory records",
		}},
		{"the beginning of one there", commented(at.RawZip(stored("a")), "PK\x05\x06"), []string{
			"x: ambiguous: zip: there are two end of central directory records",
		}},
		{"a mask without encryption", at.RawZip(at.ZipEntry{Name: "a", Content: machO, Flags: 1 << 13}), []string{
			"x/a: ambiguous: its flags say that it is masked, and that it is not encrypted",
		}},
		{"an archive that is cut off", at.Zip(app)[:500], []string{
			"x: unreadable: zip: there is no end of central directory record, so the zip is cut off or something follows it",
		}},
		{"a large stream that is cut off", large[:len(large)-9], []string{"x: unreadable: gzip: unexpected EOF"}},
		{"a stream that is cut off", at.Gzip(at.Tar(app))[:300], []string{"x: unreadable: gzip: unexpected EOF"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, named(t, "x", tt.content)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
