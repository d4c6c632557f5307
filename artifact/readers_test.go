package artifact

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	at "github.com/codewarrant/codewarrant/internal/archivetest"
)

// block is a header of a tar and what follows it, with a size that may be another.
func block(kind byte, name, link, content string, size int) string {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000755\x000000000\x000000000\x00")
	copy(b[124:], fmt.Sprintf("%011o\x00%011o\x00        ", size, 0))
	b[156] = kind
	copy(b[157:], link)
	copy(b[257:], "ustar\x0000")
	return sum(b, "%06o\x00 ") + content + strings.Repeat("\x00", -len(content)&511)
}

// sum writes the checksum into a header.
func sum(b []byte, format string) string {
	copy(b[148:], "        ")
	n := 0
	for _, c := range b {
		n += int(c)
	}
	copy(b[148:156], fmt.Sprintf(format, n))
	return string(b)
}

func tarred(kind byte, name, content string) string {
	return block(kind, name, "", content, len(content))
}

// record is one of an extended header, of less than 100 bytes.
func record(key, value string) string {
	return fmt.Sprintf("%d %s=%s\n", len(key)+len(value)+5, key, value)
}

// old is a header without a magic.
func old(name, checksum string, size int) string {
	b := []byte(block(0, name, "", "", size))
	copy(b[257:], make([]byte, 8))
	return sum(b, checksum)
}

// oldSized is one with anything as its size.
func oldSized(name, size string) string {
	b := []byte(old(name, "%06o\x00 ", 0))
	copy(b[124:136], size)
	return sum(b, "%06o\x00 ")
}

// odc and newc are entries of a cpio that has inodes.
func odc(name, content string, inode, links int) string {
	return fmt.Sprintf("070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o%s\x00%s", 1, inode, 0o100755, 0, 0, links, 0, 0, len(name)+1, len(content), name, content)
}

func newc(name, content string, inode, links int) string {
	head := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00", inode, 0o100755, 0, 0, links, 0, len(content), 0, 1, 0, 0, len(name)+1, 0, name)
	head += strings.Repeat("\x00", -len(head)&3)
	return head + content + strings.Repeat("\x00", -len(content)&3)
}

// asFolder makes the first header of a cpio that of a folder.
func asFolder(cpio string) string { return strings.Replace(cpio, "100755", "040755", 1) }

// pbzx has chunks that are not packed, of those up to capacity.
func pbzx(capacity uint64, chunks ...string) string {
	be := binary.BigEndian
	b := be.AppendUint64([]byte("pbzx"), capacity)
	for _, c := range chunks {
		b = append(be.AppendUint64(be.AppendUint64(b, uint64(len(c))), uint64(len(c))), c...)
	}
	return string(b)
}

// member is one of an ar.
func member(name, content string) string {
	return fmt.Sprintf("%-16s%-12d%-6d%-6d%-8o%-10d`\n%s%s", name, 0, 0, 0, 0o644, len(content), content, strings.Repeat("\n", len(content)&1))
}

// asar is a header with spare bytes and JSON.
func asar(header, spare int, text, content string) string {
	le := binary.LittleEndian
	inner := 4 + (len(text)+3)/4*4 + spare
	b := le.AppendUint32(nil, 4)
	b = le.AppendUint32(b, uint32(header+inner))
	b = append(le.AppendUint32(b, uint32(inner)), make([]byte, header-4)...)
	b = append(le.AppendUint32(b, uint32(len(text))), text...)
	return string(append(b, make([]byte, 8+header+inner-len(b))...)) + content
}

// What one reader of an archive takes for code and another does not.
func TestWhatReadersTakeOtherwiseIsTold(t *testing.T) {
	const end = "\x00"
	zeros := strings.Repeat(end, 1024)
	size, comment := record("size", "512"), record("comment", "x")
	big := tarred('0', "notes", strings.Repeat("J", 512)+tarred('0', "evil", machO))
	file, link := tarred('0', "a", machO), `{"files":{"evil":{"size":`+fmt.Sprint(len(machO))+`,"offset":"0"}}}`
	followed := "x: ambiguous: tar: the extended header before offset 1024 is followed by another one, and not by its entry"
	trailer := odc("TRAILER!!!", "", 0, 1)
	const cpioMagic = "x: ambiguous: cpio: it begins with the magic number and no header, and some readers look for the next one"
	nothing := "x: nothing: no Mach-O file was found here"
	for _, row := range []struct {
		name, content string
		want          []string
	}{
		{"tar: an extended header before one for all", tarred('x', "p", size) + tarred('g', "p", comment) + big + zeros, []string{followed}},
		{"tar: two extended headers", tarred('x', "p", comment) + tarred('x', "p", comment) + file + zeros, []string{followed, "x/a"}},
		{"tar: an extended header before a long name", tarred('x', "p", comment) + tarred('L', "p", "a\x00") + file + zeros, []string{followed, "x/a"}},
		{"tar: a long name and a long link", tarred('L', "p", "b\x00") + tarred('K', "p", "c\x00") + file + zeros, []string{"x/b"}},
		{"tar: a header for all with a comment, as git writes it", tarred('g', "p", comment) + tarred('x', "p", comment) + file + zeros, []string{"x/a"}},
		{"tar: one with a size", tarred('g', "p", size) + file + zeros, []string{
			`x: ambiguous: tar: the extended header at offset 0: it is for all entries and has their "size", which some readers leave out`, "x/a",
		}},
		{"tar: a size that is there twice", tarred('x', "p", record("size", "1")+size) + big + zeros, []string{
			`x: ambiguous: tar: the extended header at offset 0: the record "size" is there twice, or empty`, "x/evil",
		}},
		{"tar: an empty path", tarred('x', "p", record("linkpath", "")) + file + zeros, []string{
			`x: ambiguous: tar: the extended header at offset 0: the record "linkpath" is there twice, or empty`, "x/a",
		}},
		{"tar: a size that is another in the extended header", tarred('x', "p", size) + big + zeros, []string{
			"x: ambiguous: tar: the entry at offset 1024 is of 1536 bytes in its header and of 512 in the extended one", "x/evil",
		}},
		{"tar: a file that is shorter by star's extended header", tarred('x', "p", record("SCHILY.realsize", "5")) + tarred('0', "evil", machO) + zeros, []string{
			"x/evil: unreadable: a sparse file, which is not read",
		}},
		{"tar: one with holes by that of Solaris", tarred('x', "p", record("SUN.holesdata", " 0 5 9")) + tarred('0', "evil", machO) + zeros, []string{
			"x/evil: unreadable: a sparse file, which is not read",
		}},
		{"tar: the label of a volume", tarred('V', "release", "") + file + zeros, []string{"x/a"}},
		{"tar: a label with contents", tarred('V', "release", machO) + file + zeros, []string{"x/a", "x/release: unreadable: an entry of the unknown type 'V'"}},
		{"tar: a folder with a size", block('5', "d/", "", "", 512) + file + zeros, []string{
			"x: ambiguous: tar: the entry at offset 0, a folder, link or device, has a size, of 512", "x/a",
		}},
		{"tar: a hard link with a size", file + block('1', "b", "a", "", 512) + tarred('0', "c", "") + zeros, []string{
			"x: ambiguous: tar: the entry at offset 1024, a folder, link or device, has a size, of 512", "x/a", "x/b",
		}},
		{"tar: a folder with a size in the extended header", tarred('x', "p", size) + tarred('5', "d/", "") + file + zeros, []string{
			"x: ambiguous: tar: the entry at offset 1024 is of 0 bytes in its header and of 512 in the extended one", "x/a",
		}},
		{"tar: a file that is a folder by its name", tarred('0', "d/", machO) + zeros, []string{
			fmt.Sprintf(`x: ambiguous: tar: "d/" is a folder by its name, and has %d bytes`, len(machO)), "x/d",
		}},
		{"tar: an old one whose first entry has no name", old("", "%06o\x00 ", 0) + file + zeros, []string{`x: ambiguous: an entry without a name of its own: ""`, "x/a"}},
		{"tar: an old one with more behind the checksum", old("b", "%05o\x00A ", 0) + file + zeros, []string{"x/a"}},
		{"tar: data whose bytes make the sum that one digit says", accident(), []string{"x: not-mach-o: not a Mach-O file"}},
		{"tar: an old one whose first size is no number, as base-64", oldSized("d/", "+AAAAAAAAAAA") + file + zeros, []string{"x: unreadable: tar: archive/tar: invalid tar header"}},
		{"tar: one whose first size begins with a zero byte", oldSized("d/", "\x000000000000\x00") + file + zeros, []string{
			"x: ambiguous: tar: the size in the header at offset 0 is no number", "x/a",
		}},
		{"tar: one with other white space before the checksum", old("b", "\n\v\f%05o", 0) + file + zeros, []string{"x: unreadable: tar: archive/tar: invalid tar header"}},
		{"ar: a member named like a table of symbols", "!<arch>\n" + member("__.SYMDEF_evil", machO), []string{"x/__.SYMDEF_evil"}},
		{"ar: a table of symbols that is code", "!<arch>\n" + member("/SYM64/", machO) + member("/", machO) + member("__.SYMDEF", machO), []string{
			"x/__.SYMDEF", "x/__.SYMDEF (2)", "x/__.SYMDEF_64",
		}},
		{"ar: one that is a table", "!<arch>\n" + member("/", "\x00\x00\x00\x01abcd_main\x00") + member("a.o/", machO), []string{"x/a.o"}},
		{"asar: white space before the JSON", asar(4, 0, " \r\n\t"+link, machO), []string{"x/evil"}},
		{"asar: more of it than is looked at", asar(4, 0, strings.Repeat(" ", 600)+link, machO), []string{"x/evil"}},
		{"asar: spare bytes behind the JSON", asar(4, 8, link, machO), []string{"x/evil"}},
		{"asar: a longer header of the pickle", asar(600, 0, link, machO), []string{"x/evil"}},
		{"asar: many keys for one file", asar(4, 0, `{"files":{"a":{`+keys(99)+`}}}`, ""), []string{
			`x: unreadable: asar: more than 64 keys for "a"`,
		}},
		{"cpio: a header behind one that is none", "070707" + strings.Repeat("ZZ", 20) + odc("a", machO, 1, 1) + trailer, []string{
			cpioMagic,
		}},
		{"cpio: one however far behind it", "070707 notes\n" + strings.Repeat("x", 70_000) + odc("a", machO, 1, 1) + trailer, []string{cpioMagic}},
		{"cpio: one in a stream, further than is looked at of what has no code", string(at.Gzip([]byte("070707 notes\n" + strings.Repeat("x", 2<<20) + odc("a", machO, 1, 1) + trailer))), []string{cpioMagic}},
		{"cpio: numbers that end in something else, which GNU's takes", strings.Replace(odc("a", machO, 1, 1), "000001", "1 more", 1) + trailer, []string{cpioMagic}},
		{"cpio: a text that begins like one but for a digit", "070703 is no magic of cpio, and 070701 is one" + strings.Repeat(".", 99), []string{"x: not-mach-o: not a Mach-O file"}},
		{"cpio: two names of one file with other contents", odc("a", machO, 5, 2) + odc("b", strings.ToUpper(machO)+"b", 5, 2) + trailer, []string{
			"x/a", `x/b: ambiguous: it is another name of "a" by its inode, and has other contents`,
		}},
		{"cpio: headers of two forms", odc("a.app", machO, 1, 1) + newc("b", odc("evil", machO, 2, 1), 5, 1) + trailer, []string{
			"x: ambiguous: cpio: the entry at offset 120: a header of the form 070701, and the first one is of 070707, by which some readers go", "x/a.app",
		}},
		{"cpio: headers of the forms newc and crc", newc("a", machO, 1, 1) + strings.Replace(newc("b", "notes", 5, 1), "070701", "070702", 1) + newc("TRAILER!!!", "", 0, 1), []string{
			"x: ambiguous: cpio: the entry at offset 152: a header of the form 070702, and the first one is of 070701, by which some readers go", "x/a",
		}},
		{"cpio: a folder with contents", odc("a", machO, 1, 1) + asFolder(odc("d", odc("evil", machO, 2, 1), 3, 1)) + odc("b", machO, 4, 1) + trailer, []string{
			"x/a", "x/b", "x/d: ambiguous: it is neither a file nor a link, and has contents, which some readers take for entries",
		}},
		{"cpio: a trailer with contents", odc("a", machO, 1, 1) + odc("TRAILER!!!", odc("evil", machO, 2, 1)+trailer, 0, 1) + zeros, []string{
			"x: ambiguous: cpio: the trailer has contents, of 206 bytes, which some readers take for more of it", "x/a",
		}},
		{"pbzx: a chunk that is not packed and begins as xz", pbzx(1<<20, string(at.XZ([]byte(odc("evil", machO, 1, 1)+trailer)))), []string{
			"x: ambiguous: pbzx: a chunk is as long as what it holds, and begins as xz does, which some readers unpack",
		}},
		{"pbzx: a chunk behind one that is not full", pbzx(1<<20, odc("a", machO, 1, 1), trailer), []string{
			"x: ambiguous: pbzx: a chunk follows one that holds less than 1048576 bytes, which for some readers is the last",
		}},
		{"pbzx: one chunk that is not full", pbzx(1<<20, odc("a", machO, 1, 1)+trailer), []string{"x/a"}},
		{"cpio: two with the same contents", odc("a", machO, 5, 2) + odc("b", machO, 5, 2) + trailer, []string{"x/a", "x/b"}},
		{"cpio: names before the contents, and one behind", newc("a", "", 5, 3) + newc("b", machO, 5, 3) + newc("c", "", 5, 3) + newc("d", "", 6, 2) + newc("TRAILER!!!", "", 0, 1), []string{
			"x/a", "x/b", "x/c",
		}},
		{"gzip: zeros behind it", string(at.Gzip(at.Tar(at.Files{"a": machO}))) + strings.Repeat(end, 5000), []string{"x/a"}},
		{"gzip: two, one behind the other", string(at.Gzip([]byte(file))) + string(at.Gzip([]byte(tarred('0', "b", machO)+zeros))), []string{"x/a", "x/b"}},
		{"gzip: something behind the zeros", string(at.Gzip([]byte(file+zeros))) + "\x00\x00\x1f\x8b\x08", []string{"x: unreadable: gzip: gzip: invalid header"}},
		{"a script with a stream behind it", "#!/bin/sh\ntail -n +4 \"$0\" | tar xz\nexit\n" + string(at.Gzip([]byte(file+zeros))), []string{
			"x: opaque: a script with an archive behind it, which is not read here", nothing,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, named(t, "x", []byte(row.content))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// accident is data whose bytes, with a sign, have the sum 3 as a tar counts it.
func accident() string {
	b := make([]byte, 512)
	copy(b, "\x80\xff\x80\x05")
	b[148] = '3'
	b[100] = 0xff // no mode
	return string(b)
}

func keys(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"%d":0`, i))
	}
	return strings.Join(list, ",")
}
