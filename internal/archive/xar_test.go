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
		{"before the original", link("2", "b", "1", "") + link("1", "a", "original", data), "b: ambiguous, a: text"},
		{"to a file that is no original", `<file id="1"><name>a</name><type>file</type>` + data + `</file>` + link("2", "b", "1", ""), "a: text, b: ambiguous"},
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
