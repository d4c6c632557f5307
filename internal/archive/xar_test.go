package archive

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// xar packs a table of contents without a checksum, and a heap.
func xar(t *testing.T, toc, heap string, level int) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := zlib.NewWriterLevel(&packed, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(toc)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	be := binary.BigEndian
	b := be.AppendUint16([]byte("xar!"), xarHeader)
	b = be.AppendUint16(b, 1)
	b = be.AppendUint64(b, uint64(packed.Len()))
	b = be.AppendUint64(b, uint64(len(toc)))
	b = be.AppendUint32(b, 0)
	return append(append(b, packed.Bytes()...), heap...)
}

// The decoder of encoding/xml keeps what is open, and a table of some kilobytes may be
// unpacked to much.
func TestATableOfContentsTakesLittleMemory(t *testing.T) {
	const n = maxTOC - 4096
	var spaces strings.Builder
	for range maxElements {
		spaces.WriteString("<a")
		for i := range maxAttributes {
			fmt.Fprintf(&spaces, ` xmlns:n%d="%s"`, i, strings.Repeat("u", 1800))
		}
		spaces.WriteString(">")
	}
	repeat := func(s string) string { return strings.Repeat(s, n/len(s)) }
	for _, row := range []struct{ name, toc, want string }{
		{"elements in each other", "<xar><toc><q>" + repeat("<a>"), "more than 256 elements in each other"},
		{"files in each other", "<xar><toc>" + repeat(`<file id="1"><name>a</name>`), "more than 128 folders in each other"},
		{"attributes", "<xar><toc><q" + repeat(` a=""`) + "/>", "longer than any known"},
		{"attributes of 64 KB", "<xar><toc>" + repeat("<q"+strings.Repeat(` a=""`, 12000)+"/>"), "more than 32 attributes"},
		{"namespaces", "<xar><toc>" + spaces.String(), "more than 256 elements in each other"},
		{"a text", "<xar><toc><file><name>" + repeat("a"), "longer than any known"},
		{"a text in parts", "<xar><toc><file><name>" + repeat(strings.Repeat("a", 9999)+"<![CDATA["+strings.Repeat("a", 9999)+"]]>"), "longer than any known"},
		{"a comment", "<xar><toc><!--" + repeat("a"), "longer than any known"},
		{"entities", `<!DOCTYPE xar [<!ENTITY a "b">]><xar><toc></toc></xar>`, "declares entities"},
		{"a name in parts", "<xar><toc><file><name>a<!-- -->b</name></file></toc></xar>", "comment in the middle"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := xar(t, row.toc, "", zlib.NoCompression)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := ReadXar(bytes.NewReader(b), int64(len(b)), func(Entry) bool { return true })
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v, want %q", err, row.want)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
				t.Errorf("%d MiB were allocated", got>>20)
			}
		})
	}
	t.Run("packed to nothing", func(t *testing.T) {
		b := xar(t, "<xar><toc>"+repeat("<a></a>")+"</toc></xar>", "", zlib.BestCompression)
		_, err := ReadXar(bytes.NewReader(b), int64(len(b)), func(Entry) bool { return true })
		if err == nil || !strings.Contains(err.Error(), "more than 100 times as much") {
			t.Error(err)
		}
	})
}

func TestHardLinksOfAXarAreNamesOfTheOriginal(t *testing.T) {
	link := func(id, name, to, data string) string {
		return fmt.Sprintf(`<file id="%s"><name>%s</name><type link="%s">hardlink</type>%s</file>`, id, name, to, data)
	}
	const data = `<data><offset>0</offset><size>4</size><length>4</length><encoding style="application/octet-stream"/></data>`
	for _, row := range []struct{ name, files, want string }{
		{"as bsdtar writes them", link("1", "a", "original", data) + link("2", "b", "1", ""), "a: text, b: text"},
		{"before the original", link("2", "b", "1", "") + link("1", "a", "original", data), "a: text, b: text"},
		{"to a file that is no original", `<file id="1"><name>a</name><type>file</type>` + data + `</file>` + link("2", "b", "1", ""), "a: text, b: ambiguous"},
		{"before the original, with contents of its own", link("2", "b", "1", data) + link("1", "a", "original", data), "a: text, b: ambiguous"},
		{"to nothing", link("2", "b", "1", "") + `<file id="3"><name>c</name><type>file</type>` + data + `</file>`, "c: text, b: ambiguous"},
		{"with contents of its own", link("1", "a", "original", data) + link("2", "b", "1", data), "a: text, b: ambiguous"},
		{"to one of two", link("1", "a", "original", data) + link("1", "b", "original", data), "a: text, b: ambiguous"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := xar(t, "<xar><toc>"+row.files+"</toc></xar>", "text", zlib.DefaultCompression)
			var got []string
			for e, err := range listXar(bytes.NewReader(b), int64(len(b))) {
				if err != nil {
					t.Fatal(err)
				}
				line := ""
				switch _, ambiguous := errors.AsType[*AmbiguousError](e.Err); {
				case ambiguous:
					line = "ambiguous"
				case e.Err != nil:
					t.Fatal(e.Err)
				default:
					line = string(b[e.Offset : e.Offset+e.Packed])
				}
				got = append(got, e.Name+": "+line)
			}
			if got := strings.Join(got, ", "); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

// What readers of a table of contents take differently: Apple's xar, which reads elements to
// the end, 7-Zip, which takes the first of each and files wherever they are, and bsdtar.
func TestATableOfContentsThatReadersTakeDifferentlyIsTold(t *testing.T) {
	const place = `<offset>0</offset><size>4</size><length>4</length><encoding style="application/octet-stream"/>`
	const file = `<file id="1"><name>a</name><type>file</type><data>` + place + `</data></file>`
	hidden := strings.ReplaceAll(file, ">a<", ">evil<")
	with := func(more string) string { return strings.Replace(file, place, place+more, 1) }
	for _, row := range []struct{ name, toc, want string }{
		{"one file", "<xar><toc>" + file + "</toc></xar>", ""},
		{"a document beside it", "<xar><notes>text</notes><toc>" + file + "</toc></xar>", ""},
		{"elements that are not known", "<xar><toc><a><b/></a>" + strings.Replace(file, "<type>", "<c><d>e</d></c><type>", 1) + "</toc></xar>", ""},
		{"a file behind it", "<xar><toc>" + file + "</toc>" + hidden + "</xar>", "<file> follows the table of contents"},
		{"a second one", "<xar><toc>" + file + "</toc><toc></toc></xar>", "<toc> follows the table of contents"},
		{"a file in an element that is not known", "<xar><toc>" + file + "<b>" + hidden + "</b></toc></xar>", "has <file> where only some readers look for it"},
		{"one in contents", "<xar><toc>" + with("<b>"+hidden+"</b>") + "</toc></xar>", "has <file> where only some"},
		{"one right in them", "<xar><toc>" + with(hidden) + "</toc></xar>", "has <file> where only some"},
		{"one in an encoding", "<xar><toc>" + strings.Replace(file, "stream\"/>", "stream\">"+hidden+"</encoding>", 1) + "</toc></xar>", "has <file> where only some"},
		{"one beside the table", "<xar>" + hidden + "<toc>" + file + "</toc></xar>", "has <file> where only some"},
		{"one in a signature", `<xar><toc><signature style="RSA"><KeyInfo>` + hidden + "</KeyInfo></signature></toc></xar>", "has <file> where only some"},
		{"two offsets", "<xar><toc>" + with("<offset>4</offset>") + "</toc></xar>", "<offset> is there twice"},
		{"two sizes", "<xar><toc>" + with("<size>4</size>") + "</toc></xar>", "<size> is there twice"},
		{"two lengths", "<xar><toc>" + with("<length>4</length>") + "</toc></xar>", "<length> is there twice"},
		{"two encodings", "<xar><toc>" + with(`<encoding style="application/x-gzip"/>`) + "</toc></xar>", "<encoding> is there twice"},
		{"two checksums", "<xar><toc>" + with(`<extracted-checksum style="md5">00</extracted-checksum><unarchived-checksum style="md5">00</unarchived-checksum>`) + "</toc></xar>", "<extracted-checksum> is there twice"},
		{"two places of a signature", `<xar><toc><signature style="RSA"><offset>0</offset><offset>1</offset></signature></toc></xar>`, "<offset> is there twice"},
		{"an octal number", "<xar><toc>" + strings.Replace(file, "<offset>0", "<offset>010", 1) + "</toc></xar>", `the number "010"`},
		{"a hexadecimal one", "<xar><toc>" + strings.Replace(file, "<offset>0", "<offset>0x10", 1) + "</toc></xar>", "invalid syntax"},
		{"a link with contents", "<xar><toc>" + strings.Replace(file, "<type>file", "<type>symlink", 1) + "</toc></xar>", `a: it is of the type "symlink", and has contents`},
		{"a folder with contents", "<xar><toc>" + strings.Replace(file, "<type>file", "<type>directory", 1) + "</toc></xar>", `a: it is of the type "directory", and has contents`},
		{"no table", "<xar></xar>", "no table of contents is there"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := xar(t, row.toc, "text", zlib.DefaultCompression)
			var got []string
			for e, err := range listXar(bytes.NewReader(b), int64(len(b))) {
				if err != nil {
					got = append(got, err.Error())
				} else if e.Err != nil {
					got = append(got, e.Name+": "+e.Err.Error())
				}
			}
			if (row.want == "") != (got == nil) || !strings.Contains(strings.Join(got, "\n"), row.want) {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

func TestTheChecksumOfATableOfContentsHasOneName(t *testing.T) {
	for _, row := range []struct {
		name   string
		number byte
		extra  string // the name of it, behind the header
		style  string
		want   string
	}{
		{"SHA-256 as Apple's xar writes it", 3, "", "sha256", ""},
		{"as others do", 3, "sha256\x00\x00", "sha256", ""},
		{"SHA-512 as Apple's xar writes it", 4, "", "sha512", ""},
		{"as others do, which is SHA-256 for Apple's", 3, "sha512\x00\x00", "sha512", "xar: the checksum of the table of contents is named \"sha512\" in the header, and has the number of sha256"},
		{"one that nobody knows", 5, "", "sha1", "xar: a checksum of the unknown kind 5"},
	} {
		t.Run(row.name, func(t *testing.T) {
			size := map[string]int{"sha1": 20, "sha256": 32, "sha512": 64}[row.style]
			b := xar(t, fmt.Sprintf(`<xar><toc><checksum style="%s"><offset>0</offset><size>%d</size></checksum></toc></xar>`, row.style, size), "", zlib.DefaultCompression)
			h, err := Sum(row.style).hash()
			if err != nil {
				t.Fatal(err)
			}
			h.Write(b[xarHeader:])
			b[5], b[27] = byte(xarHeader+len(row.extra)), row.number
			b = h.Sum([]byte(string(b[:xarHeader]) + row.extra + string(b[xarHeader:])))
			got := ""
			for _, err := range listXar(bytes.NewReader(b), int64(len(b))) {
				got = fmt.Sprint(err)
			}
			if got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

func TestBytesBehindAXarAreTold(t *testing.T) {
	toc := `<xar><toc><checksum style="sha1"><offset>0</offset><size>20</size></checksum></toc></xar>`
	plain := xar(t, toc, "", zlib.DefaultCompression)
	table := plain[xarHeader:]
	plain[27] = 1
	sum, err := Sum("sha1").hash()
	if err != nil {
		t.Fatal(err)
	}
	sum.Write(table)
	plain = sum.Sum(plain)
	for _, row := range []struct {
		name, more string
		want       bool
	}{
		{"none", "", false},
		{"as many of the table as bsdtar copies", string(table[:20]), false},
		{"as many others", strings.Repeat("a", 20), true},
		{"more of the table", string(table[:21]), true},
		{"zeros", strings.Repeat("\x00", 99), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := append(bytes.Clone(plain), row.more...)
			told := false
			for _, err := range listXar(bytes.NewReader(b), int64(len(b))) {
				told = true
				if !row.want {
					t.Error(err)
				}
			}
			if told != row.want {
				t.Error("nothing was told")
			}
		})
	}
}
